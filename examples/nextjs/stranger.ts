// A page of somebody else, which connects to all that it can reach.
import { readFileSync } from 'node:fs'
import Fastify, { type FastifyInstance } from 'fastify'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

export async function startStranger (port: number, servers: readonly string[]): Promise<FastifyInstance> {
  const app = Fastify()
  const html = read('stranger.html').replace('{{servers}}', JSON.stringify(servers))
  const client = read('node_modules/socket.io-client/dist/socket.io.min.js')
  app.get('/', (_request, reply) => reply.type('text/html').send(html))
  app.get('/client.js', (_request, reply) => reply.type('text/javascript').send(client))
  await app.listen({ port, host: '127.0.0.1' })
  return app
}
