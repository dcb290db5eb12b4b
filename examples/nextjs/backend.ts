// The back end, and which of Next's pages it lets in.
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import fastifyIO from '../../lib/index.ts'

/** @param page the origin of the pages that Next.js serves */
export async function createBackend (page: string, options: FastifyServerOptions = {}): Promise<FastifyInstance> {
  // Next's `rewrites` put another Host in, and the page's into X-Forwarded-Host: here from this machine
  const app = Fastify({ ...options, trustProxy: '127.0.0.1' })
  await app.register(fastifyIO, {
    cors: {
      // the page that connects without a rewrite
      origin: page,
      // the page behind the rewrite. The name is pinned: Next.js passes on every Host that it is asked for
      sameOrigin: [new URL(page).host]
    }
  })
  app.io.on('connection', (socket) => socket.emit('hello', 'The server says hello.'))
  return app
}
