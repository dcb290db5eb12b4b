// Server-sent events: the route writes to the raw response, and keeps the headers that the policy has set.
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { type CorsOptions, type OriginPolicy } from '../lib/index.ts'

export async function createEventServer (cors: CorsOptions | OriginPolicy): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyIO, { cors, enforce: 'all' })

  app.get('/events', (_request, reply) => {
    const raw = reply.hijackWithCors()
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    raw.end('data: hello\n\n')
  })
  return app
}
