import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Recorder } from './recorder.ts'

/** The REST routes that both backends have. */
export function addRoutes (
  app: FastifyInstance, recorder: Recorder, hijack: (reply: FastifyReply) => ServerResponse
): void {
  let notes = 0
  const save = async (): Promise<{ saved: number }> => {
    notes++
    recorder.ran(`Note ${notes} was saved`)
    return { saved: notes }
  }
  app.get('/api/time', async () => {
    recorder.ran('The route ran')
    return { now: Date.now() }
  })
  app.get('/api/me', async (request, reply) => {
    const visitor = request.cookies.visitor ?? `visitor-${randomBytes(3).toString('hex')}`
    recorder.ran(`The route ran for ${visitor.slice(0, 40)}`)
    reply.setCookie('visitor', visitor, { path: '/', httpOnly: true, sameSite: 'lax' })
    return { visitor }
  })
  app.post('/api/note', save)
  app.put('/api/note', save)
  app.get('/api/events', (_request, reply) => {
    recorder.ran('The route ran')
    const raw = hijack(reply)
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    raw.end(`data: ${Date.now()}\n\n`)
  })
}
