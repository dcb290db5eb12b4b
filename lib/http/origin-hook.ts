import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Enforcement } from '../config.ts'
import type { CorsHeaders } from './cors-headers.ts'
import type { RefusalLog } from '../log/refusal-log.ts'
import { keepsCookiesBack } from '../log/withheld-cookies.ts'
import { isNavigation, isScript } from './fetch-metadata.ts'
import { addBeforeMiddlewares, withholdBefore } from './first-hook.ts'
import { allowance, type Decision } from '../policy/origin/decision.ts'
import type { OriginPolicy } from '../policy/policy.ts'
import { writePreflight } from './preflights.ts'
import { isWebSocket, refusalBody, refuse } from './refusal.ts'
import { inOneWrite } from './one-write.ts'
import { queryOf } from './query.ts'
import {
  type Decided, kPolicyVersion, kRoute, type RouteKind, type SocketRequest, transportOf
} from './request-marks.ts'

/** Told of every refusal on the engine's route, for Engine.IO's `connection_error` event. */
export type OnRefused = (request: IncomingMessage, code: number, context: object) => void

/** The last words to clients whose session an update has ended. */
interface Farewells {
  /** @returns the answer to a refused request of such a client, once */
  take (request: FastifyRequest): string | undefined
}

interface OriginHook {
  policy: OriginPolicy
  enforcement: Enforcement
  cors: CorsHeaders
  log: RefusalLog
  onRefused: OnRefused
  farewells: Farewells
}

/** What a script tag's poll is with `jsonp: true`: no Origin can be checked. */
const SCRIPT = allowance('missing', undefined)

/** @returns whether the request goes on; otherwise it has been answered */
type Then = (request: FastifyRequest, reply: FastifyReply, decision: Decision) => boolean

/**
 * The one place where a request meets the policy: decides, leaves the decision on the request, and then refuses it or
 * lets it pass. @fastify/cors stands behind it and answers preflights.
 */
export function addOriginHook (app: FastifyInstance, hook: OriginHook): void {
  const { policy, enforcement, cors, log, onRefused, farewells } = hook
  app.decorateRequest('originDecision')
  app.decorateRequest(kPolicyVersion, -1)
  addBeforeMiddlewares(app, function originFirstHook (request, reply, done) {
    return decide(request, reply, done, settle)
  })
  const others = withholdBefore(app)
  app.addHook('onRequest', function originHook (request, reply, done) {
    // decided by a nearer scope, with a policy to itself, or before a middleware
    if (isDecided(request)) done()
    else return decide(request, reply, done, settle)
  })
  if (others) {
    app.addHook('onSend', function originAnswerHook (request, reply, payload, done) {
      if (isDecided(request)) return done(null, payload)
      // a hook before ours has answered
      const go = (): void => done(null, wantsToken(request, reply) ? answered(reply) : payload)
      // what Fastify throws behind it is the answer's, as behind a hook of its own
      decide(request, reply, go, goOn)?.then(go).catch(done)
    })
  }

  /** @returns a promise for a decision that takes its time: Fastify catches what is thrown behind it */
  function decide (
    request: FastifyRequest,
    reply: FastifyReply,
    done: () => void,
    then: Then
  ): Promise<unknown> | undefined {
    // before the decision: a function may still answer by the policy of today when there is a new one
    ;(request as Decided)[kPolicyVersion] = policy.version
    const decision = policy.decide(request.raw.headers.origin, request)
    if (decision instanceof Promise) {
      // a reply as the answer makes Fastify wait until it is sent
      return decision.then((late) => decided(request, reply, late, then) ? undefined : reply)
    }
    if (decided(request, reply, decision, then)) done()
    return undefined
  }

  function decided (request: FastifyRequest, reply: FastifyReply, decision: Decision, then: Then): boolean {
    request.originDecision = decision
    if (decision.reason === 'missing') log.checkMissing(decision, request)
    cors.govern(request, reply, decision, kindOf(request) !== undefined)
    return then(request, reply, decision)
  }

  function settle (request: FastifyRequest, reply: FastifyReply, decision: Decision): boolean {
    const kind = kindOf(request)
    if (kind === undefined) return settleRest(request, reply, decision)
    const refusal = refusalOf(request, decision, kind)
    if (refusal !== undefined) {
      if (enforcement.enforce !== 'report') {
        return refusal === 'jsonp' ? refuseJsonp(request, reply) : refuseSocket(request, reply, refusal)
      }
      log.report(request.raw.headers.origin, transportOf(request.raw), refusal, request)
    }
    if (kind === 'engine' && keepsCookiesBack(request.raw)) {
      log.checkCookies(decision, request.raw.headers.origin, transportOf(request.raw))
    }
    if (cors.optionsOf(request) !== 'preflight' || policy.options.preflightContinue) return true
    writePreflight(reply, policy.options).send()
    return false
  }

  /** Whether a hook before ours wants a token of an allowed preflight, which carries none (Fetch, "CORS protocol"). */
  function wantsToken (request: FastifyRequest, reply: FastifyReply): boolean {
    return (reply.statusCode === 401 || reply.statusCode === 403) && request.originDecision.allowed &&
      cors.optionsOf(request) === 'preflight' && !policy.options.preflightContinue
  }

  /** Makes an answer that of a preflight. @returns its body */
  function answered (reply: FastifyReply): '' {
    for (const name of ['content-type', 'www-authenticate']) reply.removeHeader(name)
    writePreflight(reply, policy.options)
    return ''
  }

  function refusalOf (request: FastifyRequest, decision: Decision, kind: RouteKind): Decision | 'jsonp' | undefined {
    const jsonp = kind === 'engine' && asksForJsonp(request)
    if (jsonp && decision.reason === 'cross-site') {
      if (!enforcement.jsonp) return 'jsonp'
      if (isScript(request.raw) && policy.options.missingOrigin === 'allow') {
        request.originDecision = SCRIPT
        return undefined
      }
    }
    // a page may load the client's files with a script tag
    if (!decision.allowed && !(kind === 'client' && request.raw.headers.origin === undefined)) return decision
    return jsonp && !enforcement.jsonp ? 'jsonp' : undefined
  }

  /** @throws OriginRefusedError */
  function settleRest (request: FastifyRequest, reply: FastifyReply, decision: Decision): boolean {
    if (decision.allowed) return true
    const { origin } = request.raw.headers
    const upgrade = isWebSocket(request.raw)
    if (decision.reason === 'missing' && !upgrade) return true
    const link = decision.reason === 'cross-site' && isNavigation(request.raw)
    const refused = upgrade || (enforcement.enforce !== 'sockets' && !link)
    const transport = upgrade ? 'websocket' : 'rest'
    if (refused && enforcement.enforce !== 'report') {
      log.refuse(origin, transport, decision, request)
      throw refuse(request, reply, decision.reason)
    }
    // An image from elsewhere, or a server with no cross-origin clients, is nothing to report.
    if (refused || (policy.crossOrigin && origin !== undefined)) log.report(origin, transport, decision, request)
    return true
  }

  function refuseSocket (request: FastifyRequest, reply: FastifyReply, decision: Decision): boolean {
    const farewell = farewells.take(request)
    if (farewell !== undefined) {
      reply.type('text/plain; charset=UTF-8').header('cache-control', 'no-store').send(farewell)
      return false
    }
    const { origin } = request.raw.headers
    log.refuse(origin, transportOf(request.raw), decision, request)
    onRefused(request.raw, 4, { name: 'ORIGIN_REFUSED', origin, reason: decision.reason })
    inOneWrite(reply.raw)
    reply.code(403).type(JSON_TYPE).send(refusalBody(decision.reason))
    return false
  }

  function refuseJsonp (request: FastifyRequest, reply: FastifyReply): boolean {
    log.refuse(request.raw.headers.origin, 'polling', 'jsonp', request)
    onRefused(request.raw, 3, { name: 'JSONP_REFUSED' })
    reply.code(400).type(JSON_TYPE).send('{"code":3,"message":"Bad request","reason":"jsonp"}')
    return false
  }
}

/** Fastify would add the charset to each. */
const JSON_TYPE = 'application/json; charset=utf-8'

function isDecided (request: FastifyRequest): boolean {
  return (request.originDecision as Decision | undefined) !== undefined
}

function goOn (): boolean {
  return true
}

function kindOf (request: FastifyRequest): RouteKind | undefined {
  return (request as { [kRoute]?: RouteKind })[kRoute]
}

/** The query is what the engine will see. */
function asksForJsonp (request: FastifyRequest): boolean {
  return ((request.raw as SocketRequest)._query = queryOf(request)).j !== undefined
}
