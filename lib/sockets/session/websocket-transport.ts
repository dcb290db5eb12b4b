import type { Socket as NetSocket } from 'node:net'
import { Transport } from 'engine.io'
import type { RawData, WebSocket } from 'ws'
import { endOnce } from './end-once.ts'
import { frameOf, join } from './frame.ts'
import { type PacketSink, transportError } from './packet-sink.ts'
import { debugWebSocket } from '../upstream/debug.ts'
import { type Packet, sharedFrame, type TransportOptions, type WsSocket } from '../upstream/engine-io.ts'

/** `WebSocket.OPEN` */
const OPEN = 1

type Sent = (error?: Error | null) => void

const kTransport: unique symbol = Symbol('fastify-io.transport')
type OwnedSocket = WsSocket & { [kTransport]?: WebSocketTransport }

/**
 * Engine.IO's WebSocket transport (protocol 4, "WebSocket"), with listeners that all connections share, and with one
 * write for the packets of one flush.
 *
 * Emits the same events as Engine.IO's own, which holds 1.4 kB more for each client, and costs an echo 7 % more.
 */
export class WebSocketTransport extends Transport {
  readonly socket: OwnedSocket
  sink: PacketSink | undefined = undefined
  /** Bun takes it away from the request. */
  readonly #net: NetSocket | null

  /** @param request the upgrade request; `websocket` is what `ws` made of it */
  constructor (
    request: { _query: Record<string, string>, socket: NetSocket | null, websocket?: WebSocket },
    options: TransportOptions
  ) {
    super(request, options)
    const socket = request.websocket as OwnedSocket
    this.socket = socket
    this.#net = request.socket
    socket[kTransport] = this
    if (socket._receiver) endOnce(socket._receiver)
    if (this.#net) endOnce(this.#net)
    socket.on('message', onMessage)
    socket.on('close', onClose)
    socket.on('error', onError)
    this.writable = true
  }

  override get name (): 'websocket' {
    return 'websocket'
  }

  /** Asked by Engine.IO of the transport's prototype. */
  get handlesUpgrades (): true {
    return true
  }

  override send (packets: Packet[]): void {
    this.writable = false
    const last = packets.length - 1
    if (last > 0) this.#net?.cork()
    if (announcesBinary(packets[last]!)) this.#awaitBinary()
    for (let at = 0; at < last; at++) this.#write(packets[at]!, ignore)
    // made for each flush: one that an idle client holds is 96 bytes
    this.#write(packets[last]!, (error) => this.#onSent(error))
    if (last > 0) this.#net?.uncork()
  }

  /** Socket.IO writes an event and its attachments one by one, in the same tick. One write for all costs 20 % less. */
  #awaitBinary (): void {
    this.#net?.cork()
    process.nextTick(() => {
      this.writable = true
      this.sink?.flush()
      // until what was written has left
      this.writable = false
      this.#net?.uncork()
    })
  }

  #write (packet: Packet, sent: Sent): void {
    const { socket } = this
    const sender = socket._sender
    // `ws` says what is wrong about a closed socket, and compresses
    if (this.opts.perMessageDeflate || socket.readyState !== OPEN || sender?.sendFrame === undefined) {
      socket.send(this.#encode(packet), sent)
      return
    }
    const shared = sharedFrame(packet)
    sender.sendFrame(shared === undefined ? frameOf(this.#encode(packet)) : join(shared), sent)
  }

  #encode (packet: Packet): string | Buffer {
    this.parser.encodePacket(packet as never, this.supportsBinary, keep)
    return encoded
  }

  #onSent (error?: Error | null): void {
    if (error) {
      this.onError('write error', error.stack)
      return
    }
    this.sink?.onDrain()
    this.emit('drain')
    this.writable = true
    this.sink?.flush()
    this.emit('ready')
  }

  receive (message: string | Buffer): void {
    debugWebSocket('received "%s"', message)
    this.onData(message as never)
  }

  /** @param message what happened; `ws` gives an Error */
  fail (message: unknown): void {
    this.onError(String(message))
  }

  closed (): void {
    this.onClose()
  }

  protected override onPacket (packet: Packet): void {
    this.sink?.onPacket(packet)
    this.emit('packet', packet)
  }

  protected override onError (message: string, description?: unknown): void {
    // Engine.IO's prints that the error is ignored when nobody listens
    if (this.sink === undefined || this.listenerCount('error') > 0) super.onError(message, description)
    this.sink?.onError(transportError(message, description))
  }

  protected override onClose (): void {
    this.readyState = 'closed'
    this.sink?.onClose('transport close')
    this.emit('close')
  }

  override doClose (done?: () => void): void {
    debugWebSocket('closing')
    this.socket.close()
    done?.()
  }
}

/** encodePacket() calls back synchronously, so one shared callback is enough. */
let encoded: string | Buffer
const keep = (data: string | Buffer): void => { encoded = data }

const ignore = (): void => {}

/** Socket.IO protocol 5: BINARY_EVENT is 5, BINARY_ACK is 6, and each attachment is a packet behind it. */
function announcesBinary ({ data }: Packet): boolean {
  if (typeof data !== 'string') return false
  const type = data.charCodeAt(0)
  return type === 53 || type === 54
}

function onMessage (this: OwnedSocket, data: RawData, isBinary: boolean): void {
  this[kTransport]!.receive(isBinary ? data as Buffer : data.toString())
}

function onClose (this: OwnedSocket): void {
  this[kTransport]!.closed()
}

function onError (this: OwnedSocket, error: Error): void {
  this[kTransport]!.fail(error)
}
