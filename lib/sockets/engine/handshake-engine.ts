import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ErrorCallback, Server as EngineServer, type ServerOptions } from 'engine.io'
import { SharedSessions } from '../beginning/shared-sessions.ts'
import { StatelessHandshake } from '../handshake/handshake.ts'
import { attempt, LISTENER_FAILED } from '../../http/reply-handover.ts'
import { kOwner, type SocketRequest } from '../../http/request-marks.ts'
import { SessionEngine, type TransportName } from './session-engine.ts'
import type { EngineSetUp } from './set-up.ts'
import type { TokenOutcome } from '../../log/counters.ts'
import { ANYBODY, otherTokenOwner, tokenOwner } from '../session/owner.ts'
import { debugEngine, debugPolling } from '../upstream/debug.ts'
import type { EngineRequest } from '../upstream/engine-io.ts'

type Query = Readonly<Record<string, unknown>>

const DONE = Promise.resolve()

/** Engine.IO's server, as far as it does handshakes: its own, or those that hold no memory. */
export abstract class HandshakeEngine extends SessionEngine {
  readonly #stateless: StatelessHandshake | undefined
  /** Where several processes have the secret. */
  readonly #shared: SharedSessions | undefined

  /** @param options Engine.IO's */
  constructor (options: ServerOptions, setUp: EngineSetUp) {
    super(options, setUp)
    const { stateless, own } = setUp
    if (!own || stateless === false || !StatelessHandshake.fits(this.opts)) return
    this.#stateless = new StatelessHandshake(this.opts, stateless.audience, stateless.secrets)
    if (stateless.secrets !== undefined) this.#shared = new SharedSessions(this)
  }

  /**
   * The open packet, when nothing of the user's has a say in the handshake: the answer then needs no session, no
   * middleware chain and no raw response, and costs 10 % less.
   *
   * @returns `undefined` when the request is to take the whole way
   */
  openPacket (req: IncomingMessage, query: Query, owner: string): string | undefined {
    if (req.method !== 'GET' || query.sid !== undefined || query.transport !== 'polling') return undefined
    const stateless = this.#statelessFor(query)
    if (stateless === undefined || this.#isHeard || !this.opts.transports!.includes('polling')) return undefined
    debugEngine('handling "%s" http request "%s"', req.method, req.url)
    const packet = stateless.open(this.#boundTo(req.headers, owner))
    this.counters.handshake('answered')
    debugHandshake(packet)
    return packet
  }

  /** Whether the user decides about handshakes, or adds headers to their answers. */
  get #isHeard (): boolean {
    return this.opts.allowRequest !== undefined ||
      this.listenerCount('headers') > 0 || this.listenerCount('initial_headers') > 0
  }

  /**
   * Whether a handshake is plain: Engine.IO protocol 4 without JSONP, over transports of ours, and nothing in it is the
   * user's or asynchronous. All others are Engine.IO's own.
   */
  protected isPlain ({ EIO, j }: Query): boolean {
    return this.own && EIO === '4' && j === undefined && !this.opts.cookie && !this.#hasOwnIds
  }

  /** Only where no middleware runs: what a middleware puts on the request must reach the session. */
  #statelessFor (query: Query): StatelessHandshake | undefined {
    return this.middlewares.length === 0 && this.isPlain(query) ? this.#stateless : undefined
  }

  /** Makes the session that a stateless handshake promised, if this is the first request to claim it. */
  protected resume (req: SocketRequest, sid: string, upgrade: boolean): void {
    if (req._query.transport !== (upgrade ? 'websocket' : 'polling')) return
    // Middlewares that run "only for the handshake" have not seen this client: its handshake was before, or elsewhere.
    const stateless = this.#statelessFor(req._query)
    if (stateless === undefined) return
    const outcome = this.#redeem(stateless, req, sid)
    this.counters.token(outcome)
    if (outcome !== 'redeemed' && outcome !== 'foreign') return
    const transport = this.createTransport('polling', req)
    transport.sid = sid
    const session = this.openSession(sid, transport, req)
    this.resuming = true
    try {
      this.addSession(session)
    } finally {
      this.resuming = false
    }
    this.#shared?.begin(session, outcome === 'foreign', req)
  }

  /** The last step of a handshake, after middlewares and `allowRequest`. */
  protected override handshake (name: TransportName, req: EngineRequest, close: ErrorCallback): Promise<unknown> {
    if (!this.isPlain(req._query)) {
      // a transport forgets it
      const { res } = req
      return super.handshake(name, req, close).catch((error: unknown) => this.#giveUp(req, res, error))
    }
    const stateless = name === 'polling' ? this.#statelessFor(req._query) : undefined
    if (stateless !== undefined && req.res) {
      this.#answer(req, req.res, stateless.open(this.#boundTo(req.headers, req[kOwner]!)))
    } else this.connect(name, req)
    return DONE
  }

  /** A listener of the user's has thrown behind Engine.IO's own handshake, where nobody waits for the promise. */
  #giveUp (req: EngineRequest, res: EngineRequest['res'], error: unknown): void {
    for (const session of this.sessions) if (session.request === req) session.close(true)
    const { fastifyRequest } = req
    if (res) attempt(fastifyRequest, res, () => { throw error })
    else fastifyRequest.log.error({ err: error }, LISTENER_FAILED)
  }

  /** Whether the user makes the session IDs, perhaps slowly. */
  get #hasOwnIds (): boolean {
    return this.generateId !== EngineServer.prototype.generateId
  }

  protected connect (name: TransportName, req: SocketRequest): void {
    // plain: it is not the user's, and no promise
    const id = this.generateId(req) as string
    debugEngine('handshaking client "%s"', id)
    const transport = this.createTransport(name, req)
    const session = this.openSession(id, transport, req)
    transport.onRequest(req)
    this.addSession(session)
  }

  /** Who a `sid` is good for: with `enforce: 'report'`, whoever comes back with it. */
  #boundTo (headers: SocketRequest['headers'], owner: string): string {
    return this.reportsOnly ? ANYBODY : tokenOwner(headers, owner)
  }

  #redeem (stateless: StatelessHandshake, { headers, [kOwner]: owner }: SocketRequest, sid: string): TokenOutcome {
    const outcome = stateless.redeem(sid, tokenOwner(headers, owner!))
    if (outcome !== 'unknown') return outcome
    const other = otherTokenOwner(headers, owner!)
    const second = other === undefined ? outcome : stateless.redeem(sid, other)
    return second === 'unknown' && this.reportsOnly ? stateless.redeem(sid, ANYBODY) : second
  }

  #answer (req: EngineRequest, res: ServerResponse, open: string): void {
    this.counters.handshake('answered')
    delete req.res
    debugHandshake(open)
    const headers = { 'Content-Type': 'text/plain; charset=UTF-8', 'cache-control': 'no-store' }
    this.emit('initial_headers', headers, req)
    this.emit('headers', headers, req)
    res.writeHead(200, { 'Content-Length': open.length, ...headers })
    res.end(open)
  }
}

function debugHandshake (packet: string): void {
  debugEngine('handshaking client without a session: "%s"', packet)
  debugPolling('writing "%s"', packet)
}
