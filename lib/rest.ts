import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OriginPolicy } from './policy/policy.ts'

type Done = (error?: Error) => void
export type Hook = (request: FastifyRequest, reply: FastifyReply, done: Done) => void
type Delegator = (request: FastifyRequest, answer: (error: Error | null, options: FastifyCorsOptions) => void) => void

/** @returns whether a request is a CORS preflight (Fetch, "CORS-preflight request") */
export function isPreflight ({ raw: { method, headers } }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}

/**
 * Makes the hook that writes a policy's CORS headers with @fastify/cors, for requests that the policy has allowed.
 *
 * The plugin's own hook is called, not added. Left to itself it would write Allow-Credentials for refused origins,
 * let a route's config widen the policy, and vary a bare `*` on Origin.
 *
 * @param preflightHeaders what a preflight is to be answered with, beyond the origin and credentials
 */
export async function createCorsWriter (
  app: FastifyInstance,
  policy: OriginPolicy,
  preflightHeaders: (request: FastifyRequest) => FastifyCorsOptions
): Promise<Hook> {
  let version = -1
  let shared: FastifyCorsOptions = {}
  let actual: FastifyCorsOptions = {}
  const write = await captureHook(app, (request, answer) => {
    if (version !== policy.version) {
      version = policy.version
      const { credentials, exposedHeaders, maxAge, cacheControl } = policy.options
      // `true` reflects the Origin, which the policy has allowed by now
      shared = { origin: policy.anyOrigin ? '*' : true, credentials, preflightContinue: true, strictPreflight: false, ...(maxAge !== undefined && { maxAge }), ...(cacheControl !== undefined && { cacheControl }) }
      actual = { ...shared, preflight: false, ...(exposedHeaders.length > 0 && { exposedHeaders: [...exposedHeaders] }) }
    }
    answer(null, isPreflight(request) ? { ...shared, ...preflightHeaders(request) } : actual)
  })
  return function writeCors (request, reply, done) {
    if (!policy.anyOrigin) return write(request, reply, done)
    // The plugin varies every answer on Origin; a bare `*` is the same for all of them.
    const vary = reply.getHeader('vary')
    write(request, reply, (error) => {
      if (vary === undefined) reply.removeHeader('vary')
      else reply.header('vary', vary)
      done(error)
    })
  }
}

/** Registers @fastify/cors with its hook kept for us; its decorator and its `OPTIONS *` route stand as ever. */
function captureHook (app: FastifyInstance, delegator: Delegator): Promise<Hook> {
  return new Promise((resolve, reject) => {
    let hook: Hook | undefined
    const host = Object.create(app, {
      addHook: { value: (_name: string, added: Hook) => { hook = added } },
      decorateRequest: { value: app.decorateRequest.bind(app) },
      // two registrations in one prefix share the route that lets preflights in
      options: { value: (url: string, ...rest: [object, () => void]) => app.hasRoute({ method: 'OPTIONS', url: app.prefix + url }) || app.options(url, ...rest) }
    })
    const options: FastifyCorsOptions & { delegator: Delegator } = { delegator }
    fastifyCors(host, options as never, (error) => error ? reject(error) : resolve(hook!))
  })
}
