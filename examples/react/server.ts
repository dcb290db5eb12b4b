// The back end: a token names who speaks, and one policy says which pages may connect.
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Namespace } from 'socket.io'
import fastifyIO, { type CorsOptions } from '../../lib/index.ts'
import type { ClientToServer, ServerToClient } from './events.ts'

/** Characters of a message; longer ones are dropped. */
const MAX_TEXT = 500

interface Data { name: string }
type Chat = Namespace<ClientToServer, ServerToClient, Record<string, never>, Data>

/** An error whose `data` reaches the client's `connect_error`. */
class Refusal extends Error {
  readonly data: { readonly code: string }

  constructor (message: string, code: string) {
    super(message)
    this.data = { code }
  }
}

/** @param names the name for each token; in an application, a look-up in a session store or a check of a JWT */
export async function createChatServer (
  cors: CorsOptions, names: ReadonlyMap<string, string>, options: FastifyServerOptions = {}
): Promise<FastifyInstance> {
  const app = Fastify(options)
  await app.register(fastifyIO, { cors })

  const chat = app.io.of('/') as unknown as Chat
  chat.use((socket, next) => {
    const token: unknown = socket.handshake.auth.token
    const name = typeof token === 'string' ? names.get(token) : undefined
    if (name === undefined) return next(new Refusal('this token is not valid', 'BAD_TOKEN'))
    socket.data.name = name
    next()
  })
  chat.on('connection', (socket) => {
    socket.on('say', (text: unknown) => {
      if (typeof text === 'string' && text.length <= MAX_TEXT) chat.emit('said', socket.data.name, text)
    })
  })
  return app
}
