import type { Transport } from 'engine.io'
import { PollingTransport } from './polling-transport.ts'
import { kNative, kOrigin, type OwnedSession } from './owner.ts'
import { kOwner } from '../../http/request-marks.ts'
import { EngineSessionBase, type EngineSession } from '../upstream/engine-io.ts'
import { WebSocketTransport } from './websocket-transport.ts'

type Arguments = ConstructorParameters<typeof EngineSessionBase>

const Owned: new (...session: Arguments) => EngineSession & OwnedSession = EngineSessionBase

/** Engine.IO's session, called by our own transports and told by the events of any other. */
export class EngineSocket extends Owned {
  constructor (...session: Arguments) {
    super(...session)
    // set here, so that all sessions share one hidden class
    this[kOwner] = ''
    this[kOrigin] = undefined
    this[kNative] = false
  }

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

/** A transport that calls its session. */
export type OwnTransport = WebSocketTransport | PollingTransport

export function isOwn (transport: object): transport is OwnTransport {
  return transport instanceof WebSocketTransport || transport instanceof PollingTransport
}
