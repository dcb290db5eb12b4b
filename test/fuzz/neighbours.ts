import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/** What routes of the user's hold; nothing is left when their clients have gone. */
export interface Held {
  streams: number
}

const PIECE = 'x'.repeat(8192)

/** Routes as users have beside their sockets: plain, slow, streamed, endless, guarded, with other CORS headers. */
export function addRoutes (app: FastifyInstance, held: Held): void {
  app.get('/api', async () => ({ ok: true }))
  app.get('/api/time', async (request) => ({ query: Object.keys(request.query as object).length }))
  app.post('/upload', async (request) => ({ size: String(request.body).length }))
  app.get('/throws', async () => { throw Object.assign(new Error('a teapot'), { statusCode: 418 }) })
  app.get(
    '/own-cors',
    async (_request, reply) =>
      reply.header('access-control-allow-origin', '*').header('access-control-allow-credentials', 'true').send('ok')
  )
  app.get('/vary', async (_request, reply) => reply.header('vary', 'accept-encoding').send('ok'))
  app.get('/guarded',
    { onRequest: async (_request, reply) => reply.code(401).send({ error: 'who are you?' }) }, async () => 'never')
  // more than a socket takes at once: it needs 'drain'
  app.get(
    '/stream',
    async (_request, reply) => reply.type('text/plain').send(Readable.from(Array.from({ length: 12 }, () => PIECE)))
  )
  app.get('/wait', async (request) => {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 15)
      request.raw.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
    return 'waited'
  })
  app.get('/events', (request, reply) => {
    reply.hijack()
    // its client has left while a hook waited
    if (request.raw.socket.destroyed) return
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
    held.streams++
    const timer = setInterval(() => reply.raw.write('data: tick\n\n'), 10)
    reply.raw.write('data: hello\n\n')
    request.raw.once('close', () => {
      clearInterval(timer)
      held.streams--
    })
  })
}
