import type { FastifyInstance, RouteOptions } from 'fastify'
import { ConfigError } from '../errors.ts'
import { type ConfigIssue, issue } from '../issues.ts'

/** What Fastify keeps about a route. */
export interface Route {
  readonly path: string
  readonly method?: string
  readonly opts?: Pick<RouteOptions, 'constraints'>
  readonly store?: { readonly server?: object, readonly config?: { readonly cors?: unknown } } | null
}

/**
 * Refuses `config: { cors }` of @fastify/cors on routes, whenever they are registered: one policy governs them all, and
 * what a route says there would be ignored.
 *
 * @throws ConfigError from the route's registration, or from `ready()` for routes that were there first
 */
export function refuseRouteConfig (app: FastifyInstance): void {
  app.addHook('onRoute', function refuseRouteConfig ({ url, config }) {
    const cors = (config as { cors?: unknown } | undefined)?.cors
    if (cors !== undefined) throw new ConfigError([issueOf(url, cors)])
  })
  app.addHook('onReady', async function refuseRouteConfig () {
    const routes = routesOf(app)
    if (routes.length === 0) {
      app.log.warn('the routes of this Fastify cannot be listed: config.cors of a route that was registered before ' +
        'fastify-io is ignored without a word')
    }
    const found = new Map<string, unknown>()
    for (const { path, store } of routes) {
      const server = store?.server
      const cors = store?.config?.cors
      if (cors !== undefined && server !== undefined && isIn(app, server)) found.set(path, cors)
    }
    if (found.size > 0) throw new ConfigError([...found].map(([url, cors]) => issueOf(url, cors)))
  })
}

export function isIn (scope: object, server: object): boolean {
  return server === scope || Object.prototype.isPrototypeOf.call(scope, server)
}

function issueOf (url: string, value: unknown): ConfigIssue {
  const message = `of the route ${url} is not an option: one policy governs all routes`
  const hint = 'a route can have a stricter one: { onRequest: app.narrowOrigin({ origin: … }).route }'
  return issue('CORS_TWICE', '/config/cors', value, { message, hint })
}

/**
 * Every route of the app, also those that were there before any hook of ours. Fastify has no list of them. But its
 * printout calls a function for each route, and takes that function from the options.
 */
export function routesOf (app: FastifyInstance): Route[] {
  const routes: Route[] = []
  const options = {
    includeMeta: true,
    get buildPrettyMeta () {
      return (route: Route): object => {
        routes.push(route)
        return {}
      }
    },
    // the router puts its function here
    set buildPrettyMeta (_function: unknown) {}
  }
  app.printRoutes(options as object)
  return routes
}
