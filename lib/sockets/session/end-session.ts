import type { Transport } from 'engine.io'
import { type EngineSession, internalsOf, type MayPoll } from '../upstream/engine-io.ts'

/** Listens for the `close` of a session. */
export function onClose (this: Pick<EngineSession, 'id' | 'server'>): void {
  const engine = internalsOf(this.server)
  delete engine.clients[this.id]
  engine.clientsCount--
}

interface Upgradable {
  readonly transport: Transport
  once (event: 'close', listener: () => void): void
}

/**
 * Ends the transports of a session that Engine.IO itself has made with that session; an upgrade leaves it two.
 *
 * A polling transport waits 30 s for one more poll to say goodbye, also when its session is gone and that poll would be
 * answered `Session ID unknown`. Its timer would keep the process of a closed server alive.
 */
export function endTransportsWith (session: Upgradable): void {
  const { transport: first } = session
  session.once('close', () => {
    end(first)
    end(session.transport)
  })
}

function end (transport: Transport): void {
  const polling: MayPoll = transport as object
  const { shouldClose } = polling
  if (!shouldClose) return
  polling.shouldClose = null
  shouldClose()
}
