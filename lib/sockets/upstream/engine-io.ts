import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex, Writable } from 'node:stream'
import { Server, type ServerOptions, Socket, Transport, transports } from 'engine.io'
import type { WebSocket } from 'ws'
import type { SocketRequest } from '../../http/request-marks.ts'

/**
 * The members of engine.io and ws that this plugin touches, and that their types keep private or leave out.
 * contract.ts looks for them at registration. Nowhere else may their types be cast away.
 */

/** Engine.IO's codes of refusals, and their texts. They stand on the class: the exports have no names for them. */
export const errors: typeof Server.errors = Server.errors
export const errorMessages: typeof Server.errorMessages = Server.errorMessages

export type Packet = Parameters<Transport['send']>[0][number]

/** What Engine.IO makes of an upgrade request, and what a POST or a poll brings along. */
export type EngineRequest = SocketRequest & { res?: ServerResponse, websocket?: WebSocket }

/** `cleanup` is Engine.IO's: it forgets the request. */
export type PollRequest = IncomingMessage & { cleanup?: () => void }

/** Engine.IO's server. */
interface ServerInternals {
  clientsCount: number
  /** Open sessions by their ID. */
  readonly clients: Record<string, EngineSession>
  onWebSocket (req: IncomingMessage, socket: Duplex, websocket: WebSocket): void
}

export function internalsOf (server: object): ServerInternals {
  return server as ServerInternals
}

/** A session, called `Socket` by Engine.IO. */
export interface EngineSession extends EventEmitter {
  readonly id: string
  readonly server: object
  /** The first request; users may drop it to save memory (Socket.IO's documentation, "Memory usage"). */
  request: SocketRequest | null
  readyState: 'opening' | 'open' | 'closing' | 'closed'
  transport: Transport
  readonly upgrading: boolean
  readonly writeBuffer: readonly Packet[]
  pingTimeoutTimer: ReturnType<typeof setTimeout> | null
  onOpen (): void
  schedulePing (): void
  setTransport (transport: Transport): void
  clearTransport (): void
  onPacket (packet: Packet): void
  onDrain (): void
  onError (error: Error): void
  onClose (reason: string): void
  flush (): void
  close (discard?: boolean): void
}

type SessionClass = new (
  id: string,
  server: object,
  transport: Transport,
  request: SocketRequest,
  protocol: 3 | 4
) => EngineSession

/** Engine.IO's session, to be extended. */
export const EngineSessionBase: SessionClass = Socket as unknown as SessionClass

/** The options of Engine.IO's server that transports look at. */
export type TransportOptions = NonNullable<ConstructorParameters<typeof Transport>[1]>

/** Engine.IO copies them for each client. It types `perMessageDeflate` there without `true`, and hands `true` on. */
export function transportOptions (options: ServerOptions): TransportOptions {
  return options as TransportOptions
}

/** The polling transport: Engine.IO's, or ours. */
interface PollingInternals extends EventEmitter {
  writable: boolean
  readyState: 'open' | 'closing' | 'closed'
  req: PollRequest | null | undefined
  res: ServerResponse | null | undefined
  dataReq: PollRequest | null | undefined
  dataRes: ServerResponse | null | undefined
  readonly parser: { encodePayload (packets: Packet[], encoded: (payload: string) => void): void }
  readonly opts: TransportOptions
  /** While the transport waits for one more poll to say goodbye. */
  shouldClose?: (() => void) | null
  onPollRequest (req: PollRequest, res: ServerResponse): void
  onDataRequest (req: PollRequest, res: ServerResponse): void
  onData (data: string): void
  send (packets: Packet[]): void
  close (): void
  doClose (closed: () => void): void
  onPacket (packet: Packet): void
  onError (message: string, description?: unknown): void
  onClose (): void
  headers (req: PollRequest, headers: Record<string, string>): Record<string, string>
  doWrite (data: string, options: object, written: () => void): void
}

/** What of it any transport may have, when it polls. */
export type MayPoll = Partial<Pick<PollingInternals, 'res' | 'dataReq' | 'dataRes' | 'shouldClose' | 'doClose'>>

type PollingClass = new (request: object, options: TransportOptions) => PollingInternals

/** Engine.IO's polling transport, to be extended. Only its factory is exported: the class is that of what it makes. */
export const EnginePolling: PollingClass = pollingClass()

function pollingClass (): PollingClass {
  try {
    return Object.getPrototypeOf(Reflect.construct(transports.polling, [{ _query: { EIO: '4' } }])).constructor
  } catch {
    // contract.ts says what it lacks
    return Transport as unknown as PollingClass
  }
}

type Sent = (error?: Error | null) => void

/** A WebSocket of `ws`. Without `_sender` frames are sent the slow way, without `_receiver` it is ended twice. */
export type WsSocket = WebSocket & {
  _sender?: { sendFrame?: (frame: Buffer[], sent: Sent) => void }
  _receiver?: Writable
}

/** A broadcast's frame, made once for all receivers by Socket.IO's adapter. */
export function sharedFrame ({ options }: Packet): Buffer[] | undefined {
  return (options as { wsPreEncodedFrame?: Buffer[] } | undefined)?.wsPreEncodedFrame
}
