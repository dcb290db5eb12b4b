// socket.io-msgpack-parser on the server; a client has the same `parser` in the options of `io()`.
import Fastify, { type FastifyInstance } from 'fastify'
import parser from 'socket.io-msgpack-parser'
import fastifyIO, { type CorsOptions } from '../lib/index.ts'

export async function createMsgpackServer (cors: CorsOptions): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyIO, { cors, parser })
  app.io.on('connection', (socket) => {
    socket.on('echo', (value: unknown, answer: unknown) => { if (typeof answer === 'function') answer(value) })
  })
  return app
}
