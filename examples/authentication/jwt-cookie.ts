// A JSON Web Token in an HttpOnly cookie: scripts cannot read it, and a hook asks for it before there is a session.
import fastifyCookie from '@fastify/cookie'
import fastifyJwt from '@fastify/jwt'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import fastifyIO from '../../lib/index.ts'

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: { sub: string }
    user: { sub: string, exp: number }
  }
}
declare module 'http' {
  interface IncomingMessage {
    user: FastifyRequest['user']
  }
}

interface Credentials {
  readonly name: string
  readonly password: string
}

interface Options {
  readonly origin: string
  /** 32 random bytes or more. */
  readonly secret: string
  /** @returns the user's name, or undefined for a wrong password */
  readonly checkPassword: (name: string, password: string) => Promise<string | undefined>
  readonly secure?: boolean
}

const LIFETIME = 15 * 60

export async function createCookieServer (options: Options): Promise<FastifyInstance> {
  const { origin, secret, checkPassword, secure = true } = options
  const app = Fastify()
  await app.register(fastifyIO, { cors: { origin, credentials: true, enforce: 'all' } })
  await app.register(fastifyCookie)
  await app.register(fastifyJwt, {
    secret,
    cookie: { cookieName: 'token', signed: false },
    sign: { algorithm: 'HS256', expiresIn: `${LIFETIME}s` },
    verify: { algorithms: ['HS256'], requiredClaims: ['sub', 'exp'] }
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
    const token = app.jwt.sign({ sub: user })
    reply.setCookie('token', token, { path: '/', httpOnly: true, secure, sameSite: 'lax', maxAge: LIFETIME })
    return { user }
  })

  // 401 on the polling handshake and on the upgrade
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url !== '/login') await request.jwtVerify({ onlyCookie: true })
  })

  app.io.on('connection', (socket) => {
    const { sub, exp } = socket.request.user
    const timer = setTimeout(() => socket.disconnect(true), exp * 1000 - Date.now())
    socket.on('disconnect', () => clearTimeout(timer))
    socket.on('whoami', (reply) => { if (typeof reply === 'function') reply(sub) })
  })
  return app
}
