import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger } from 'fastify'
import type { Enforcement } from '../config.ts'
import { type EngineError, engineHint, engineReason } from './engine-refusals.ts'
import type { Cause, Counters } from './counters.ts'
import type { Decision, PolicyRequest } from '../policy/origin/decision.ts'
import type { OriginPolicy } from '../policy/policy.ts'
import { lacksOriginOfBrowser, STRIPPED } from '../policy/explain/stripped-origin.ts'
import { cut, escape, printable, show } from '../text.ts'
import { lazy, type Told, type Transport } from './refusal.ts'
import { MAX_LINES, Throttle } from './throttle.ts'
import { WITHHELD } from './withheld-cookies.ts'

const refused = channel('fastify-io:refused')

const HINTS: Readonly<Record<Cause, string>> = {
  jsonp: 'JSONP answers any page through a script tag. Let the client poll with XHR, or set jsonp: true.',
  unclaimed: 'The session came from another Socket.IO or Engine.IO server, which asked no policy. Use app.io.'
}

const NATIVE = 'If it is a native client that only calls itself a browser, nothing is wrong.'

/** Kinds of lines beside those named like a transport: of requests that are served all the same. */
const SERVED = { polling: '+polling', websocket: '+websocket', rest: '+rest', namespace: '+namespace' }

/**
 * Writes to the app's log what is refused and what fails: one line a minute for each origin, transport and reason, with
 * the count of those that it stands for. A client that makes up origins gets {@link MAX_LINES} lines a minute, then one
 * that counts.
 */
export class RefusalLog {
  readonly #log: FastifyBaseLogger
  readonly #policy: OriginPolicy
  readonly #enforcement: Enforcement
  readonly #counters: Counters
  // three, so that made-up origins mute neither what Engine.IO refuses nor what fails
  readonly #refusals: Throttle
  readonly #engine: Throttle
  readonly #failures: Throttle

  constructor (
    log: FastifyBaseLogger,
    policy: OriginPolicy,
    enforcement: Enforcement,
    counters: Counters
  ) {
    this.#log = log
    this.#policy = policy
    this.#enforcement = enforcement
    this.#counters = counters
    const overflow = (level: 'warn' | 'error', what: string) => (count: number): void => {
      log[level]({ count }, `more than ${MAX_LINES} distinct ${what} within a minute; further ones are only counted`)
    }
    this.#refusals = new Throttle(overflow('warn', 'origins, transports and reasons were refused'))
    this.#engine = new Throttle(overflow('warn', 'origins, transports and reasons were refused by Engine.IO'))
    this.#failures = new Throttle(overflow('error', 'failures'))
  }

  /**
   * Of a request that is answered with an error.
   *
   * @param origin the Origin header as it came
   * @param decision why, or the name of a refusal that the policy has no part in
   * @param request tells what the server takes itself for; hints about proxies need it
   * @param policy whose decision it is, when it is not the server's
   */
  refuse (
    origin: string | undefined,
    transport: Transport,
    decision: Decision | Cause,
    request?: PolicyRequest,
    policy?: OriginPolicy
  ): void {
    this.#decided(true, origin, transport, decision, request, policy)
  }

  /** Of a request that is served all the same; takes what {@link refuse} takes. */
  report (...refused: Parameters<RefusalLog['refuse']>): void {
    this.#decided(false, ...refused)
  }

  #decided (
    enforced: boolean,
    origin: string | undefined,
    transport: Transport,
    decision: Decision | Cause,
    request: PolicyRequest | undefined,
    policy: OriginPolicy = this.#policy
  ): void {
    const named = typeof decision === 'string'
    const reason = named ? decision : decision.reason
    const hint = (): string => named ? HINTS[decision] : policy.hint(origin, decision, request)
    this.#tell(this.#refusals, { origin, transport, reason, enforced, hint })
  }

  /**
   * Logs what Engine.IO turns down, unless the origin hook has.
   *
   * @param enforced whether it is answered with an error
   */
  refusedByEngine (error: EngineError, upgrade: boolean, enforced = true): void {
    if (enforced && error.req._query?.sid === undefined) this.#counters.handshake('refused')
    const reason = engineReason(error, upgrade)
    if (reason === undefined) return
    const { req: { headers, _query }, context } = error
    const transport = upgrade || _query?.transport === 'websocket' ? 'websocket' : 'polling'
    const origin = headers.origin ?? undefined
    const hint = (): string => engineHint(reason, error)
    this.#tell(this.#engine, { origin, transport, reason, enforced, hint }, context?.error)
  }

  /**
   * Warns of a request that was let in without an Origin, if a proxy seems to have removed it.
   *
   * @param decision of the policy
   */
  checkMissing (decision: Decision, request: PolicyRequest): void {
    // a policy for everybody protects nothing that a proxy could take away
    if (!decision.allowed || decision.allowOrigin !== undefined || !lacksOriginOfBrowser(request)) return
    const reason = 'origin-stripped'
    const count = this.#engine.due(reason)
    if (count === 0) return
    const userAgent = printable(String(request.headers['user-agent']))
    const fields = { transport: 'websocket', reason, count, userAgent }
    this.#log.warn(fields, `websocket request allowed without Origin (${reason}): ${STRIPPED} ${NATIVE}`)
  }

  /**
   * Warns of cookies that the browser keeps back from the handshake of an allowed page: one line a minute, whatever the
   * origins.
   *
   * @param decision of the policy
   */
  checkCookies ({ allowOrigin }: Decision, origin: string | undefined, transport: Transport): void {
    if (allowOrigin === undefined || !this.#policy.options.credentials) return
    const reason = 'cookies-withheld'
    const count = this.#engine.due(reason)
    if (count === 0) return
    const fields = { origin: printable(origin ?? ''), transport, reason, count }
    this.#log.warn(fields, `${transport} request allowed without cookies (${reason}): ${WITHHELD}`)
  }

  #tell (throttle: Throttle, { origin: sent, transport, reason, enforced, hint }: Told, err?: unknown): void {
    this.#counters.refusal(reason, enforced)
    // the balancer's fault, whichever origins and transports it meets
    const count = reason === 'foreign-session'
      ? throttle.due(reason)
      : throttle.due(cut(sent ?? ''), enforced ? transport : SERVED[transport], reason)
    if (count === 0 && !refused.hasSubscribers) return
    const origin = sent === undefined ? undefined : printable(sent)
    const refusal = lazy({ origin, transport, reason, enforced, hint: () => escape(hint()) })
    if (refused.hasSubscribers) refused.publish(refusal)
    if (count === 0) return
    // REST that is served without CORS headers is refused by the browser
    const would = !enforced && this.#enforcement.enforce === 'report'
    const fields = { origin, transport, reason, ...(would && { enforced }), count, ...(err !== undefined && { err }) }
    this.#log.warn(fields, `${transport} request ${would ? 'would be ' : ''}refused (${reason}): ${refusal.hint}`)
  }

  /**
   * Logs what a function of the user's has thrown: one line a minute for each sentence, error message and origin.
   *
   * @param sentence what failed, and what that means for the request
   */
  failed (sentence: string, err: unknown, origin?: string): void {
    const message = err instanceof Error ? err.message : show(err)
    const count = this.#failures.due(`${sentence} ${cut(message)} ${cut(origin ?? '')}`)
    if (count === 0) return
    this.#log.error({ err, ...(origin !== undefined && { origin: printable(origin) }), count }, sentence)
  }
}
