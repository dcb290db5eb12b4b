import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fastifyCookie from '@fastify/cookie'
import fastifyCors from '@fastify/cors'
import Fastify, { type FastifyInstance } from 'fastify'
import { Server } from 'socket.io'
import fastifyIO, { type CorsOptions } from '../../lib/index.ts'
import type { Refused } from './probe-record.ts'
import { Recorder } from './recorder.ts'
import { addRoutes } from './routes.ts'
import { serveSockets } from './sockets.ts'

export interface Backend {
  readonly app: FastifyInstance
  /** The name to listen at. */
  readonly host: string
  readonly recorder: Recorder
}

/** ms that a plugin has to start, on a busy machine too. */
const START = 60_000

/** Told every line of the log. */
type Log = (line: string) => void

/** REST and Socket.IO under one policy. */
export async function createBackend (cors: CorsOptions, log: Log): Promise<Backend> {
  const recorder = new Recorder()
  const app = createApp(recorder, log)
  // before the plugin, so that its log lines are written while the request is watched
  app.addHook('onRequest', (request, _reply, done) => recorder.watch(request.raw, done))
  await app.register(fastifyCookie)
  await app.register(fastifyIO, { cors })
  addRoutes(app, recorder, (reply) => reply.hijackWithCors())
  serveSockets(app.io, recorder)

  const refused = (message: unknown): void => recorder.refused(message as Refused)
  subscribe('fastify-io:refused', refused)
  app.addHook('onClose', async () => { unsubscribe('fastify-io:refused', refused) })
  return { app, recorder, host: 'localhost' }
}

/** The same routes, as they are usually served: @fastify/cors for REST, and Socket.IO attached beside Fastify. */
export async function createStock (origin: string, log: Log): Promise<Backend> {
  const recorder = new Recorder()
  const app = createApp(recorder, log)
  await app.register(fastifyCookie)
  await app.register(fastifyCors, { origin, credentials: true, methods: ['GET', 'POST', 'PUT'] })
  addRoutes(app, recorder, (reply) => {
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value)
    }
    reply.hijack()
    return reply.raw
  })
  const io = new Server(app.server, { cors: { origin, credentials: true } })
  serveSockets(io, recorder)
  // Socket.IO answers its requests before Fastify sees them: no hook can watch it
  app.server.prependListener('request', (request) => recorder.enter(request))
  app.server.prependListener('upgrade', (request) => recorder.enter(request))
  // io.close() would wait for every connection of the HTTP server, and those end only when Fastify closes it
  app.addHook('preClose', async () => { io.engine.close() })
  // Fastify serves `localhost` with a second server for IPv6, where this Socket.IO would not be attached
  return { app, recorder, host: '127.0.0.1' }
}

function createApp (recorder: Recorder, log: Log): FastifyInstance {
  const stream = {
    write (line: string): void {
      recorder.logged(line)
      log(line)
    }
  }
  const logger = { level: process.env.LOG_LEVEL ?? 'warn', base: null, stream }
  return Fastify({ logger, forceCloseConnections: true, pluginTimeout: START })
}
