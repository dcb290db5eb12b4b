// A session in an encrypted cookie, with @fastify/secure-session: sockets read it, and only HTTP answers write it.
import { randomUUID } from 'node:crypto'
import fastifySecureSession from '@fastify/secure-session'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import fastifyIO from '../../lib/index.ts'

declare module '@fastify/secure-session' {
  interface SessionData {
    id: string
    user: string
  }
}
declare module 'http' {
  interface IncomingMessage {
    session: FastifyRequest['session']
  }
}

interface Credentials {
  readonly name: string
  readonly password: string
}

interface Options {
  readonly origin: string
  /** 32 bytes, the same in all processes. */
  readonly key: Buffer
  /** @returns the user's name, or undefined for a wrong password */
  readonly checkPassword: (name: string, password: string) => Promise<string | undefined>
  readonly secure?: boolean
}

export async function createSecureSessionServer (options: Options): Promise<FastifyInstance> {
  const { origin, key, checkPassword, secure = true } = options
  const app = Fastify()
  await app.register(fastifyIO, { cors: { origin, credentials: true, enforce: 'all' } })
  const cookie = { path: '/', httpOnly: true, secure, sameSite: 'lax' } as const
  await app.register(fastifySecureSession, { key, cookie, expiry: 8 * 3600 })

  app.post<{ Body: Credentials }>('/login', {
    schema: {
      body: {
        type: 'object',
        required: ['name', 'password'],
        properties: { name: { type: 'string' }, password: { type: 'string' } }
      }
    }
  }, async (request, reply) => {
    const { name, password } = request.body
    const user = await checkPassword(name, password)
    if (user === undefined) return reply.code(401).send()
    // nothing stays of what somebody may have planted (session fixation)
    request.session.regenerate()
    request.session.set('id', randomUUID())
    request.session.set('user', user)
    return { user }
  })

  app.post('/logout', async (request, reply) => {
    const id = request.session.get('id')
    request.session.delete()
    app.io.in(`session:${id}`).disconnectSockets(true)
    return reply.code(204).send()
  })

  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url === '/login' || request.session.get('user') !== undefined) return
    return reply.code(401).send()
  })

  app.io.on('connection', (socket) => {
    const { session } = socket.request
    socket.join(`session:${session.get('id')}`)
    socket.on('whoami', (reply) => { if (typeof reply === 'function') reply(session.get('user')) })
  })
  return app
}
