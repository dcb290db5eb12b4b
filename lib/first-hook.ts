import type { FastifyInstance, onRequestHookHandler } from 'fastify'

/**
 * Puts an `onRequest` hook before those of @fastify/middie and @fastify/express, in each scope that has one.
 *
 * A connect-style middleware may answer on the raw response, and no hook behind it runs then. Fastify has no way to put
 * a hook first, so its list of hooks is looked for; where that is not found, the middlewares keep their head start.
 */
export function addBeforeMiddlewares (app: FastifyInstance, hook: onRequestHookHandler): void {
  const hooks = kept<{ onRequest?: unknown[] }>(app, 'fastify.hooks')
  if (app.hasDecorator('use') && Array.isArray(hooks?.onRequest)) hooks.onRequest.unshift(hook)
  for (const child of kept<FastifyInstance[]>(app, 'fastify.children') ?? []) {
    // one with `originPolicy` has a policy to itself
    if (!Object.hasOwn(child, 'originPolicy')) addBeforeMiddlewares(child, hook)
  }
}

/** What Fastify keeps on each scope under a symbol. */
function kept<Value> (app: FastifyInstance, name: string): Value | undefined {
  const symbol = Object.getOwnPropertySymbols(app).find(({ description }) => description === name)
  return symbol === undefined ? undefined : (app as unknown as Record<symbol, Value>)[symbol]
}
