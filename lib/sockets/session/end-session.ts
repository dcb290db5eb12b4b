import type { Transport } from 'engine.io'

/** Members of Engine.IO's server that its types keep private. */
interface Counted {
  readonly clients: Record<string, unknown>
  clientsCount: number
}

interface Ended {
  readonly id: string
  readonly server: unknown
}

interface Waiting {
  shouldClose?: (() => void) | null
}

interface Upgradable {
  readonly transport: Transport & Waiting
  once (event: 'close', listener: () => void): void
}

/** Listens for the `close` of a session. */
export function onClose (this: Ended): void {
  const engine = this.server as Counted
  delete engine.clients[this.id]
  engine.clientsCount--
}

/**
 * A polling transport waits for one more poll to say goodbye, for 30 s, also when its session is gone and that poll
 * would be answered `Session ID unknown`. Such a timer would keep a closed server's process alive. The sessions that
 * Engine.IO itself makes end theirs here, and that of the transport which an upgrade has replaced.
 */
export function endTransportsWith (session: Upgradable): void {
  const { transport: first } = session
  session.once('close', () => {
    end(first)
    end(session.transport)
  })
}

function end (transport: Waiting): void {
  const { shouldClose } = transport
  if (!shouldClose) return
  transport.shouldClose = null
  shouldClose()
}
