import type { DefaultEventsMap, Server, Socket } from 'socket.io'
import type { Stats } from './log/counters.ts'

/**
 * The event types of every `app.io` and every `socket`, declared once by module augmentation:
 *
 * ```ts
 * declare module 'fastify-io' {
 *   interface SocketTypes {
 *     ClientToServerEvents: { ping: (at: number, reply: (at: number) => void) => void }
 *     ServerToClientEvents: { hello: (name: string) => void }
 *     InterServerEvents: { reload: () => void }
 *     SocketData: { user: string }
 *   }
 * }
 * ```
 *
 * Each member is optional; what is left out falls back to Socket.IO's own default.
 */
export interface SocketTypes {}

// Socket.IO's own bound of event maps; an interface with no index signature meets it only because the value is `any`.
interface EventsMap { [event: string]: any }

// A conditional type per member, and not an index access: `SocketTypes` is empty until a user fills it.
type ClientToServer = SocketTypes extends { ClientToServerEvents: infer Events extends EventsMap } ? Events :
  DefaultEventsMap
// Socket.IO lets the emitted events default to the received ones.
type ServerToClient = SocketTypes extends { ServerToClientEvents: infer Events extends EventsMap } ? Events :
  ClientToServer
type InterServer = SocketTypes extends { InterServerEvents: infer Events extends EventsMap } ? Events : DefaultEventsMap
type Data = SocketTypes extends { SocketData: infer Value } ? Value : any

/** Socket.IO's `Server` with the event types of {@link SocketTypes}: what `app.io` is. */
export interface FastifyIOServer extends Server<ClientToServer, ServerToClient, InterServer, Data> {
  /** @returns what this server has counted since it was made, and how many sessions it has now; a copy */
  stats (): Stats
}

/** Socket.IO's `Socket` with the event types of {@link SocketTypes}: what `connection` listeners get. */
export type FastifyIOSocket = Socket<ClientToServer, ServerToClient, InterServer, Data>
