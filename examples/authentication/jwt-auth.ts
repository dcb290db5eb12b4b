// A JSON Web Token in the handshake's `auth`: `io(url, { auth: { token } })`.
import fastifyJwt from '@fastify/jwt'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { type FastifyIOSocket } from '../../lib/index.ts'

declare module 'fastify-io' {
  interface SocketTypes {
    SocketData: { user: string, expires: number }
  }
}

interface Claims {
  readonly sub: string
  /** Seconds since 1970. */
  readonly exp: number
}

interface Options {
  readonly origin: string
  /** 32 random bytes or more: who guesses it makes tokens. */
  readonly secret: string
}

/** What setTimeout takes; more of it fires at once. */
const LONGEST = 2 ** 31 - 1

export async function createTokenServer ({ origin, secret }: Options): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyIO, {
    cors: { origin },
    // with connectionStateRecovery: a recovered socket shows its token again
    connectionStateRecovery: { skipMiddlewares: false }
  })
  await app.register(fastifyJwt, {
    secret,
    sign: { algorithm: 'HS256', expiresIn: '15m' },
    // a token that never expires is refused, and so is another algorithm
    verify: { algorithms: ['HS256'], requiredClaims: ['sub', 'exp'] }
  })

  const authenticate = (socket: FastifyIOSocket, next: (error?: Error) => void): void => {
    try {
      // never socket.handshake.query.token: URLs end in the logs of every proxy
      const { sub, exp } = app.jwt.verify<Claims>(String(socket.handshake.auth.token))
      socket.data.user = sub
      socket.data.expires = exp * 1000
      next()
    } catch (error) {
      const expired = error instanceof Error && 'code' in error && error.code === 'FAST_JWT_EXPIRED'
      next(Object.assign(new Error('unauthorized'), { data: { code: expired ? 'TOKEN_EXPIRED' : 'TOKEN_INVALID' } }))
    }
  }
  // each namespace has middlewares to itself: app.io.of('/admin').use(authenticate)
  app.io.use(authenticate)
  app.io.on('connection', (socket) => {
    const { user, expires } = socket.data
    const timer = setTimeout(() => socket.disconnect(true), Math.min(expires - Date.now(), LONGEST))
    socket.on('disconnect', () => clearTimeout(timer))
    socket.on('whoami', (reply) => { if (typeof reply === 'function') reply(user) })
  })
  return app
}
