import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { parseOptions } from './config.ts'
import { CorsHeaders } from './http/cors-headers.ts'
import { hijackWithCors } from './http/hijack-with-cors.ts'
import { markLoopback } from './http/loopback.ts'
import { addOriginHook } from './http/origin-hook.ts'
import { answerPreflights } from './http/preflights.ts'
import { isUpgrade } from './http/request-marks.ts'
import { refuseRouteConfig } from './http/route-config.ts'
import { corsOf } from './http/second-cors.ts'
import { Counters } from './log/counters.ts'
import type { EngineError } from './log/engine-refusals.ts'
import { attackWhenReady, logPolicyWarnings, logWarnings } from './log/policy-warnings.ts'
import { RefusalLog } from './log/refusal-log.ts'
import { narrowOrigin } from './narrow.ts'
import type { CorsOptions, FastifyIOOptions } from './options.ts'
import { announceRetry, drainOnClose } from './sockets/closing.ts'
import { followNarrowed, followPolicy } from './sockets/follow-policy.ts'
import { registerSocketRoutes, socketPath } from './sockets/routes.ts'
import { reportSecondSocketIO } from './sockets/second-socketio.ts'
import { createSockets } from './sockets/server.ts'
import { routeUpgrades } from './sockets/upgrades/dispatcher.ts'

const WORKER = 'statelessHandshake is off: this is a node:cluster worker without a handshakeSecret'
const WORKER_HINT = 'set handshakeSecret, the same in all workers, or statelessHandshake: false'

const plugin: FastifyPluginAsync<FastifyIOOptions> = async (app, options) => {
  const config = parseOptions(options, corsOf(app))
  const { policy, enforcement, serverOptions } = config
  const path = app.prefix + socketPath(config)
  const counters = new Counters()
  const log = new RefusalLog(app.log, policy, enforcement, counters)
  const cors = new CorsHeaders(policy, enforcement, app.log)
  const sockets = createSockets(app, config, path, log, counters)
  const { io, engine } = sockets

  app.decorate('io', io)
  app.decorate('originPolicy', policy)
  app.decorate('narrowOrigin', (cors: CorsOptions) => {
    const narrowed = narrowOrigin(policy, enforcement, log, cors)
    followNarrowed(app, { policy: narrowed.policy, enforcement, log, sockets })
    return narrowed
  })
  app.decorateReply('hijackWithCors', hijackWithCors)

  // every request, before any hook of the user's
  markLoopback(app)
  refuseRouteConfig(app)
  const { refused: onRefused, farewells } = engine
  addOriginHook(app, { policy, enforcement, cors, log, onRefused, farewells })
  await answerPreflights(app, { policy, cors, logLevel: options.logLevel })

  // Socket.IO's requests
  engine.on('connection_error', (error: EngineError) => log.refusedByEngine(error, isUpgrade(error.req)))
  await registerSocketRoutes(app, config, sockets)
  const unroute = routeUpgrades(app, path, serverOptions)
  reportSecondSocketIO(app)
  if (config.closeSpread > 0) drainOnClose(app, engine, config.closeSpread)

  if (config.unsharedWorker) app.log.warn({ hint: WORKER_HINT }, WORKER)
  logWarnings(app.log, config.warnings)
  logPolicyWarnings(app.log, policy, enforcement)
  attackWhenReady(app, policy)

  const unfollow = followPolicy(app, { policy, enforcement, log, sockets })
  app.addHook('preClose', async function closeSocketIO () {
    unroute()
    announceRetry(app, path, engine)
    unfollow()
    await io.close()
  })
}

/**
 * Socket.IO on Fastify, with one origin policy for REST, long-polling and WebSocket.
 *
 * Options are Socket.IO's own, flat, and `cors`. Decorates the registering instance and its children with `io` and
 * `originPolicy`.
 *
 * @throws ConfigError at registration, with every mistake in the options
 */
export const fastifyIO: FastifyPluginAsync<FastifyIOOptions> = fp(plugin, { fastify: '5.x', name: 'fastify-io' })
