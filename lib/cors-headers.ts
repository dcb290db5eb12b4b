import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OriginPolicy } from './policy/policy.ts'
import { answerPreflight } from './policy/preflight.ts'

type Header = [name: string, value: string]

/**
 * Writes CORS headers (Fetch, "HTTP responses"): what is the same for every origin is made once for each version of the
 * policy.
 */
export class CorsHeaders {
  readonly #policy: OriginPolicy
  #version = -1
  #actual: readonly Header[] = []
  #preflight: readonly Header[] = []
  #reflects = false

  constructor (policy: OriginPolicy) {
    this.#policy = policy
  }

  /** @param allowOrigin of the decision */
  write (request: FastifyRequest, reply: FastifyReply, allowOrigin: string, preflight: boolean): void {
    if (this.#version !== this.#policy.version) this.#compile()
    reply.header('access-control-allow-origin', allowOrigin)
    const list = preflight ? this.#preflight : this.#actual
    for (let at = 0; at < list.length; at++) reply.header(list[at]![0], list[at]![1])
    if (!preflight || !this.#reflects) return
    const { headers } = answerPreflight(this.#policy.options, request.raw.headers['access-control-request-headers'])
    if (headers !== undefined) reply.header('access-control-allow-headers', headers)
  }

  #compile (): void {
    const { credentials, exposedHeaders, maxAge, cacheControl } = this.#policy.options
    const { methods, headers, reflects } = answerPreflight(this.#policy.options, undefined)
    const shared = { 'access-control-allow-credentials': credentials ? 'true' : undefined }
    this.#actual = listOf({ ...shared, 'access-control-expose-headers': exposedHeaders.length > 0 ? exposedHeaders.join(', ') : undefined })
    this.#preflight = listOf({
      ...shared,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': headers,
      'access-control-max-age': maxAge === undefined ? undefined : String(maxAge),
      'cache-control': typeof cacheControl === 'number' ? `max-age=${cacheControl}` : cacheControl
    })
    this.#reflects = reflects
    this.#version = this.#policy.version
  }
}

function listOf (headers: Record<string, string | undefined>): Header[] {
  return Object.entries(headers).filter((header): header is Header => header[1] !== undefined)
}
