import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Backend } from './backends.ts'
import type { PolicyDesk } from './policy-desk.ts'
import { checkPolicy } from './policy-text.ts'

/** Bytes of a request's body. */
const MAX_BODY = 16_384

/** Pages that follow the policy at the same time. */
const MAX_FOLLOWERS = 50

/** ms between two signs of life for who follows. */
const HEARTBEAT = 15_000

export interface Controls {
  readonly backend: Backend
  readonly stock: Backend
  readonly desk: PolicyDesk
  /** What the pages are told about where everything is. */
  readonly places: Places
}

/** Origins. */
export interface Places {
  readonly allowed: string
  readonly refused: string
  readonly backend: string
  readonly stock: string
}

const text = { type: 'object', required: ['text'], properties: { text: { type: 'string' } } } as const
const id = { type: 'object', required: ['id'], properties: { id: { type: 'string', maxLength: 40 } } } as const
const origin = { type: 'object', properties: { origin: { type: 'string', maxLength: 500, default: '' } } } as const

/** What the pages ask their own server: the records of their probes, and the policy. */
export function addControls (app: FastifyInstance, controls: () => Controls): void {
  app.get('/api/places', async () => controls().places)

  app.get<{ Querystring: { id: string } }>('/api/probe', { schema: { querystring: id } }, async ({ query }) => ({
    backend: controls().backend.recorder.find(query.id),
    stock: controls().stock.recorder.find(query.id)
  }))

  app.get<{ Querystring: { origin: string } }>(
    '/api/explain',
    { schema: { querystring: origin } },
    async ({ query }) => {
      const { originPolicy } = controls().backend.app
      return { decision: await originPolicy.decide(query.origin), text: originPolicy.explain(query.origin) }
    }
  )

  const edit = { schema: { body: text }, bodyLimit: MAX_BODY }
  app.get('/api/policy', async () => controls().desk.state)
  app.post<{ Body: { text: string } }>('/api/policy/check', edit, async ({ body }) => checkPolicy(body.text))
  app.post<{ Body: { text: string } }>('/api/policy', edit, async ({ body }, reply) => {
    const checked = controls().desk.apply(body.text)
    if (checked.cors === undefined) reply.code(422)
    return checked
  })
  app.post('/api/policy/undo', async () => controls().desk.undo())
  app.post('/api/policy/reset', async () => controls().desk.reset())

  app.get('/api/policy/changes', (_request, reply) => {
    const { desk } = controls()
    if (desk.listenerCount('change') >= MAX_FOLLOWERS) return reply.code(503).send('Too many pages are open.')
    follow(desk, reply)
  })
}

/** Sends the policy now and after each change, as server-sent events. */
function follow (desk: PolicyDesk, reply: FastifyReply): void {
  const { raw } = reply.hijack()
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const send = (): void => { raw.write(`data: ${JSON.stringify(desk.state)}\n\n`) }
  const timer = setInterval(() => raw.write(': \n\n'), HEARTBEAT)
  desk.on('change', send)
  raw.on('close', () => {
    clearInterval(timer)
    desk.off('change', send)
  })
  send()
}
