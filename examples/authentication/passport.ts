// express-session and Passport through `io.engine.use`, as Socket.IO's page "How to use with Passport" has them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import fastifyMiddie from '@fastify/middie'
import session, { type Store } from 'express-session'
import Fastify, { type FastifyInstance } from 'fastify'
import { Passport } from 'passport'
import { Strategy } from 'passport-local'
import fastifyIO from '../../lib/index.ts'

declare global {
  namespace Express {
    interface User { name: string }
  }
}
declare module 'http' {
  interface IncomingMessage {
    user?: Express.User
    logIn: (user: Express.User, done: (error: unknown) => void) => void
    session: session.Session & Partial<session.SessionData>
  }
}

interface Options {
  readonly origin: string
  /** 32 characters or more, the same in all processes. */
  readonly secret: string
  /** In production, one that all processes share, such as connect-redis. */
  readonly store?: Store
  /** @returns the user's name, or undefined for a wrong password */
  readonly checkPassword: (name: string, password: string) => Promise<string | undefined>
  readonly secure?: boolean
}

/** What Express's middlewares take is more than Node's requests are; those of sessions do with these. */
type Middleware = (request: any, response: any, next: (error?: unknown) => void) => unknown

export async function createPassportServer (options: Options): Promise<FastifyInstance> {
  const { origin, secret, store, checkPassword, secure = true } = options
  const passport = new Passport()
  passport.use(new Strategy({ usernameField: 'name' }, (name, password, done) => {
    checkPassword(name, password).then((user) => done(null, user === undefined ? false : { name: user }), done)
  }))
  passport.serializeUser<string>((user, done) => done(null, user.name))
  passport.deserializeUser<string>((name, done) => done(null, { name }))
  const sessions = session({
    secret,
    ...(store && { store }),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, secure, sameSite: 'lax', maxAge: 8 * 3_600_000 }
  })

  const app = Fastify()
  await app.register(fastifyIO, { cors: { origin, credentials: true, enforce: 'all' } })
  await app.register(fastifyMiddie)
  // for REST; Socket.IO's requests have theirs below
  const restOnly = (middleware: Middleware): Middleware => (request, response, next) =>
    request.url.startsWith(app.io.path()) ? next() : middleware(request, response, next)
  app.use(restOnly(sessions))
  app.use(restOnly(passport.session()))

  app.post('/login', async (request, reply) => {
    const { raw, body } = request
    const user = await new Promise<Express.User | undefined>((resolve, reject) => {
      const answer = (error: unknown, user?: Express.User | false): void => {
        if (error) reject(error)
        else resolve(user || undefined)
      }
      const authenticate: Middleware = passport.authenticate('local', answer)
      authenticate(Object.assign(raw, { body }), reply.raw, reject)
    })
    if (user === undefined) return reply.code(401).send()
    // Passport regenerates the session (session fixation)
    await new Promise<void>((resolve, reject) => {
      raw.logIn(user, (error) => error ? reject(error) : resolve())
    })
    return { user: user.name }
  })

  app.post('/logout', async ({ raw }, reply) => {
    const { id } = raw.session
    await new Promise<void>((resolve, reject) => {
      raw.session.destroy((error: unknown) => error ? reject(error) : resolve())
    })
    app.io.in(`session:${id}`).disconnectSockets(true)
    return reply.code(204).send()
  })

  const onlyForHandshake = (middleware: Middleware): Middleware => (request, response, next) =>
    request._query.sid === undefined ? middleware(request, response, next) : next()
  app.io.engine.use(onlyForHandshake(sessions))
  app.io.engine.use(onlyForHandshake(passport.session()))
  app.io.engine.use(onlyForHandshake((request: IncomingMessage, response: ServerResponse, next) => {
    if (request.user !== undefined) next()
    else response.writeHead(401).end()
  }))

  app.io.on('connection', (socket) => {
    const { request } = socket
    socket.join(`session:${request.session.id}`)
    socket.on('whoami', (reply) => { if (typeof reply === 'function') reply(request.user?.name) })
  })
  return app
}
