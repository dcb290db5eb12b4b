import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { parseOptions } from './config.ts'
import { CorsHeaders } from './http/cors-headers.ts'
import { RefusalLog } from './log/refusal-log.ts'
import type { EngineError } from './log/engine-refusals.ts'
import type { ConfigIssue } from './issues.ts'
import { settled } from './http/last-word.ts'
import { markLoopback } from './http/loopback.ts'
import { narrowOrigin } from './narrow.ts'
import type { CorsOptions, FastifyIOOptions } from './options.ts'
import type { OriginPolicy } from './policy/policy.ts'
import { addOriginHook } from './http/origin-hook.ts'
import { answerPreflights } from './http/preflights.ts'
import { refuseRouteConfig } from './http/route-config.ts'
import { corsOf } from './http/second-cors.ts'
import { revokeSessions } from './sockets/revoke.ts'
import { registerSocketRoutes, socketPath } from './sockets/routes.ts'
import { isUpgrade } from './http/request-marks.ts'
import { reportSecondSocketIO } from './sockets/second-socketio.ts'
import { createSockets } from './sockets/server.ts'
import { routeUpgrades } from './sockets/upgrades/dispatcher.ts'

const WORKER = 'statelessHandshake is off: this is a node:cluster worker without a handshakeSecret'
const WORKER_HINT = 'set handshakeSecret, the same in all workers, or statelessHandshake: false'

const plugin: FastifyPluginAsync<FastifyIOOptions> = async (app, options) => {
  const config = parseOptions(options, corsOf(app))
  const { policy, enforcement, serverOptions } = config
  const path = app.prefix + socketPath(config)
  const log = new RefusalLog(app.log, policy)
  const sockets = createSockets(app, config, path, log)

  app.decorate('io', sockets.io)
  app.decorate('originPolicy', policy)
  app.decorate('narrowOrigin', (cors: CorsOptions) => narrowOrigin(policy, log, cors))
  app.decorateReply('hijackWithCors', hijackWithCors)
  markLoopback(app)

  refuseRouteConfig(app)
  const cors = new CorsHeaders(policy, enforcement, app.log)
  const { refused: onRefused, farewells } = sockets.engine
  addOriginHook(app, { policy, enforcement, cors, log, onRefused, farewells })
  await answerPreflights(app, { policy, cors, logLevel: options.logLevel })
  sockets.engine.on('connection_error', (error: EngineError) => log.refusedByEngine(error, isUpgrade(error.req)))
  await registerSocketRoutes(app, config, sockets)
  const unroute = routeUpgrades(app, path, serverOptions)
  reportSecondSocketIO(app)

  if (config.unsharedWorker) app.log.warn({ hint: WORKER_HINT }, WORKER)
  warn(app, config.warnings)
  warnOf(app, policy)
  const unsubscribe = [
    policy.onError((error, origin) => log.failed('the origin function failed; the origin is refused', error, origin)),
    policy.onChange(() => {
      warnOf(app, policy)
      if (enforcement.onRevoke === 'disconnect') {
        revokeSessions(sockets, policy).catch((err) =>
          app.log.error({ err }, 'sockets of a changed policy could not be revoked')
        )
      }
    })
  ]
  // not awaited: a function that hangs must not hold up the start
  app.addHook('onReady', async () => {
    auditOrigins(policy, app).catch((err) => app.log.error({ err }, 'the attack on the origin function failed'))
  })
  app.addHook('preClose', async () => {
    unroute()
    // the policy may outlive this app
    for (const off of unsubscribe) off()
    await sockets.io.close()
  })
}

function warn (app: FastifyInstance, warnings: readonly ConfigIssue[]): void {
  for (const { code, path, message, hint } of warnings) {
    const where = path.slice(1).replaceAll('/', '.')
    app.log.warn({ code, path, hint }, where === '' ? message : `${where}: ${message}`)
  }
}

function warnOf (app: FastifyInstance, { warnings }: OriginPolicy): void {
  warn(app, warnings.map((warning) => ({ ...warning, path: `/cors${warning.path}` })))
}

/** The attack on an origin function, once at start-up; it needs an origin that the function allows to begin from. */
async function auditOrigins (policy: OriginPolicy, app: FastifyInstance): Promise<void> {
  const finding = await policy.auditFunction(app)
  if (finding !== undefined) {
    app.log.warn(
      { code: finding.code, proof: finding.proof, hint: finding.hint },
      `cors.origin: ${finding.message}; ${finding.proof} is accepted`
    )
  }
}

/**
 * Takes a reply out of Fastify's hands (`reply.hijack()`) without losing the headers that hooks have set on it, CORS
 * and `Vary` among them: for server-sent events and streams that write to the raw response.
 *
 * @returns the raw response, its headers set and not sent yet
 */
function hijackWithCors (this: FastifyReply): ServerResponse {
  for (const [name, value] of Object.entries(settled(this.raw, this.getHeaders() as OutgoingHttpHeaders))) {
    if (value !== undefined) this.raw.setHeader(name, value)
  }
  this.hijack()
  return this.raw
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
