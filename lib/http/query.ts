import type { FastifyRequest } from 'fastify'

/**
 * The query as Engine.IO parses it: strings only, and the last of a repeated name. Fastify's own parser gives arrays
 * for those, and a parser of the user's may give anything.
 */
export function queryOf (request: FastifyRequest): Record<string, string> {
  const query = request.query as Record<string, unknown> | undefined
  if (typeof query !== 'object' || query === null) return parse(request)
  for (const name in query) {
    if (typeof query[name] !== 'string') return parse(request)
  }
  return query as Record<string, string>
}

function parse ({ raw }: FastifyRequest): Record<string, string> {
  const url = raw.url!
  const at = url.indexOf('?')
  return Object.fromEntries(new URLSearchParams(at === -1 ? '' : url.slice(at + 1)))
}
