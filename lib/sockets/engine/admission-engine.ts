import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ErrorCallback, ServerOptions } from 'engine.io'
import type { RefusalLog } from '../../log/refusal-log.ts'
import type { Decision } from '../../policy/origin/decision.ts'
import { failClosed } from './allow-request.ts'
import { decideAgain, isStale } from '../../http/decide-again.ts'
import { HandshakeEngine } from './handshake-engine.ts'
import { closedOnFailure, type Middleware } from './middleware.ts'
import type { EngineSetUp } from './set-up.ts'
import { refuse, refuseClosing } from '../session/refuse.ts'
import { attempt, setHeaders } from '../../http/reply-handover.ts'
import { type SocketRequest, transportOf } from '../../http/request-marks.ts'
import { isOwner, recordOwner } from '../session/owner.ts'
import { debugEngine } from '../upstream/debug.ts'
import { type EngineRequest, errorMessages, errors } from '../upstream/engine-io.ts'

/** `context.name` of the `connection_error` for a session that belongs to another origin. */
export const ORIGIN_MISMATCH = 'ORIGIN_MISMATCH'

type Step = (this: AdmissionEngine, req: EngineRequest, response: ServerResponse, head: Buffer | undefined) => void

/**
 * Engine.IO's server, as far as it decides who gets in: the user's middlewares are asked, then `verify()` with
 * `allowRequest`. Each may take its time, so the policy is asked again when it has changed meanwhile.
 */
export abstract class AdmissionEngine extends HandshakeEngine {
  readonly #log: RefusalLog

  /** @param options Engine.IO's */
  constructor (options: ServerOptions, setUp: EngineSetUp) {
    const { allowRequest } = options
    const guarded = allowRequest && { allowRequest: failClosed(allowRequest, setUp.log) }
    super({ ...options, ...guarded }, setUp)
    this.#log = setUp.log
  }

  /** The last step of a request that gets in; `head` is that of an upgrade. */
  protected abstract open (req: EngineRequest, response: ServerResponse, head: Buffer | undefined): void

  /** Reports a refusal where users listen for refusals. */
  readonly refused = (req: IncomingMessage, code: number, context?: object): void => {
    this.emit('connection_error', { req, code, message: errorMessages[code as keyof typeof errorMessages], context })
  }

  override use (middleware: Middleware): void {
    super.use(closedOnFailure(middleware))
  }

  /** Asks everybody who has a say, and then opens or refuses. */
  protected admit (req: EngineRequest, response: ServerResponse, head: Buffer | undefined): void {
    if (this.middlewares.length === 0) {
      debugEngine('no middleware to apply, skipping')
      this.#judge(req, response, head)
      return
    }
    setHeaders(response)
    this._applyMiddlewares(req, response, (error) => {
      attempt(req.fastifyRequest, response, () => {
        if (error) this.refuseRequest(req, response, errors.BAD_REQUEST, { name: 'MIDDLEWARE_FAILURE', error })
        else this.#judge(req, response, head)
      })
    })
  }

  #judge (req: EngineRequest, response: ServerResponse, head: Buffer | undefined): void {
    if (!this.#isCurrent(req, response, head, this.#judge)) return
    this.verify(req, head !== undefined, (code, context) => {
      attempt(req.fastifyRequest, response, () => {
        if (code === undefined) this.#open(req, response, head)
        else this.refuseRequest(req, response, code, context)
      })
    })
  }

  /** Behind `allowRequest`. */
  #open (req: EngineRequest, response: ServerResponse, head: Buffer | undefined): void {
    if (this.#isCurrent(req, response, head, this.#open)) this.open(req, response, head)
  }

  /**
   * @param again the step to begin anew when the policy had to be asked
   * @returns whether the client is still there, the server is open, and the request was decided by the policy of now
   */
  #isCurrent (req: EngineRequest, response: ServerResponse, head: Buffer | undefined, again: Step): boolean {
    if (req.socket.destroyed) return false
    if (this.draining && !this.goesOn(req)) {
      refuseClosing(response, this.retryAfter)
      return false
    }
    if (!isStale(req.fastifyRequest, this.policy)) return true
    decideAgain(req.fastifyRequest, this.policy, (decision) => {
      attempt(req.fastifyRequest, response, () => {
        if (!this.admits(decision)) return this.refuseOrigin(req, response, decision)
        if (!decision.allowed) this.#log.report(req.headers.origin, transportOf(req), decision, req.fastifyRequest)
        again.call(this, req, response, head)
      })
    })
    return false
  }

  protected refuseOrigin (req: EngineRequest, response: ServerResponse, decision: Decision): void {
    const { origin } = req.headers
    this.#log.refuse(origin, transportOf(req), decision, req.fastifyRequest)
    this.refuseRequest(req, response, errors.FORBIDDEN, { name: 'ORIGIN_REFUSED', origin, reason: decision.reason })
  }

  protected refuseRequest (req: SocketRequest, response: ServerResponse, code: number, context?: object): void {
    if (req.socket.destroyed) return
    this.refused(req, code, context)
    if (!response.headersSent) refuse(response, code, context)
    // a middleware has begun an answer before it failed
    else if (!response.writableEnded) response.end()
  }

  /** @returns whether a request of another origin than its session's is served; it is told of then */
  #reportsStranger (req: SocketRequest, upgrade: boolean): boolean {
    if (!this.reportsOnly) return false
    const code = errors.UNKNOWN_SID
    const context = { name: ORIGIN_MISMATCH }
    this.#log.refusedByEngine({ req, code, message: errorMessages[code], context }, upgrade, false)
    return true
  }

  protected override verify (req: SocketRequest, upgrade: boolean, fn: ErrorCallback): void | boolean {
    const { sid, EIO, transport } = req._query
    // Engine.IO would answer 500 to these on a session.
    if (req.method !== 'GET' && req.method !== 'POST') return fn(errors.BAD_HANDSHAKE_METHOD, { method: req.method })
    // It would send the 101, and then close.
    if (upgrade && transport === 'polling') return fn(errors.BAD_REQUEST, { name: 'TRANSPORT_MISMATCH' })
    const session = this.sessionOf(sid)
    if (session !== undefined) {
      // The answer is the one for a session that does not exist: a thief learns nothing.
      if (!isOwner(req, session)) {
        if (!this.#reportsStranger(req, upgrade)) return fn(errors.UNKNOWN_SID, { sid, name: ORIGIN_MISMATCH })
        // who takes the session over is who is asked about when the policy is enforced
        if (upgrade) recordOwner(session, req)
      }
      // It would never answer this on a session that is a WebSocket.
      if (!upgrade && transport === 'websocket') return fn(errors.BAD_REQUEST, { name: 'TRANSPORT_MISMATCH' })
    } else if (sid !== undefined && sid !== '') {
      this.resume(req, sid, upgrade)
    } else if (upgrade && EIO !== '4' && this.opts.allowEIO3 !== true) {
      // Engine.IO finds this out after the 101, when no status can be sent any more.
      return fn(errors.UNSUPPORTED_PROTOCOL_VERSION, { protocol: 3 })
    }
    return super.verify(req, upgrade, fn)
  }
}
