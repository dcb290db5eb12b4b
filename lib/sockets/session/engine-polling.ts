import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { transports } from 'engine.io'
import type { Packet } from './packet-sink.ts'

/** `cleanup` is Engine.IO's: it forgets the request. */
export type EnginePollingRequest = IncomingMessage & { cleanup?: () => void }

/** Members of Engine.IO's polling transport that its types leave out and that a subclass must reach. */
interface Internals extends EventEmitter {
  writable: boolean
  readyState: 'open' | 'closing' | 'closed'
  req: EnginePollingRequest | null | undefined
  res: ServerResponse | null | undefined
  dataReq: EnginePollingRequest | null | undefined
  dataRes: ServerResponse | null | undefined
  readonly parser: { encodePayload (packets: Packet[], encoded: (payload: string) => void): void }
  maxHttpBufferSize: number
  shouldClose?: (() => void) | null
  onPollRequest (req: EnginePollingRequest, res: ServerResponse): void
  onDataRequest (req: EnginePollingRequest, res: ServerResponse): void
  onData (data: string): void
  send (packets: Packet[]): void
  close (): void
  doClose (closed: () => void): void
  onPacket (packet: Packet): void
  onError (message: string, description?: unknown): void
  onClose (): void
  headers (req: EnginePollingRequest, headers: Record<string, string>): Record<string, string>
  doWrite (data: string, options: object, written: () => void): void
}

type Polling = new (request: object) => Internals

/**
 * Engine.IO's polling transport, to be extended. Engine.IO exports a function that makes them; the class is what the
 * made ones have.
 */
export const EnginePolling: Polling = Object.getPrototypeOf(
  Reflect.construct(transports.polling, [{ _query: { EIO: '4' } }])
).constructor
