import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { withhold } from './last-word.ts'

/**
 * Puts an `onRequest` hook before those of @fastify/middie and @fastify/express, in each scope that has one.
 *
 * A connect-style middleware may answer on the raw response, and no hook behind it runs then. Fastify has no way to put
 * a hook first, so its list of hooks is looked for; where that is not found, the middlewares keep their head start.
 */
export function addBeforeMiddlewares (app: FastifyInstance, hook: onRequestHookHandler): void {
  if (app.hasDecorator('use')) requestHooksOf(app)?.unshift(hook)
  for (const child of childrenOf(app)) addBeforeMiddlewares(child, hook)
}

/**
 * Lets no CORS header leave that a hook before ours writes on the raw response: no hook behind it runs when it hijacks the
 * reply, so that nobody would have decided. Scopes that are there already have such hooks too.
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
  for (const child of childrenOf(app)) {
    if (withholdBefore(child)) found = true
  }
  return found
}

/** Scopes below that have no policy to themselves. */
function childrenOf (app: FastifyInstance): FastifyInstance[] {
  const children = kept<FastifyInstance[]>(app, 'fastify.children') ?? []
  return children.filter((child) => !Object.hasOwn(child, 'originPolicy'))
}

function requestHooksOf (app: FastifyInstance): onRequestHookHandler[] | undefined {
  const hooks = kept<{ onRequest?: onRequestHookHandler[] }>(app, 'fastify.hooks')?.onRequest
  return Array.isArray(hooks) ? hooks : undefined
}

/** What Fastify keeps on each scope under a symbol. */
function kept<Value> (app: FastifyInstance, name: string): Value | undefined {
  const symbol = Object.getOwnPropertySymbols(app).find(({ description }) => description === name)
  return symbol === undefined ? undefined : (app as unknown as Record<symbol, Value>)[symbol]
}
