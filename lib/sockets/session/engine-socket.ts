import type { EventEmitter } from 'node:events'
import { Socket, type Transport } from 'engine.io'
import { PollingTransport } from './polling-transport.ts'
import { kNative, kOrigin, type OwnedSession } from './owner.ts'
import type { PacketSink } from './packet-sink.ts'
import { WebSocketTransport } from './websocket-transport.ts'
import { type SocketRequest, kOwner } from '../../http/request-marks.ts'

/** Members of Engine.IO's socket that its types keep private and that a subclass must reach. */
interface Internals extends EventEmitter, PacketSink {
  readonly id: string
  readonly server: unknown
  request: SocketRequest | null
  close (discard: boolean): void
  readyState: 'opening' | 'open' | 'closing' | 'closed'
  transport: Transport
  readonly upgrading: boolean
  pingTimeoutTimer: ReturnType<typeof setTimeout> | null
  onOpen (): void
  schedulePing (): void
  setTransport (transport: Transport): void
  clearTransport (): void
}

const Base = Socket as unknown as new (
  id: string,
  server: unknown,
  transport: Transport,
  request: SocketRequest,
  protocol: 3 | 4
) => Internals

/** Engine.IO's session, called by our own transports and told by the events of any other. */
export class EngineSocket extends Base implements OwnedSession {
  // declared here, so that all sessions share one hidden class
  [kOwner]: string = '';
  [kOrigin]: string | undefined = undefined;
  [kNative]: boolean = false

  /** Sends no open packet when a stateless handshake has sent it: the transport then has the `sid`. */
  override onOpen (): void {
    if (this.transport.sid !== this.id) return super.onOpen()
    this.readyState = 'open'
    this.emit('open')
    this.schedulePing()
  }

  override setTransport (transport: Transport): void {
    if (!isOwn(transport)) return super.setTransport(transport)
    this.transport = transport
    transport.sink = this
  }

  override clearTransport (): void {
    const { transport } = this
    if (!isOwn(transport)) return super.clearTransport()
    transport.sink = undefined
    transport.close()
    if (transport instanceof PollingTransport) transport.abandon()
    clearTimeout(this.pingTimeoutTimer ?? undefined)
    this.pingTimeoutTimer = null
  }
}

function isOwn (transport: object): transport is WebSocketTransport | PollingTransport {
  return transport instanceof WebSocketTransport || transport instanceof PollingTransport
}
