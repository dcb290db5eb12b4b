import fastifyCookie from '@fastify/cookie'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO from '../lib/index.ts'

/** REST and Socket.IO under one policy that allows one origin. */
export async function startBackend (port: number, allowed: string): Promise<FastifyInstance> {
  const app = Fastify({ logger: { level: process.env.LOG_LEVEL ?? 'warn' }, forceCloseConnections: true })
  await app.register(fastifyCookie)
  await app.register(fastifyIO, {
    cors: { origin: [allowed], credentials: true },
    // its own pages come from elsewhere: no upgrade, so that each transport is seen by itself
    allowUpgrades: false
  })

  app.get('/api/time', async () => ({ now: Date.now() }))
  app.get('/api/me', async (request, reply) => {
    const visitor = request.cookies.visitor ?? `visitor-${Math.random().toString(36).slice(2, 8)}`
    reply.setCookie('visitor', visitor, { path: '/', httpOnly: true, sameSite: 'lax' })
    return { visitor }
  })
  app.put('/api/note', async (request) => ({ saved: request.body }))
  app.get('/api/events', (_request, reply) => {
    const raw = reply.hijackWithCors()
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    raw.end(`data: ${Date.now()}\n\n`)
  })

  app.io.on('connection', (socket) => {
    socket.emit('hello', { transport: socket.conn.transport.name, cookie: socket.handshake.headers.cookie ?? '' })
    socket.on('echo', (text: unknown, reply: (text: unknown) => void) => {
      if (typeof reply === 'function') reply(text)
    })
  })
  const ticks = setInterval(() => app.io.emit('tick', Date.now()), 1000)
  app.addHook('onClose', async () => clearInterval(ticks))

  await app.listen({ port, host: 'localhost' })
  return app
}
