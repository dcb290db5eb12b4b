import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ErrorCallback, Server as EngineServer, type ServerOptions, type Socket, type Transport } from 'engine.io'
import type { WebSocket } from 'ws'
import { GivenUp } from '../../log/engine-refusals.ts'
import type { OriginPolicy } from '../../policy/policy.ts'
import { isStale } from '../../http/decide-again.ts'
import { endTransportsWith, onClose } from '../session/end-session.ts'
import { EngineSocket } from '../session/engine-socket.ts'
import { SharedSessions } from '../beginning/shared-sessions.ts'
import { type Issuer, type Stateless, StatelessHandshake } from '../handshake/handshake.ts'
import { PollingTransport } from '../session/polling-transport.ts'
import { recordOwner, otherTokenOwner, type OwnedSession, tokenOwner } from '../session/owner.ts'
import { answerUnreadOnClose } from '../session/unread-post.ts'
import { WebSocketTransport } from '../session/websocket-transport.ts'
import { type SocketRequest, kOwner } from '../../http/request-marks.ts'
import { exposeDecorators } from '../session/request-decorators.ts'

export type Session = Socket & OwnedSession & EventEmitter
export type EngineRequest = SocketRequest & { res?: ServerResponse, websocket?: WebSocket }
type OpenTransport = Transport & { perMessageDeflate?: unknown, maxHttpBufferSize?: unknown, httpCompression?: unknown }
type TransportName = 'polling' | 'websocket' | 'webtransport'

const DONE = Promise.resolve()

/** Engine.IO's server, as far as it opens sessions: with its own handshake, or with one that holds no memory. */
export abstract class HandshakeEngine extends EngineServer {
  declare protected clients: Record<string, Session>
  /** Set when the server closes: a request whose hooks end later opens nothing. */
  closing = false
  readonly policy: OriginPolicy
  readonly #stateless: StatelessHandshake | undefined
  /** Where several processes have the secret. */
  readonly #shared: SharedSessions | undefined
  readonly #onHeaders: (headers: object, req: EngineRequest) => void
  /** False when the user has passed `wsEngine`. */
  readonly #plainWebSockets: boolean

  /**
   * @param options Engine.IO's
   * @param stateless `false` for Engine.IO's own handshakes
   */
  constructor (options: ServerOptions, stateless: Stateless | false, policy: OriginPolicy) {
    super(options)
    this.policy = policy
    this.#onHeaders = (headers, req) => {
      if (!req._query.sid) this.emit('initial_headers', headers, req)
      this.emit('headers', headers, req)
    }
    this.#plainWebSockets = options.wsEngine === undefined
    if (stateless !== false && StatelessHandshake.fits(this.opts)) {
      this.#stateless = new StatelessHandshake(this.opts, stateless.audience, stateless.secrets)
      if (stateless.secrets !== undefined) this.#shared = new SharedSessions(this)
    }
    this.on('connection', (session: Session) => {
      recordOwner(session, session.request!)
      exposeDecorators(session.request!)
      if (!(session instanceof EngineSocket)) endTransportsWith(session)
    })
  }

  /** All sessions that are open. */
  get sessions (): Session[] {
    return Object.values(this.clients)
  }

  /**
   * The open packet, when nothing of the user's has a say in the handshake: the answer then needs no session, no
   * middleware chain and no raw response, and costs 10 % less.
   *
   * @returns `undefined` when the request is to take the whole way
   */
  openPacket (req: IncomingMessage, query: Record<string, unknown>, binding: string): string | undefined {
    const { method, headers } = req
    const plain = this.#stateless !== undefined && method === 'GET' && query.sid === undefined &&
      query.j === undefined && query.transport === 'polling' && query.EIO === '4' &&
      this.opts.transports!.includes('polling') &&
      this.middlewares.length === 0 && this.opts.allowRequest === undefined && !this.#hasOwnIds &&
      this.listenerCount('headers') === 0 && this.listenerCount('initial_headers') === 0
    return plain ? this.#stateless!.open(tokenOwner(headers, binding)) : undefined
  }

  /** Makes the session that a stateless handshake promised, if this is the first request to claim it. */
  protected resume (req: SocketRequest, sid: string, upgrade: boolean): void {
    const { transport: name, EIO, j } = req._query
    if (EIO !== '4' || j !== undefined || name !== (upgrade ? 'websocket' : 'polling')) return
    // Those that run "only for the handshake" have not seen this client: its handshake was before them, or elsewhere.
    if (this.middlewares.length > 0) return
    const issuer = this.#redeem(req, sid)
    if (issuer === undefined) return
    const transport = this.createTransport('polling', req)
    transport.sid = sid
    const session = this.#open(sid, transport, req)
    this.#admit(session)
    this.#shared?.begin(session, issuer, req)
  }

  #redeem (req: SocketRequest, sid: string): Issuer | undefined {
    const { headers, [kOwner]: binding } = req
    const issuer = this.#stateless?.redeem(sid, tokenOwner(headers, binding!))
    const other = issuer === undefined ? otherTokenOwner(headers, binding!) : undefined
    return other === undefined ? issuer : this.#stateless?.redeem(sid, other)
  }

  #open (sid: string, transport: OpenTransport, req: SocketRequest): EngineSocket {
    const { opts } = this
    if (transport.name === 'websocket') {
      transport.perMessageDeflate = opts.perMessageDeflate
    } else {
      transport.maxHttpBufferSize = opts.maxHttpBufferSize
      transport.httpCompression = opts.httpCompression
      transport.on('headers', this.#onHeaders)
    }
    return new EngineSocket(sid, this, transport, req, 4)
  }

  #admit (session: EngineSocket): void {
    this.clients[session.id] = session as unknown as Session
    this.clientsCount++
    session.on('close', onClose)
    try {
      this.emit('connection', session)
    } catch (error) {
      // a listener of the user's; who asked is answered 500, and has no session
      session.close(true)
      throw error
    }
  }

  protected override createTransport (name: TransportName, req: EngineRequest): OpenTransport {
    const { EIO, j, sid } = req._query
    // A generateId() of the user's may take its time, and what follows cannot: who is not let in at once stays out.
    if (isStale(req.fastifyRequest, this.policy)) this.#decideAtOnce(req)
    if (sid === undefined && (this.closing || req.socket.destroyed)) throw new GivenUp()
    const ours = name === 'polling' && EIO === '4' && j === undefined
    if (ours) return new PollingTransport(req) as unknown as OpenTransport
    if (name === 'websocket' && this.#plainWebSockets) return new WebSocketTransport(req)
    const transport = super.createTransport(name, req)
    if (name === 'polling') answerUnreadOnClose(transport)
    return transport
  }

  /** @throws GivenUp, which Engine.IO takes for a transport that failed */
  #decideAtOnce ({ headers, fastifyRequest }: SocketRequest): void {
    const decision = this.policy.decide(headers.origin, fastifyRequest)
    if (!(decision instanceof Promise)) {
      if (decision.allowed) return
      fastifyRequest.originDecision = decision
    }
    throw new GivenUp()
  }

  /** The last step of a handshake, after middlewares and `allowRequest`. */
  protected override handshake (name: TransportName, req: EngineRequest, close: ErrorCallback): Promise<unknown> {
    if (!this.ordinary(req)) return super.handshake(name, req, close)
    // What a middleware puts on the request of a handshake is looked for on `socket.request`.
    const stateless = name === 'polling' && this.middlewares.length === 0 ? this.#stateless : undefined
    if (stateless !== undefined && req.res) {
      this.#answer(req, req.res, stateless.open(tokenOwner(req.headers, req[kOwner]!)))
    } else this.connect(name, req)
    return DONE
  }

  /** Whether nothing of a handshake is the user's, and nothing in it is asynchronous. */
  protected ordinary ({ _query: { EIO, j } }: SocketRequest): boolean {
    return EIO === '4' && j === undefined && !this.opts.cookie && !this.#hasOwnIds
  }

  /** Whether the user makes the session IDs, perhaps slowly. */
  get #hasOwnIds (): boolean {
    return this.generateId !== EngineServer.prototype.generateId
  }

  protected connect (name: TransportName, req: SocketRequest): void {
    const transport = this.createTransport(name, req)
    const session = this.#open(this.generateId(req) as string, transport, req)
    transport.onRequest(req)
    this.#admit(session)
  }

  #answer (req: EngineRequest, res: ServerResponse, open: string): void {
    delete req.res
    const headers = { 'Content-Type': 'text/plain; charset=UTF-8', 'cache-control': 'no-store' }
    this.emit('initial_headers', headers, req)
    this.emit('headers', headers, req)
    res.writeHead(200, { 'Content-Length': open.length, ...headers })
    res.end(open)
  }
}
