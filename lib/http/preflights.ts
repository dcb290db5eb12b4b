import fastifyCors, { type FastifyCorsOptions, type FastifyCorsOptionsDelegate } from '@fastify/cors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CorsHeaders } from './cors-headers.ts'
import type { PolicyOptions } from '../policy/options/cors-options.ts'
import type { OriginPolicy } from '../policy/policy.ts'
import { shareOptionsRoute } from './options-routes.ts'
import { refuseSecondCors } from './second-cors.ts'

interface Preflights {
  readonly policy: OriginPolicy
  readonly cors: CorsHeaders
  /** Of the route that lets preflights in; `undefined` for the app's own. */
  readonly logLevel: FastifyCorsOptions['logLevel']
}

/**
 * Registers @fastify/cors, which answers every preflight of the scope, on REST and on Socket.IO's path, before any
 * hook that is registered later. The origin hook has decided by then; a request that is no preflight passes.
 */
export async function answerPreflights (app: FastifyInstance, { policy, cors, logLevel }: Preflights): Promise<void> {
  let version = -1
  let answers: Answers
  function delegator (request: FastifyRequest): Settled {
    const options = cors.optionsOf(request)
    // a nearer scope may have a policy to itself
    if (options === 'none' || request.server.originPolicy !== policy) return PASS
    if (version !== policy.version) {
      answers = answersOf(policy)
      version = policy.version
    }
    const granted = policy.anyOrigin || request.originDecision.allowOrigin !== undefined
    return answers[options][granted ? 'granted' : 'bare']
  }
  const wildcard = shareOptionsRoute(app)
  refuseSecondCors(app, () => { wildcard.adding = true })
  await app.register(fastifyCors, {
    delegator: delegator as unknown as FastifyCorsOptionsDelegate,
    ...(logLevel !== undefined && { logLevel })
  })
}

/**
 * Makes a reply the answer to a preflight, as @fastify/cors does on REST: on Socket.IO's path, and where an earlier
 * hook has refused one. conformance.test.ts holds the two to the same headers. The caller sends it.
 *
 * It is tempting to leave these to @fastify/cors too. But it fills in all its options for each request. On Node 20 an
 * injected preflight then takes 47 µs of CPU instead of 40, and the benchmark's ratio to stock Socket.IO falls to 0.8.
 * A page that sends further headers asks before each poll that no cache covers.
 */
export function writePreflight (reply: FastifyReply, policy: PolicyOptions): FastifyReply {
  const { optionsSuccessStatus, cacheControl } = policy
  if (cacheControl !== undefined) {
    reply.header('cache-control', typeof cacheControl === 'number' ? `max-age=${cacheControl}` : cacheControl)
  }
  return reply.code(optionsSuccessStatus).header('content-length', '0')
}

/** What @fastify/cors is to do with an OPTIONS request, for an origin that is allowed and for any other. */
type Answers = Readonly<Record<'preflight' | 'invalid', Readonly<Record<'granted' | 'bare', Settled>>>>

function answersOf (policy: OriginPolicy): Answers {
  const both = (strictPreflight: boolean): Answers['preflight'] => {
    const granted = Object.freeze({ ...optionsOf(policy), strictPreflight })
    // An empty list allows no origin: a refused preflight has the status of a granted one, and no CORS header.
    const bare = Object.freeze({ ...granted, origin: [], credentials: false })
    return { granted: new Settled(granted), bare: new Settled(bare) }
  }
  return { preflight: both(false), invalid: both(true) }
}

function optionsOf ({ options, anyOrigin }: OriginPolicy): FastifyCorsOptions {
  const { allowedHeaders, exposedHeaders, maxAge, cacheControl } = options
  return {
    // `true` reflects the Origin, which the policy has allowed by then
    origin: anyOrigin ? '*' : true,
    credentials: options.credentials,
    methods: options.methods.join(', '),
    ...(allowedHeaders !== undefined && { allowedHeaders: allowedHeaders.join(', ') }),
    ...(exposedHeaders.length > 0 && { exposedHeaders: exposedHeaders.join(', ') }),
    ...(maxAge !== undefined && { maxAge }),
    ...(cacheControl !== undefined && { cacheControl }),
    preflightContinue: options.preflightContinue,
    optionsSuccessStatus: options.optionsSuccessStatus
  }
}

/** A promise of options that is settled already, and says so at once: a real one costs each request two ticks. */
class Settled {
  readonly #options: FastifyCorsOptions | undefined

  /** @param options `undefined` for a promise that was rejected with nothing */
  constructor (options?: FastifyCorsOptions) {
    this.#options = options
  }

  then (fulfilled: (options: FastifyCorsOptions) => void): this {
    if (this.#options !== undefined) fulfilled(this.#options)
    return this
  }

  catch (rejected: () => void): this {
    if (this.#options === undefined) rejected()
    return this
  }
}

/**
 * Passes a request that is no preflight. @fastify/cors hands the empty rejection to Fastify, and the request goes on.
 *
 * It is tempting to answer `{ origin: false }`. But @fastify/cors would fill in all defaults for each request, which
 * takes Node 20 longer than all that it does with static options, and let `Vary` name Origin whatever the policy is.
 */
const PASS = new Settled()
