// A session in a store, with @fastify/session: read and written by sockets, ended by a log-out.
import fastifyCookie from '@fastify/cookie'
import fastifySession, { type FastifySessionOptions } from '@fastify/session'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import fastifyIO, { type FastifyIOSocket } from '../../lib/index.ts'

declare module 'fastify' {
  interface Session {
    user?: string
    visits?: number
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
  /** 32 characters or more, the same in all processes. */
  readonly secret: string
  /** In production, one that all processes share, such as connect-redis. */
  readonly store?: NonNullable<FastifySessionOptions['store']>
  /** @returns the user's name, or undefined for a wrong password */
  readonly checkPassword: (name: string, password: string) => Promise<string | undefined>
  readonly secure?: boolean
}

export async function createSessionServer (options: Options): Promise<FastifyInstance> {
  const { origin, secret, store, checkPassword, secure = true } = options
  const app = Fastify()
  // first: a stranger's request is refused before the store is asked
  await app.register(fastifyIO, { cors: { origin, credentials: true, enforce: 'all' } })
  await app.register(fastifyCookie)
  await app.register(fastifySession, {
    secret,
    ...(store && { store }),
    saveUninitialized: false,
    // a poll would write back what it has read, over what has been written since
    rolling: false,
    cookie: { httpOnly: true, secure, sameSite: 'lax', maxAge: 8 * 3_600_000 }
  })

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
    // another ID than before: whoever planted the old one has nothing (session fixation)
    const before = request.session.sessionId
    await request.session.regenerate()
    request.session.user = user
    app.io.in(`session:${before}`).disconnectSockets(true)
    return { user }
  })

  app.post('/logout', async (request, reply) => {
    const { sessionId } = request.session
    await request.session.destroy()
    // with an adapter: in all processes
    app.io.in(`session:${sessionId}`).disconnectSockets(true)
    return reply.code(204).send()
  })

  // who has not logged in gets 401, on the polling handshake and on the upgrade
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url === '/login' || request.session.user !== undefined) return
    return reply.code(401).send()
  })

  app.io.on('connection', (socket) => {
    // before anything that waits, so that a log-out finds it
    socket.join(`session:${socket.request.session.sessionId}`)
    socket.on('visit', async (reply) => {
      try {
        if (!await isLoggedIn(socket)) return
        const { session } = socket.request
        session.visits = (session.visits ?? 0) + 1
        // no answer goes to the browser, so nothing else saves it
        await session.save()
        if (typeof reply === 'function') reply(session.visits)
      } catch (error) {
        // the store is down, say; nobody else catches it, and it would end the process
        app.log.error(error)
      }
    })
    // it may have ended since the handshake
    isLoggedIn(socket)
  })
  return app
}

/** Reads the session anew. A session that has ended must not be saved: that would bring it back. */
async function isLoggedIn (socket: FastifyIOSocket): Promise<boolean> {
  const { request } = socket
  try {
    await request.session.reload()
    if (request.session.user !== undefined) return true
  } catch (error) {
    request.fastifyRequest?.log.error(error)
  }
  socket.disconnect(true)
  return false
}
