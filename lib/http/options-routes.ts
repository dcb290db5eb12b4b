import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { isIn, routesOf } from './route-config.ts'

/** The route `OPTIONS *` with which @fastify/cors lets preflights in. */
export interface Wildcard {
  /** While @fastify/cors is being registered. */
  adding: boolean
}

/** Routes that stand where no request goes. */
let parked = 0

/**
 * One route lets all preflights of a prefix in. Where another registration under the same prefix has that one, each
 * route gets one to itself: the other's policy must not grant preflights for routes that this one governs.
 */
export function shareOptionsRoute (app: FastifyInstance): Wildcard {
  const wildcard: Wildcard = { adding: false }
  const taken = app.hasRoute({ method: 'OPTIONS', url: `${app.prefix || '/'}*` })
  app.addHook('onRoute', function shareOptionsRoute (route) {
    const { method, url, routePath, constraints = {} } = route
    const exists = this.hasRoute({ method: 'OPTIONS', url: url === '*' ? '/*' : url, constraints })
    if (wildcard.adding && routePath === '*') {
      wildcard.adding = false
      // Fastify would throw; @fastify/cors has no option that leaves the route out
      if (exists) route.url = `/fastify-io/preflights/${++parked}`
    } else if (taken && !exists && ![method].flat().includes('OPTIONS')) {
      addOptionsRoute(this, routePath, constraints)
    }
  })
  if (taken) addOptionsToEarlier(app)
  return wildcard
}

/** Routes that were there before this plugin. */
function addOptionsToEarlier (app: FastifyInstance): void {
  for (const { path, method, opts, store } of routesOf(app)) {
    const scope = store?.server as FastifyInstance | undefined
    const constraints = opts?.constraints ?? {}
    if (scope === undefined || method === 'OPTIONS' || !isIn(app, scope)) continue
    if (app.hasRoute({ method: 'OPTIONS', url: path, constraints })) continue
    addOptionsRoute(scope, path.slice(scope.prefix.length) || '/', constraints)
  }
}

function addOptionsRoute (scope: FastifyInstance, path: string, constraints: RouteOptions['constraints'] = {}): void {
  scope.options(path, { schema: { hide: true } as object, constraints }, letIn)
}

/** What @fastify/cors does on its route: only what it has answered, or let continue, is found there. */
function letIn (request: FastifyRequest, reply: FastifyReply): void {
  if ((request as { corsPreflightEnabled?: boolean }).corsPreflightEnabled === true) reply.send()
  else reply.callNotFound()
}
