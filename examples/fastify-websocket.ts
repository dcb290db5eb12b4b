// @fastify/websocket beside Socket.IO: the decision is on the request, for a hook to act on.
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { type CorsOptions, type OriginPolicy } from '../lib/index.ts'

export async function createWebSocketServer (cors: CorsOptions | OriginPolicy): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyIO, { cors })
  await app.register(fastifyWebsocket)

  app.addHook('preValidation', async (request, reply) => {
    const { allowed, reason } = request.originDecision
    if (request.ws && !allowed) return reply.code(403).send({ error: reason })
  })
  app.get('/echo', { websocket: true }, (socket) => {
    socket.on('message', (data: Buffer) => socket.send(String(data)))
  })
  return app
}
