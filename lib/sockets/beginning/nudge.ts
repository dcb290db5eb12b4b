import type { EngineSocket } from '../session/engine-socket.ts'
import { PollingTransport } from '../session/polling-transport.ts'

/** ms after which a held poll is answered: the second time is for slow networks. */
const TIMES = [1000, 5000]

/**
 * Answers the polls that a new session holds, should the client's WebSocket have gone to another process. A client that
 * waits to change over sends nothing until its poll is answered: it would learn after a heartbeat only that the other
 * process knows no CONNECT.
 */
export function nudgeLater (session: EngineSocket): void {
  for (const ms of TIMES) setTimeout(nudge, ms, session).unref()
}

function nudge (session: EngineSocket): void {
  const { transport } = session
  if (!(transport instanceof PollingTransport) || !transport.writable || session.upgrading) return
  transport.send([{ type: 'noop' }])
}
