import type { Transport } from 'engine.io'

/** Members of Engine.IO's server that its types keep private. */
interface Counted {
  readonly clients: Record<string, unknown>
  clientsCount: number
}

interface Ended {
  readonly id: string
  readonly server: unknown
  readonly transport: Transport & { shouldClose?: (() => void) | null }
}

/** Listens for the `close` of a session. */
export function onClose (this: Ended): void {
  const engine = this.server as Counted
  delete engine.clients[this.id]
  engine.clientsCount--
  endTransport.call(this)
}

/**
 * A polling transport waits for one more poll to say goodbye, for 30 s, also when its session is gone and that poll
 * would be answered `Session ID unknown`. Such a timer would keep a closed server's process alive.
 */
export function endTransport (this: Pick<Ended, 'transport'>): void {
  const { transport } = this
  const end = transport.shouldClose
  if (!end) return
  transport.shouldClose = null
  end()
}
