import type { ServerOptions } from 'engine.io'
import { isConnect, type Parser } from './connect-packet.ts'
import { type EngineSocket, isOwn } from '../session/engine-socket.ts'
import { nudgeLater } from './nudge.ts'
import { PollingTransport } from '../session/polling-transport.ts'
import { refuseWaiting } from '../session/refuse.ts'
import type { PacketSink } from '../session/packet-sink.ts'
import { errors, type Packet } from '../upstream/engine-io.ts'
import { WebSocketTransport } from '../session/websocket-transport.ts'
import type { SocketRequest } from '../../http/request-marks.ts'

/** Bytes that a packet which waits takes in memory, beside its data. */
const PACKET = 64

/** ms within which CONNECT and a poll must have come. */
const LIMIT = 2000

/** What the sessions of one process have in common. */
export interface Fleet {
  /** Socket.IO's, all of which reach the engine. */
  readonly options: ServerOptions & { readonly parser?: Parser | undefined }
  /** Whether handshakes of other processes have come here lately. */
  readonly mixed: boolean
  /** Tells that requests of a session reach several processes. */
  report (req: SocketRequest, sid: string): void
}

/**
 * Stands between a session and its transport until the first packet, a CONNECT (Socket.IO protocol 5), and a poll or a
 * finished upgrade have come. A session of the own process waits longer where nothing says that requests are spread:
 * its client may be slow to make its `auth`.
 */
export class Beginning implements PacketSink {
  readonly #shared: Fleet
  readonly #session: EngineSocket
  readonly #foreign: boolean
  readonly #first: SocketRequest
  readonly #held: Packet[] = []
  #bytes = 0
  /** Whether its first packet has come. */
  #heard = false
  /** Whether a poll has come. */
  #polled = false
  /** Whether a WebSocket has taken over: both directions are one connection. */
  #upgraded = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor (shared: Fleet, session: EngineSocket, foreign: boolean, first: SocketRequest) {
    this.#shared = shared
    this.#session = session
    this.#foreign = foreign
    this.#first = first
  }

  attach (): void {
    const session = this.#session
    const { transport } = session
    // a `connection` listener has closed it
    if (session.readyState !== 'open' || !(transport instanceof PollingTransport)) return
    transport.sink = this
    session.on('upgrade', this.#onUpgrade)
    session.on('close', this.#detach)
    this.#timer = setTimeout(this.#late, LIMIT)
  }

  onPacket (packet: Packet): void {
    const session = this.#session
    // to a ping of this process, from a client that is slow to make its `auth`
    if (packet.type === 'pong' && session.pingTimeoutTimer !== null) return session.onPacket(packet)
    const { parser, maxHttpBufferSize } = this.#shared.options
    if (!this.#heard && !isConnect(packet, parser)) return this.#fail()
    this.#heard = true
    const both = this.#polled || this.#upgraded
    if (both) this.#release()
    if (both || !this.#strict) return session.onPacket(packet)
    this.#bytes += PACKET + ((packet.data as string | Buffer | undefined)?.length ?? 0)
    if (this.#bytes > maxHttpBufferSize!) this.#fail()
    else this.#held.push(packet)
  }

  get #strict (): boolean {
    return this.#foreign || this.#shared.mixed
  }

  /** A poll has come; or a WebSocket has written its frame, which tells nothing. */
  flush (): void {
    if (!this.#upgraded) this.#polled = true
    if (this.#heard) this.#release()
    this.#session.flush()
  }

  onDrain (): void { this.#session.onDrain() }

  onError (error: Error): void { this.#session.onError(error) }

  onClose (reason: string): void {
    const { transport } = this.#session
    // A close packet is no CONNECT. Who leaves before CONNECT leaves the process of its handshake.
    if (this.#foreign && !this.#heard && transport instanceof PollingTransport && transport.dataRes) this.#fail()
    else this.#session.onClose(reason)
  }

  readonly #onUpgrade = (transport: object): void => {
    this.#upgraded = true
    if (this.#heard) return this.#release()
    // Transports of others tell of packets by events. Socket.IO closes a session that does not begin with CONNECT.
    if (transport instanceof WebSocketTransport) transport.sink = this
    else this.#session.once('data', this.#release)
    // python-engineio does not poll before it upgrades: its CONNECT comes now
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#late, LIMIT)
  }

  readonly #late = (): void => {
    const session = this.#session
    const { transport } = session
    const polling = transport instanceof PollingTransport ? transport : undefined
    // The POST has come, and its body is on its way.
    if (this.#polled && polling?.dataReq) return
    // A client that has the answer to its probe hangs if the WebSocket ends before it has changed over.
    const probing = session.upgrading && !this.#polled && !this.#heard
    if (!probing) {
      // Engine.IO's client polls until it upgrades. If it has not done so here, it has elsewhere, and CONNECT is there
      // too: it takes itself for connected, and need not say another word.
      if (this.#strict || !(this.#polled || this.#heard)) return this.#fail()
      if (this.#heard) return this.#release()
      // Should the client's POST have gone elsewhere, its next poll goes there too, or meets its end.
      if (polling?.writable) polling.send([{ type: 'noop' }])
    }
    this.#timer = setTimeout(this.#late, LIMIT)
  }

  readonly #detach = (): void => {
    const session = this.#session
    clearTimeout(this.#timer)
    session.off('upgrade', this.#onUpgrade)
    session.off('data', this.#release)
    session.off('close', this.#detach)
    const { transport } = session
    if (isOwn(transport) && transport.sink === this) transport.sink = session
  }

  readonly #release = (): void => {
    const session = this.#session
    this.#detach()
    for (const packet of this.#held) session.onPacket(packet)
    const { allowUpgrades, transports } = this.#shared.options
    if (!this.#strict || !allowUpgrades || !transports!.includes('websocket')) return
    if (session.transport instanceof PollingTransport) nudgeLater(session)
  }

  #fail (): void {
    const session = this.#session
    const { transport } = session
    // a WebSocket that has only probed may be of a client that has gone
    let refused = this.#heard || !(transport instanceof PollingTransport) ? this.#first : undefined
    this.#detach()
    if (transport instanceof PollingTransport) {
      refused = (transport.dataReq ?? transport.req ?? refused) as SocketRequest | undefined
      refuseWaiting(transport, errors.UNKNOWN_SID)
    }
    session.close(true)
    // a transport that was closed already tells nobody
    session.onClose('forced close')
    // last: listeners are the user's, and may throw
    if (refused !== undefined) this.#shared.report(refused, session.id)
  }
}
