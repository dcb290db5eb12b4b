import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ConfigError } from './errors.ts'
import type { OriginPolicy } from './policy/policy.ts'

export type Hook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/**
 * Makes the hook that writes the headers of a REST preflight with @fastify/cors, for origins that the policy allows; all
 * other requests get theirs from cors-headers.ts, which spares each the options of its route.
 *
 * The plugin's own hook is called, not added. Left to itself it would write Allow-Credentials for refused origins, and
 * could not follow a policy that changes. It never ends the request: a preflight's answer is the caller's.
 */
export function createPreflightWriter (app: FastifyInstance, policy: OriginPolicy): Hook {
  let version = policy.version
  let write = captureHook(app, optionsOf(policy), (url, options, handler) => letPreflightsIn(app, url, options, handler))
  return function writePreflight (request, reply, done) {
    if (version !== policy.version) {
      write = captureHook(app, optionsOf(policy), () => {})
      version = policy.version
    }
    write(request, reply, done)
  }
}

function optionsOf ({ options, anyOrigin }: OriginPolicy): FastifyCorsOptions {
  const { credentials, methods, allowedHeaders, exposedHeaders, maxAge, cacheControl } = options
  return {
    // `true` reflects the Origin, which the policy has allowed by then
    origin: anyOrigin ? '*' : true,
    credentials,
    methods: [...methods],
    ...(allowedHeaders !== undefined && { allowedHeaders: [...allowedHeaders] }),
    ...(exposedHeaders.length > 0 && { exposedHeaders: [...exposedHeaders] }),
    ...(maxAge !== undefined && { maxAge }),
    ...(cacheControl !== undefined && { cacheControl }),
    preflightContinue: true,
    strictPreflight: false
  }
}

/**
 * Refuses `config: { cors }` of @fastify/cors on routes: it could widen what the policy grants.
 *
 * @throws ConfigError from the route's registration
 */
export function refuseRouteConfig (app: FastifyInstance): void {
  app.addHook('onRoute', ({ url, config }) => {
    const value = (config as { cors?: unknown } | undefined)?.cors
    if (value === undefined) return
    throw new ConfigError([{ code: 'UNKNOWN_OPTION', path: '/config/cors', value, message: `of the route ${url} is not an option: one policy governs all routes`, hint: 'a route can have a stricter one: { onRequest: app.narrowOrigin({ origin: … }).route }' }])
  })
}

type AddOptionsRoute = (url: string, options: object, handler: () => void) => void

/**
 * One route lets all preflights of a scope in. Where another registration under the same prefix has that one, each route
 * gets its own: the other's policy must not grant preflights for routes that this one governs.
 */
function letPreflightsIn (app: FastifyInstance, url: string, options: object, handler: () => void): void {
  if (!app.hasRoute({ method: 'OPTIONS', url: `${app.prefix || '/'}${url}` })) {
    app.options(url, options, handler)
    return
  }
  app.addHook('onRoute', function ({ method, url, routePath, constraints = {} }) {
    if ([method].flat().includes('OPTIONS') || this.hasRoute({ method: 'OPTIONS', url, constraints })) return
    this.options(routePath, { ...options, constraints }, handler)
  })
}

/** Runs @fastify/cors on the instance, but keeps its hook for us; its decorator and `OPTIONS *` route stand as ever. */
function captureHook (app: FastifyInstance, options: FastifyCorsOptions, addOptionsRoute: AddOptionsRoute): Hook {
  let hook: Hook | undefined
  const host = Object.create(app, {
    addHook: { value: (_name: string, added: Hook) => { hook = added } },
    // a value, not a getter: Fastify then refuses a second @fastify/cors, which could widen the policy, in every child too
    decorateRequest: { value: (name: string, value: never) => app.hasRequestDecorator(name) || app.decorateRequest(name, value) },
    options: { value: addOptionsRoute }
  })
  fastifyCors(host, options as never, () => {})
  return hook!
}
