import type { ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { Enforcement } from '../config.ts'
import { printable } from '../text.ts'
import { type HeaderList, setVerdict, type Verdict } from './last-word.ts'
import type { Decision } from '../policy/origin/decision.ts'
import type { OriginPolicy } from '../policy/policy.ts'
import { answerPreflight } from '../policy/preflight-answer.ts'
import { merged, names } from './vary.ts'

const NONE: HeaderList = []
const REQUESTED = 'Access-Control-Request-Headers'
const BOTH = `Origin, ${REQUESTED}`

/** What a request with the method OPTIONS is. */
export type Options =
  /** An OPTIONS request that nobody but its route answers, or a request with another method. */
  | 'none'
  /** @fastify/cors answers it with what a preflight is told. */
  | 'preflight'
  /** @fastify/cors answers 400. */
  | 'invalid'

/**
 * Decides which CORS headers an answer leaves with (Fetch, "HTTP responses"); last-word.ts writes them. What is the
 * same for every origin is made once for each version of the policy.
 */
export class CorsHeaders {
  readonly #policy: OriginPolicy
  readonly #enforcement: Enforcement
  readonly #onForeign: Verdict['onForeign']
  #version = -1
  #actual: HeaderList = NONE
  #preflight: HeaderList = NONE
  #reflects = false
  /** What the last preflight asked for. The next one mostly asks for the same: its answer is kept, which saves 7 %. */
  #requested: string | undefined
  #reflected: HeaderList = NONE

  constructor (policy: OriginPolicy, enforcement: Enforcement, log: FastifyBaseLogger) {
    this.#policy = policy
    this.#enforcement = enforcement
    let told = false
    this.#onForeign = (response, name, value) => {
      if (told) return
      told = true
      tellForeign(log, response, name, value)
    }
  }

  /** @param sockets whether the request is for Socket.IO's routes */
  govern (request: FastifyRequest, reply: FastifyReply, decision: Decision, sockets: boolean): void {
    if (this.#version !== this.#policy.version) this.#compile()
    const { emitHeaders } = this.#enforcement
    const options = this.optionsOf(request)
    // A cached answer must serve whoever comes next: a bare `*` is on all (Fetch, "CORS protocol and HTTP caches").
    const any = this.#policy.anyOrigin && !sockets
    const allowOrigin = emitHeaders ? any ? '*' : decision.allowOrigin : undefined
    const varies = this.#varies(decision, sockets)
    const vary = reply.getHeader('vary')
    // where hooks and routes find it; @fastify/cors does so for what it answers
    if (varies && options === 'none') reply.header('vary', vary === undefined ? 'Origin' : merged(vary, 'Origin'))
    setVerdict(reply.raw, {
      allowOrigin,
      list: emitHeaders ? this.#listFor(request, options, allowOrigin) : NONE,
      vary: options === 'preflight' && this.#reflects ? varies ? BOTH : REQUESTED : varies ? 'Origin' : '',
      namesOrigin: varies || options === 'none' || (vary !== undefined && names(vary, 'Origin')),
      // what @fastify/cors writes is ours
      onForeign: options === 'none' ? this.#onForeign : undefined
    })
  }

  optionsOf ({ raw: { method, headers } }: FastifyRequest): Options {
    if (method !== 'OPTIONS') return 'none'
    // Fetch, "CORS-preflight request"
    if (headers.origin !== undefined && headers['access-control-request-method'] !== undefined) return 'preflight'
    if (!this.#policy.crossOrigin) return 'none'
    return this.#policy.options.strictPreflight ? 'invalid' : 'preflight'
  }

  /** Whether another Origin could have been answered otherwise (Fetch, "CORS protocol and HTTP caches"). */
  #varies (decision: Decision, sockets: boolean): boolean {
    const { anyOrigin, crossOrigin } = this.#policy
    const { enforce, emitHeaders } = this.#enforcement
    if (anyOrigin) return sockets && !decision.allowed
    return sockets || enforce === 'all' || (crossOrigin && emitHeaders)
  }

  #listFor ({ raw: { headers } }: FastifyRequest, options: Options, allowOrigin: string | undefined): HeaderList {
    // With strictPreflight: false, @fastify/cors answers OPTIONS without an Origin as it answers one with an Origin.
    const told = allowOrigin !== undefined || (options === 'preflight' && headers.origin === undefined)
    if (!told) return NONE
    if (options !== 'preflight') return this.#actual
    if (!this.#reflects) return this.#preflight
    const requested = headers['access-control-request-headers']
    if (requested !== this.#requested) {
      const answer = answerPreflight(this.#policy.options, requested)
      this.#requested = requested
      this.#reflected = answer.headers === undefined
        ? this.#preflight
        : [...this.#preflight, ['access-control-allow-headers', answer.headers]]
    }
    return this.#reflected
  }

  #compile (): void {
    const { credentials, exposedHeaders, maxAge } = this.#policy.options
    const { methods, headers, reflects } = answerPreflight(this.#policy.options, undefined)
    const actual = {
      'access-control-allow-credentials': credentials ? 'true' : undefined,
      'access-control-expose-headers': exposedHeaders.length > 0 ? exposedHeaders.join(', ') : undefined
    }
    this.#actual = listOf(actual)
    this.#preflight = listOf({
      ...actual,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': headers,
      'access-control-max-age': maxAge === undefined ? undefined : String(maxAge)
    })
    this.#reflects = reflects
    this.#requested = undefined
    this.#reflected = this.#preflight
    this.#version = this.#policy.version
  }
}

function listOf (headers: Record<string, string | undefined>): HeaderList {
  return Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined)
}

/** A header that vanishes without a word costs somebody hours. */
function tellForeign (log: FastifyBaseLogger, { req }: ServerResponse, name: string, value: unknown): void {
  const header = printable(`${name}: ${String(value)}`)
  log.warn({ method: req.method, url: req.url, header }, `${header} was not written by the origin policy, and was ` +
    'taken off the answer: one policy decides for all routes. List the origin in cors.origin, and take other CORS ' +
    'layers out (this line is written once)')
}
