import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OriginPolicy } from './policy/policy.ts'
import { answerPreflight } from './policy/preflight.ts'

/**
 * Writes CORS headers (Fetch, "HTTP responses"): what is the same for every origin is made once for each version of the
 * policy.
 */
export class CorsHeaders {
  readonly #policy: OriginPolicy
  #version = -1
  #actual: Record<string, string> = {}
  #preflight: Record<string, string> = {}

  constructor (policy: OriginPolicy) {
    this.#policy = policy
  }

  /** @param allowOrigin of the decision */
  write (request: FastifyRequest, reply: FastifyReply, allowOrigin: string, preflight: boolean): void {
    if (this.#version !== this.#policy.version) this.#compile()
    reply.header('access-control-allow-origin', allowOrigin)
    reply.headers(preflight ? this.#preflight : this.#actual)
    if (!preflight || this.#policy.options.allowedHeaders !== undefined) return
    const { headers } = answerPreflight(this.#policy.options, request.raw.headers['access-control-request-headers'])
    if (headers !== undefined) reply.header('access-control-allow-headers', headers)
  }

  #compile (): void {
    const { credentials, exposedHeaders, maxAge, cacheControl } = this.#policy.options
    const { methods, headers } = answerPreflight(this.#policy.options, undefined)
    const shared: Record<string, string> = credentials ? { 'access-control-allow-credentials': 'true' } : {}
    this.#actual = { ...shared, ...(exposedHeaders.length > 0 && { 'access-control-expose-headers': exposedHeaders.join(', ') }) }
    this.#preflight = {
      ...shared,
      ...(methods !== undefined && { 'access-control-allow-methods': methods }),
      ...(headers !== undefined && { 'access-control-allow-headers': headers }),
      ...(maxAge !== undefined && { 'access-control-max-age': String(maxAge) }),
      ...(cacheControl !== undefined && { 'cache-control': typeof cacheControl === 'number' ? `max-age=${cacheControl}` : cacheControl })
    }
    this.#version = this.#policy.version
  }
}
