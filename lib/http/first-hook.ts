import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { childrenOf, requestHooksOf } from './fastify-internals.ts'
import { withhold } from './last-word.ts'

/**
 * Puts an `onRequest` hook before those of @fastify/middie and @fastify/express, in each scope that has one.
 *
 * A connect-style middleware may answer on the raw response, and no hook behind it runs then. Fastify cannot put
 * a hook first, so this changes its own list of hooks. Where that list is not found, middlewares run before us.
 */
export function addBeforeMiddlewares (app: FastifyInstance, hook: onRequestHookHandler): void {
  if (app.hasDecorator('use')) requestHooksOf(app)?.unshift(hook)
  for (const child of governed(app)) addBeforeMiddlewares(child, hook)
}

/**
 * Prepares for hooks that were there before ours, in scopes that are there already too. Such a hook may write CORS
 * headers on the raw response and hijack the reply: no hook behind it runs then, nobody has decided, and the headers
 * are taken off. It may want a token, which no preflight carries: `preflight` runs before it.
 *
 * @param preflight sees each request
 * @returns whether there may be such a hook
 */
export function prepareForEarlier (app: FastifyInstance, preflight: onRequestHookHandler): boolean {
  const hooks = requestHooksOf(app)
  let found = hooks === undefined || hooks.length > 0
  if (found) {
    hooks?.unshift(function withholdCors (_request, reply, done) {
      withhold(reply.raw)
      done()
    }, preflight)
  }
  for (const child of governed(app)) {
    if (prepareForEarlier(child, preflight)) found = true
  }
  return found
}

/** Scopes below that have no policy to themselves. */
function governed (app: FastifyInstance): FastifyInstance[] {
  return childrenOf(app).filter((child) => !Object.hasOwn(child, 'originPolicy'))
}
