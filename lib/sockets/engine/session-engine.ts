import { Server as EngineServer, type ServerOptions, type Transport } from 'engine.io'
import type { Enforcement } from '../../config.ts'
import { isStale } from '../../http/decide-again.ts'
import type { SocketRequest } from '../../http/request-marks.ts'
import type { Counters } from '../../log/counters.ts'
import { GivenUp } from '../../log/engine-refusals.ts'
import type { Decision } from '../../policy/origin/decision.ts'
import type { OriginPolicy } from '../../policy/policy.ts'
import { endTransportsWith, onClose } from '../session/end-session.ts'
import { EngineSocket } from '../session/engine-socket.ts'
import { type OwnedSession, recordOwner } from '../session/owner.ts'
import { PollingTransport } from '../session/polling-transport.ts'
import { exposeDecorators } from '../session/request-decorators.ts'
import { answerUnreadOnClose } from '../session/unread-post.ts'
import { WebSocketTransport } from '../session/websocket-transport.ts'
import { type EngineRequest, type EngineSession, internalsOf, transportOptions } from '../upstream/engine-io.ts'
import type { EngineSetUp } from './set-up.ts'

export type Session = EngineSession & OwnedSession
export type TransportName = 'polling' | 'websocket' | 'webtransport'

/** Engine.IO's server, as far as it makes sessions and their transports. */
export abstract class SessionEngine extends EngineServer {
  /** Set when the server begins to close: a request whose hooks end later opens nothing. */
  draining = false
  /** Set when all sessions end. */
  closing = false
  /** s after which a client may try again, for the header of that name. */
  readonly retryAfter: string
  readonly policy: OriginPolicy
  readonly counters: Counters
  readonly #enforcement: Enforcement
  /** Set while a session is made for the `sid` of an earlier handshake. */
  protected resuming = false
  /** Whether our own sessions and transports can work; see checkUpstream(). */
  readonly own: boolean
  readonly #onHeaders: (headers: object, req: EngineRequest) => void
  /** False when the user has passed `wsEngine`. */
  readonly #plainWebSockets: boolean

  /** @param options Engine.IO's */
  constructor (options: ServerOptions, { policy, enforcement, counters, own, closeSpread }: EngineSetUp) {
    super(options)
    this.policy = policy
    this.counters = counters
    this.#enforcement = enforcement
    this.own = own
    this.retryAfter = String(Math.max(1, Math.ceil(closeSpread / 1000)))
    this.#onHeaders = (headers, req) => {
      if (!req._query.sid) this.emit('initial_headers', headers, req)
      this.emit('headers', headers, req)
    }
    this.#plainWebSockets = options.wsEngine === undefined
    this.on('connection', (session: Session) => {
      if (!this.resuming) counters.handshake('opened')
      recordOwner(session, session.request!)
      exposeDecorators(session.request!)
      if (!(session instanceof EngineSocket)) endTransportsWith(session)
    })
  }

  /** Whether nothing is refused: what would be is served, and told of. */
  get reportsOnly (): boolean {
    return this.#enforcement.enforce === 'report'
  }

  /** Whether JSONP polling is served. */
  get servesJsonp (): boolean {
    return this.#enforcement.jsonp || this.reportsOnly
  }

  /** Whether a request is let in; one that nobody has decided about is not. */
  admits (decision: Decision | undefined): boolean {
    return decision?.allowed === true || (decision !== undefined && this.reportsOnly)
  }

  /** All sessions that are open. */
  get sessions (): Session[] {
    return Object.values(internalsOf(this).clients)
  }

  /** Whether a request that comes while the server closes is served: that of a session which has not ended yet. */
  goesOn ({ _query: { sid } }: SocketRequest): boolean {
    return !this.closing && this.sessionOf(sid) !== undefined
  }

  protected sessionOf (sid: string | undefined): Session | undefined {
    const { clients } = internalsOf(this)
    return sid !== undefined && Object.hasOwn(clients, sid) ? clients[sid] : undefined
  }

  protected openSession (sid: string, transport: Transport, req: SocketRequest): EngineSocket {
    if (transport.name !== 'websocket') transport.on('headers', this.#onHeaders)
    return new EngineSocket(sid, this, transport, req, 4)
  }

  protected addSession (session: EngineSocket): void {
    internalsOf(this).clients[session.id] = session
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

  protected override createTransport (name: TransportName, req: EngineRequest): Transport {
    const { EIO, j, sid } = req._query
    // A generateId() of the user's may take its time. Nothing waits after this line: the policy decides at once.
    if (isStale(req.fastifyRequest, this.policy)) this.#decideAtOnce(req)
    if (sid === undefined && (this.draining || req.socket.destroyed)) throw new GivenUp()
    if (this.own && name === 'polling' && EIO === '4' && j === undefined) {
      return new PollingTransport(req, transportOptions(this.opts)) as object as Transport
    }
    if (this.own && name === 'websocket' && this.#plainWebSockets) {
      return new WebSocketTransport(req, transportOptions(this.opts))
    }
    const transport = super.createTransport(name, req)
    if (name === 'polling') answerUnreadOnClose(transport)
    return transport
  }

  /** @throws GivenUp, which Engine.IO takes for a transport that failed */
  #decideAtOnce ({ headers, fastifyRequest }: SocketRequest): void {
    if (this.reportsOnly) return
    const decision = this.policy.decide(headers.origin, fastifyRequest)
    if (!(decision instanceof Promise)) {
      if (decision.allowed) return
      fastifyRequest.originDecision = decision
    }
    throw new GivenUp()
  }
}
