// Compiled by `npm run typecheck`, never run. Here `SocketTypes` is empty; `augmented/` has event types.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Static } from '@sinclair/typebox'
import Fastify, { type FastifyRequest } from 'fastify'
import fastifyIO, {
  fastifyIO as named,
  OriginPolicy,
  optionsSchema,
  type Decision,
  type FastifyIOOptions,
  type FastifyIOServer,
  type FastifyIOSocket,
  type Stats
} from 'fastify-io'
import type { DefaultEventsMap, Server, Socket } from 'socket.io'
import { expect, type Equal } from './expect.ts'

const app = Fastify()
await app.register(fastifyIO)
await app.register(named, {})
await app.register(fastifyIO, { prefix: '/chat', path: '/ws', cors: { origin: 'https://app.example.com' } })

// the decorations
expect<Equal<typeof app.io, FastifyIOServer>>()
expect<typeof app.io extends Server<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, any> ? true : false>()
expect<Equal<ReturnType<typeof app.io.stats>, Stats>>()
expect<Equal<ReturnType<typeof app.io.stats>['sessions']['websocket'], number>>()
expect<Equal<typeof app.originPolicy, OriginPolicy>>()
// @ts-expect-error no such decoration
expect<Equal<typeof app.sockets, unknown>>()

app.io.on('connection', (socket) => {
  expect<Equal<typeof socket, FastifyIOSocket>>()
  expect<Equal<typeof socket, Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, any>>>()
  expect<Equal<typeof socket.request, IncomingMessage>>()
  expect<Equal<typeof socket.request.fastifyRequest, FastifyRequest | undefined>>()
  socket.emit('anything', 1, 'two', { three: 3 })
  socket.on('anything', (...args) => socket.emit('back', ...args))
})

app.get('/events', (_request, reply) => {
  const raw = reply.hijackWithCors()
  expect<Equal<typeof raw, ServerResponse>>()
  raw.end()
})

// narrower policies, and what was decided
const admin = app.narrowOrigin({ origin: 'https://admin.example.com' })
app.io.of('/admin').use(admin.namespace)
app.get('/admin', { onRequest: admin.route }, async (request) => {
  expect<Equal<typeof request.originDecision, Decision>>()
  return 'ok'
})
// @ts-expect-error
app.narrowOrigin({ origin: 5 })

// the plugin's children see the decorations, whatever Fastify's own type parameters are
app.register(async (child) => {
  expect<Equal<typeof child.io, FastifyIOServer>>()
})
const secure = Fastify({ https: { key: '', cert: '' }, logger: true })
await secure.register(fastifyIO, { cors: { origin: true } })
expect<Equal<typeof secure.io, FastifyIOServer>>()

// Socket.IO's own options are taken flat, and typed
app.register(fastifyIO, {
  pingInterval: 25_000,
  pingTimeout: 20_000,
  maxHttpBufferSize: 1e6,
  serveClient: false,
  transports: ['polling', 'websocket'],
  connectionStateRecovery: { maxDisconnectionDuration: 120_000 }
})
app.register(fastifyIO, { allowRequest: (req, callback) => callback(null, req.headers.authorization !== undefined) })
// @ts-expect-error milliseconds are a number
app.register(fastifyIO, { pingInterval: '25s' })
// @ts-expect-error an option that nobody knows
app.register(fastifyIO, { pingIntervall: 25_000 })

// the schema and the type say the same
expect<Equal<Static<typeof optionsSchema>, FastifyIOOptions>>()
