// Compiled by `npm run typecheck`, on its own: a module augmentation is global to a program.
import Fastify from 'fastify'
import fastifyIO, { type FastifyIOServer, type FastifyIOSocket } from 'fastify-io'
import type { Server } from 'socket.io'
import { expect, type Equal } from '../expect.ts'

interface ClientToServerEvents {
  say: (text: string, done: (id: number) => void) => void
}
interface ServerToClientEvents {
  said: (id: number, text: string) => void
}
interface InterServerEvents {
  reload: (version: number) => void
}
interface SocketData {
  user: string
}

declare module 'fastify-io' {
  interface SocketTypes {
    ClientToServerEvents: ClientToServerEvents
    ServerToClientEvents: ServerToClientEvents
    InterServerEvents: InterServerEvents
    SocketData: SocketData
  }
}

const app = Fastify()
await app.register(fastifyIO, { cors: { origin: 'https://app.example.com' } })
expect<typeof app.io extends Server<ClientToServerEvents, ServerToClientEvents, InterServerEvents, SocketData>
  ? true
  : false>()
expect<Equal<typeof app.io, FastifyIOServer>>()

app.io.on('connection', (socket) => {
  expect<Equal<typeof socket, FastifyIOSocket>>()
  expect<Equal<typeof socket.data.user, string>>()

  socket.on('say', (text, done) => {
    expect<Equal<typeof text, string>>()
    expect<Equal<typeof done, (id: number) => void>>()
  })
  // @ts-expect-error clients send no such event
  socket.on('sai', () => {})

  socket.emit('said', 1, 'hello')
  // @ts-expect-error the arguments are the event's
  socket.emit('said', 'hello')
  // @ts-expect-error servers send no such event
  socket.emit('say', 'hello')
  // @ts-expect-error data is typed
  socket.data.user = 5
})

app.io.emit('said', 1, 'to everyone')
app.io.of('/admin').to('room').emit('said', 1, 'to a room')
// @ts-expect-error the arguments are the event's
app.io.emit('said')
app.io.serverSideEmit('reload', 2)
// @ts-expect-error servers tell each other of no such event
app.io.serverSideEmit('restart')
