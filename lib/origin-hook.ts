import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Enforcement } from './config.ts'
import { CorsHeaders } from './cors-headers.ts'
import type { RefusalLog } from './diagnostics.ts'
import type { Decision } from './policy/decision.ts'
import type { OriginPolicy } from './policy/policy.ts'
import { answerPreflight } from './policy/preflight.ts'
import type { Hook } from './rest.ts'
import type { Farewells } from './sockets/farewells.ts'
import { inOneWrite } from './sockets/one-write.ts'
import { type Decided, kPolicyVersion } from './sockets/session.ts'
import { isUpgrade } from './sockets/request-marks.ts'

/** Decorates requests: `engine` for polling and upgrades, `client` for the files of Socket.IO's client. */
export const kRoute = Symbol('fastify-io.route')
export type RouteKind = 'engine' | 'client'

/** Told of every refusal on the engine's route, for Engine.IO's `connection_error` event. */
export type OnRefused = (request: IncomingMessage, code: number, context: object) => void

interface OriginHook {
  policy: OriginPolicy
  enforcement: Enforcement
  log: RefusalLog
  writePreflight: Hook
  onRefused: OnRefused
  farewells: Farewells
}

/** A REST request refused under `enforce: 'all'`; goes through the app's own error handler. */
class OriginRefusedError extends Error {
  readonly statusCode = 403
  readonly code = 'FST_IO_ORIGIN_REFUSED'
}

/**
 * The one place where a request meets the policy: decides, leaves the decision on the request, and then refuses it,
 * answers its preflight, or lets it pass with its CORS headers.
 */
export function addOriginHook (app: FastifyInstance, hook: OriginHook): void {
  const { policy, enforcement, log, writePreflight, onRefused, farewells } = hook
  const cors = new CorsHeaders(policy)
  app.decorateRequest('originDecision')
  app.decorateRequest(kPolicyVersion, -1)
  app.addHook('onRequest', function originHook (request, reply, done) {
    // before the decision: a function may still answer by the policy of today when there is a new one
    ;(request as Decided)[kPolicyVersion] = policy.version
    const decision = policy.decide(request.raw.headers.origin, request)
    // decide() never rejects: what fails is refused
    if (decision instanceof Promise) decision.then((late) => settle(request, reply, done, late), done)
    else settle(request, reply, done, decision)
  })

  function settle (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void, decision: Decision): void {
    request.originDecision = decision
    if (decision.reason === 'missing') log.checkMissing(decision, request)
    const kind = (request as { [kRoute]?: RouteKind })[kRoute]
    if (varies(decision, kind)) addVary(reply, 'Origin')

    if (kind !== undefined && !decision.allowed && !(kind === 'client' && request.raw.headers.origin === undefined)) {
      return refuseSocket(request, reply, decision)
    }
    if (kind === 'engine' && !enforcement.jsonp && (request.query as { j?: unknown }).j !== undefined) {
      return refuseJsonp(request, reply)
    }
    if (kind === undefined && !decision.allowed && decision.reason !== 'missing') {
      const enforced = enforcement.enforce === 'all' && !isNavigation(request, decision)
      // An image from elsewhere, or a server with no cross-origin clients, is nothing to report.
      if (enforced || (policy.crossOrigin && request.raw.headers.origin !== undefined)) log.refuse(request.raw.headers.origin, 'rest', decision, request)
      if (enforced) return done(new OriginRefusedError(`Origin refused: ${decision.reason}`))
    }
    if (request.raw.method === 'OPTIONS' && kind !== 'client') return options(request, reply, done, decision, kind)
    writeHeaders(request, reply, done, decision, kind)
  }

  function writeHeaders (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void, { allowOrigin }: Decision, kind: RouteKind | undefined): void {
    if (allowOrigin === undefined || !enforcement.emitHeaders) return done()
    if (kind === undefined && request.raw.method === 'OPTIONS') return writePreflight(request, reply, done)
    cors.write(request, reply, allowOrigin, false)
    done()
  }

  /** Refused preflights are answered like allowed ones, only without a header: the browser then tells its developer. */
  function options (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void, decision: Decision, kind: RouteKind | undefined): void {
    if (!isPreflight(request)) {
      if (!policy.options.strictPreflight || !policy.crossOrigin) return writeHeaders(request, reply, done, decision, kind)
      if (varies(decision, kind)) addVary(reply, 'Origin')
      reply.code(400).type('text/plain').send('Invalid Preflight Request')
      return
    }
    const requested = request.raw.headers['access-control-request-headers']
    if (requested !== undefined && policy.options.allowedHeaders === undefined) addVary(reply, 'Access-Control-Request-Headers')
    if (kind !== undefined) {
      if (decision.allowOrigin !== undefined && enforcement.emitHeaders) cors.write(request, reply, decision.allowOrigin, true)
      return answerOptions(reply, done)
    }
    writeHeaders(request, reply, (error) => {
      if (error) return done(error)
      // @fastify/cors reflects whatever is asked for
      if (answerPreflight(policy.options, requested).headers === undefined) reply.removeHeader('access-control-allow-headers')
      answerOptions(reply, done)
    }, decision, kind)
  }

  function answerOptions (reply: FastifyReply, done: () => void): void {
    const { optionsSuccessStatus, preflightContinue } = policy.options
    if (preflightContinue) return done()
    reply.code(optionsSuccessStatus).header('content-length', '0').send()
  }

  /** Whether another Origin could have been answered otherwise (Fetch, "CORS protocol and HTTP caches"). */
  function varies (decision: Decision, kind: RouteKind | undefined): boolean {
    if (policy.anyOrigin) return !decision.allowed
    return kind !== undefined || enforcement.enforce === 'all' || (policy.crossOrigin && enforcement.emitHeaders)
  }

  function refuseSocket (request: FastifyRequest, reply: FastifyReply, decision: Decision): void {
    const farewell = farewells.take(request)
    if (farewell !== undefined) {
      reply.type('text/plain; charset=UTF-8').header('cache-control', 'no-store').send(farewell)
      return
    }
    log.refuse(request.raw.headers.origin, transportOf(request), decision, request)
    onRefused(request.raw, 4, { name: 'ORIGIN_REFUSED', origin: request.raw.headers.origin, reason: decision.reason })
    inOneWrite(reply.raw)
    reply.code(403).type(JSON_TYPE).send(refusalBody(decision.reason))
  }

  function refuseJsonp (request: FastifyRequest, reply: FastifyReply): void {
    log.refuse(request.raw.headers.origin, 'polling', 'jsonp', request)
    onRefused(request.raw, 3, { name: 'JSONP_REFUSED' })
    reply.code(400).type(JSON_TYPE).send('{"code":3,"message":"Bad request","reason":"jsonp"}')
  }
}

/** Fastify would add the charset to each. */
const JSON_TYPE = 'application/json; charset=utf-8'

const bodies = new Map<string, string>()

function refusalBody (reason: Decision['reason']): string {
  let body = bodies.get(reason)
  if (body === undefined) bodies.set(reason, body = JSON.stringify({ code: 4, message: 'Forbidden', reason }))
  return body
}

function transportOf (request: FastifyRequest): 'polling' | 'websocket' {
  return isUpgrade(request.raw) ? 'websocket' : 'polling'
}

/** A person who followed a link from elsewhere (Fetch Metadata, Sec-Fetch-Mode); it carries no Origin. */
function isNavigation ({ raw: { headers } }: FastifyRequest, decision: Decision): boolean {
  return decision.reason === 'cross-site' && headers['sec-fetch-mode'] === 'navigate'
}

/** Fetch, "CORS-preflight request". */
function isPreflight ({ raw: { method, headers } }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}

function addVary (reply: FastifyReply, name: string): void {
  const vary = reply.getHeader('vary')
  if (vary === undefined || vary === '') {
    reply.header('vary', name)
    return
  }
  const names = String(vary).toLowerCase().split(/\s*,\s*/)
  if (!names.includes('*') && !names.includes(name.toLowerCase())) reply.header('vary', `${vary}, ${name}`)
}
