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
 * Takes off the CORS headers that a hook before ours writes on the raw response. When that hook hijacks the reply, no
 * hook behind it runs, so nobody has decided. Scopes that are there already have such hooks too.
 *
 * @returns whether there may be such a hook
 */
export function withholdBefore (app: FastifyInstance): boolean {
  const hooks = requestHooksOf(app)
  let found = hooks === undefined || hooks.length > 0
  if (found) {
    hooks?.unshift(function withholdCors (_request, reply, done) {
      withhold(reply.raw)
      done()
    })
  }
  for (const child of governed(app)) {
    if (withholdBefore(child)) found = true
  }
  return found
}

/** Scopes below that have no policy to themselves. */
function governed (app: FastifyInstance): FastifyInstance[] {
  return childrenOf(app).filter((child) => !Object.hasOwn(child, 'originPolicy'))
}
