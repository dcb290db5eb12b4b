import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Server as EngineServer } from 'engine.io'
import type { ErrorCallback, ServerOptions, Transport } from 'engine.io'
import type { WebSocketServer, WebSocket } from 'ws'
import { EngineSocket } from './engine-socket.ts'
import { StatelessHandshake } from './handshake.ts'
import { PollingTransport } from './polling-transport.ts'
import { setHeaders, takeHeaders } from './release.ts'
import { claim, kBinding, linkRequest, type OwnedSession, type SocketRequest } from './session.ts'
import type { Secret } from './token.ts'
import { WebSocketTransport } from './websocket-transport.ts'

const { errors, errorMessages } = EngineServer

type Session = OwnedSession & EventEmitter & { readonly id: string, readonly server: unknown, close (discard: boolean): void, transport: Transport & { shouldClose?: (() => void) | null } }
type EngineRequest = IncomingMessage & { _query: Record<string, string>, res?: ServerResponse, websocket?: WebSocket }
type OpenTransport = Transport & { perMessageDeflate?: unknown, maxHttpBufferSize?: unknown, httpCompression?: unknown }

/** The response whose headers go onto the 101 of an upgrade. */
const kResponse = Symbol('fastify-io.response')
type UpgradeRequest = SocketRequest & { [kResponse]?: ServerResponse | undefined }

/** Members of Engine.IO's server that its types keep private and that a subclass must reach. */
interface EngineInternals {
  clients: Record<string, Session>
  clientsCount: number
  onWebSocket (req: IncomingMessage, socket: Duplex, websocket: WebSocket): void
}

/** What handshakes that hold no memory are signed with, and for which server. */
export interface Stateless {
  readonly audience: string
  readonly secrets: readonly Secret[] | undefined
}

/** `context.name` of the `connection_error` for a session that belongs to another origin. */
export const ORIGIN_MISMATCH = 'ORIGIN_MISMATCH'

/** Headers of a response that is no 101, or that `ws` writes itself. */
const NOT_ON_101 = new Set(['connection', 'upgrade', 'content-length', 'content-type', 'transfer-encoding', 'sec-websocket-accept', 'sec-websocket-protocol', 'sec-websocket-extensions'])

/**
 * Engine.IO's server, fed by Fastify's router instead of `attach()`.
 *
 * Differs in three things: a session answers only to the origin that opened it, an upgrade is refused with the real
 * status over the same response object that the hooks used, and the headers of that response go onto the 101.
 */
export class Engine extends EngineServer {
  /** Set when the server closes: a request whose hooks end later opens nothing. */
  closing = false
  /** Sockets that became WebSockets; `close()` ends those whose peer does not. */
  readonly upgraded: Set<Duplex> = new Set()
  readonly #stateless: StatelessHandshake | undefined
  /** One listener for all sockets, made here: a closure made in `upgrade()` would keep its response for as long as the socket. */
  readonly #forget: (this: Duplex) => void
  readonly #onHeaders: (headers: object, req: EngineRequest) => void
  /** Whether WebSockets are `ws`'s own, not those of an engine of the user's. */
  readonly #plainWebSockets: boolean

  /**
   * @param options Engine.IO's
   * @param stateless `false` for Engine.IO's own handshakes
   */
  constructor (options: ServerOptions, stateless: Stateless | false) {
    super({ ...options, ...(options.allowRequest !== undefined && { allowRequest: failClosed(options.allowRequest) }) })
    const { upgraded } = this
    this.#forget = function () { upgraded.delete(this) }
    this.#onHeaders = (headers, req) => {
      if (!req._query.sid) this.emit('initial_headers', headers, req)
      this.emit('headers', headers, req)
    }
    this.#plainWebSockets = options.wsEngine === undefined
    if (stateless !== false && StatelessHandshake.fits(this.opts)) {
      this.#stateless = new StatelessHandshake(this.opts, stateless.audience, stateless.secrets)
    }
    this.on('connection', (session: Session) => {
      claim(session, session.request!)
      linkRequest(session.request!)
      if (!(session instanceof EngineSocket)) session.once('close', endTransport)
    })
  }

  get #internals (): EngineInternals {
    return this as unknown as EngineInternals
  }

  /** Opens the `ws` server. Called by Engine.IO's constructor, before this class's own fields exist. */
  protected override init (): void {
    const options = this.opts
    if (!options.transports!.includes('websocket')) return
    const WsEngine: typeof WebSocketServer = options.wsEngine
    const ws = new WsEngine({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: options.perMessageDeflate ?? false,
      maxPayload: options.maxHttpBufferSize!
    })
    ;(this as unknown as { ws: WebSocketServer }).ws = ws
    // other engines (eiows) emit no events
    if (typeof ws.on === 'function') ws.on('headers', (lines, req) => this.#writeHeaders(lines, req as UpgradeRequest))
  }

  #writeHeaders (lines: string[], req: UpgradeRequest): void {
    const response = req[kResponse]
    // the request lives as long as its session
    req[kResponse] = undefined
    const headers: Record<string, string | string[]> = {}
    // those of the reply, and those that a middleware has set
    for (const given of [response && takeHeaders(response), response?.getHeaders()]) {
      for (const name in given) {
        if (!NOT_ON_101.has(name)) headers[name] = given[name] as string | string[]
      }
    }
    if (req._query.sid === undefined) this.emit('initial_headers', headers, req)
    this.emit('headers', headers, req)
    for (const name of Object.keys(headers)) {
      const value = headers[name]!
      if (Array.isArray(value)) for (const one of value) lines.push(`${name}: ${one}`)
      else lines.push(`${name}: ${value}`)
    }
  }

  protected override verify (req: SocketRequest, upgrade: boolean, fn: ErrorCallback): void | boolean {
    const { sid, EIO, transport } = req._query
    // Engine.IO would answer 500 to these on a session.
    if (req.method !== 'GET' && req.method !== 'POST') return fn(errors.BAD_HANDSHAKE_METHOD, { method: req.method })
    // It would send the 101, and then close.
    if (upgrade && transport === 'polling') return fn(errors.BAD_REQUEST, { name: 'TRANSPORT_MISMATCH' })
    if (sid !== undefined && sid !== '') {
      const { clients } = this.#internals
      if (!Object.hasOwn(clients, sid)) this.#resume(req, sid, upgrade)
      // The answer is the one for a session that does not exist: a thief learns nothing.
      else if (clients[sid]![kBinding] !== req[kBinding]) return fn(errors.UNKNOWN_SID, { sid, name: ORIGIN_MISMATCH })
    } else if (upgrade && EIO !== '4' && this.opts.allowEIO3 !== true) {
      // Engine.IO finds this out after the 101, when no status can be sent any more.
      return fn(errors.UNSUPPORTED_PROTOCOL_VERSION, { protocol: 3 })
    }
    return super.verify(req, upgrade, fn)
  }

  /**
   * The open packet, when nothing of the user's has a say in the handshake: the answer then needs no session, no
   * middleware chain and no raw response.
   *
   * @returns `undefined` when the request is to take the whole way
   */
  openPacket ({ method }: IncomingMessage, query: Record<string, unknown>, binding: string): string | undefined {
    const plain = this.#stateless !== undefined && method === 'GET' && query.sid === undefined && query.j === undefined &&
      query.transport === 'polling' && query.EIO === '4' && this.opts.transports!.includes('polling') &&
      this.middlewares.length === 0 && this.opts.allowRequest === undefined && this.generateId === EngineServer.prototype.generateId &&
      this.listenerCount('headers') === 0 && this.listenerCount('initial_headers') === 0
    return plain ? this.#stateless!.open(binding) : undefined
  }

  /** Makes the session that a stateless handshake promised, if this is the first request to claim it. */
  #resume (req: SocketRequest, sid: string, upgrade: boolean): void {
    const { transport: name, EIO } = req._query
    if (EIO !== '4' || name !== (upgrade ? 'websocket' : 'polling')) return
    if (this.#stateless?.redeem(sid, req[kBinding]!) === undefined) return
    const transport = this.createTransport('polling', req)
    transport.sid = sid
    this.#admit(this.#open(sid, transport, req))
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
    this.#internals.clients[session.id] = session
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

  protected override createTransport (name: 'polling' | 'websocket' | 'webtransport', req: IncomingMessage): OpenTransport {
    const { EIO, j } = (req as SocketRequest)._query
    if (name === 'polling' && EIO === '4' && j === undefined) return new PollingTransport(req) as unknown as OpenTransport
    if (name === 'websocket' && this.#plainWebSockets) return new WebSocketTransport(req as SocketRequest)
    return super.createTransport(name, req)
  }

  /** The last step of a handshake, after middlewares and `allowRequest`. */
  protected override handshake (name: 'polling' | 'websocket' | 'webtransport', req: EngineRequest, close: ErrorCallback): Promise<unknown> {
    if (!this.#ordinary(req as SocketRequest)) return super.handshake(name, req, close)
    // What a middleware puts on the request of a handshake is looked for on `socket.request`.
    const stateless = this.middlewares.length === 0 ? this.#stateless : undefined
    if (name === 'polling' && stateless !== undefined && req.res) {
      this.#answer(req, req.res, stateless.open((req as SocketRequest)[kBinding]!))
    } else this.#connect(name, req as SocketRequest)
    return DONE
  }

  /** Whether nothing of a handshake is the user's, and nothing in it is asynchronous. */
  #ordinary ({ _query: { EIO, j } }: SocketRequest): boolean {
    return EIO === '4' && j === undefined && !this.opts.cookie && this.generateId === EngineServer.prototype.generateId
  }

  #connect (name: 'polling' | 'websocket' | 'webtransport', req: SocketRequest): void {
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

  /** Reports a refusal of the origin policy where users listen for refusals. */
  readonly refused = (req: IncomingMessage, code: number, context: object): void => {
    this.emit('connection_error', { req, code, message: errorMessages[code as keyof typeof errorMessages], context })
  }

  /**
   * Handles a WebSocket upgrade whose Fastify hooks have run.
   *
   * @param response carries the headers for the 101, or the refusal
   */
  upgrade (req: SocketRequest, response: ServerResponse, head: Buffer): void {
    const socket = req.socket
    const callback: ErrorCallback = (code, context) => {
      if (socket.destroyed) return
      if (code !== undefined) {
        this.emit('connection_error', { req, code, message: errorMessages[code as keyof typeof errorMessages], context })
        if (!response.headersSent) refuse(response, code, context)
        return
      }
      // Middlewares such as express-session write their headers when writeHead() is called.
      response.writeHead(101)
      ;(req as UpgradeRequest)[kResponse] = response
      this.upgraded.add(socket)
      socket.on('close', this.#forget)
      // one write, and one segment, for the 101 and the open packet
      socket.cork()
      const { ws } = this as unknown as { ws: WebSocketServer }
      try {
        ws.handleUpgrade(req, socket, head, (websocket) => {
          response.emit('finish')
          if (req._query.sid !== undefined || !this.#ordinary(req)) return this.#internals.onWebSocket(req, socket, websocket)
          ;(req as EngineRequest).websocket = websocket
          this.#connect('websocket', req)
        })
      } catch (error) {
        // no status can be sent behind a 101
        socket.destroy()
        throw error
      } finally {
        socket.uncork()
      }
    }
    this.#ask(req, response, true, callback)
  }

  /**
   * Handles a request of long-polling whose Fastify hooks have run.
   *
   * @param response is unsent, and its headers are not set yet
   */
  override handleRequest (request: IncomingMessage, response: ServerResponse): void {
    const req = request as SocketRequest & EngineRequest
    req.res = response
    this.#ask(req, response, false, (code, context) => {
      if (code !== undefined) {
        this.emit('connection_error', { req, code, message: errorMessages[code as keyof typeof errorMessages], context })
        refuse(response, code, context)
        return
      }
      const session = req._query.sid ? this.#internals.clients[req._query.sid] : undefined
      if (!(session?.transport instanceof PollingTransport) || this.listenerCount('headers') + this.listenerCount('initial_headers') > 0) setHeaders(response)
      if (session !== undefined) session.transport.onRequest(req)
      else this.handshake(req._query.transport as 'polling', req, (code, context) => refuse(response, code!, context))
    })
  }

  /** What the user's middlewares, and then {@link verify}, say to a request. */
  #ask (req: SocketRequest, response: ServerResponse, upgrade: boolean, callback: ErrorCallback): void {
    if (this.middlewares.length === 0) {
      this.verify(req, upgrade, callback)
      return
    }
    setHeaders(response)
    this._applyMiddlewares(req, response, (error) => {
      if (error) callback(errors.BAD_REQUEST, { name: 'MIDDLEWARE_FAILURE' })
      else this.verify(req, upgrade, callback)
    })
  }
}

const DONE = Promise.resolve()

function onClose (this: Session): void {
  const engine = this.server as EngineInternals
  delete engine.clients[this.id]
  engine.clientsCount--
  endTransport.call(this)
}

/**
 * A polling transport waits for one more poll to say goodbye, for 30 s, also when its session is gone and that poll would
 * be answered `Session ID unknown`. Such a timer would keep a closed server's process alive.
 */
function endTransport (this: Session): void {
  const { transport } = this
  const end = transport.shouldClose
  if (!end) return
  transport.shouldClose = null
  end()
}

type AllowRequest = NonNullable<ServerOptions['allowRequest']>

/** An `allowRequest` that throws or rejects lets nobody in; it must neither hang the client nor end the process. */
function failClosed (allowRequest: AllowRequest): AllowRequest {
  return (request, callback) => {
    let answered = false
    const answer: typeof callback = (message, success) => {
      if (answered) return
      answered = true
      callback(message, success)
    }
    const fail = (err: unknown): void => {
      ;(request as SocketRequest).fastifyRequest.log.error({ err }, 'allowRequest failed; the request is refused')
      answer(undefined, false)
    }
    try {
      // typed to return nothing, but often written as an async function
      const returned: unknown = allowRequest(request, answer)
      if (returned instanceof Promise) returned.catch(fail)
    } catch (err) {
      fail(err)
    }
  }
}

/** Answers a request that the engine turns down, in the words of Engine.IO. */
export function refuse (response: ServerResponse, code: number, context?: { message?: string }): void {
  const message = context?.message || errorMessages[code as keyof typeof errorMessages]
  setHeaders(response)
  response.writeHead(code === errors.FORBIDDEN ? 403 : 400, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ code, message }))
}
