import type { EventEmitter } from 'node:events'
import { Socket, type Transport } from 'engine.io'
import type { SocketRequest } from './session.ts'
import { type TransportUser, WebSocketTransport } from './websocket-transport.ts'

/** Members of Engine.IO's socket that its types keep private and that a subclass must reach. */
interface Internals extends EventEmitter, TransportUser {
  readonly id: string
  readonly server: unknown
  readonly request: SocketRequest
  readyState: 'opening' | 'open' | 'closing' | 'closed'
  transport: Transport
  writeBuffer: unknown[]
  pingTimeoutTimer: ReturnType<typeof setTimeout> | null
  onOpen (): void
  schedulePing (): void
  setTransport (transport: Transport): void
  clearTransport (): void
}

const Base = Socket as unknown as new (id: string, server: unknown, transport: Transport, request: SocketRequest, protocol: 3 | 4) => Internals

const kUser = Symbol('fastify-io.user')
type OwnedTransport = Transport & { [kUser]?: TransportUser | undefined }

/** Engine.IO's session, with listeners that all sessions share. */
export class EngineSocket extends Base {
  /** Without an open packet when the transport has its `sid` already: a stateless handshake has sent it. */
  override onOpen (): void {
    if (this.transport.sid !== this.id) return super.onOpen()
    this.readyState = 'open'
    this.emit('open')
    this.schedulePing()
  }

  override setTransport (transport: OwnedTransport): void {
    this.transport = transport
    if (transport instanceof WebSocketTransport) {
      transport.user = this
      return
    }
    transport[kUser] = this
    for (const event in listeners) transport.on(event, listeners[event]!)
  }

  override clearTransport (): void {
    const transport = this.transport as OwnedTransport
    if (transport instanceof WebSocketTransport) transport.user = undefined
    else for (const event in listeners) transport.off(event, listeners[event]!)
    // nobody is left to be told
    transport.on('error', ignore)
    transport.close()
    clearTimeout(this.pingTimeoutTimer ?? undefined)
    this.pingTimeoutTimer = null
  }
}

const listeners: Readonly<Record<string, (this: OwnedTransport, ...what: any[]) => void>> = {
  error (error: Error) { this[kUser]!.onError(error) },
  ready () { this[kUser]!.flush() },
  packet (packet: Parameters<TransportUser['onPacket']>[0]) { this[kUser]!.onPacket(packet) },
  drain () { this[kUser]!.onDrain() },
  close () { this[kUser]!.onClose('transport close') }
}

function ignore (): void {}
