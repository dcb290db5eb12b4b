// The signalling server: it introduces the peers of a room to each other, and relays between them alone.
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Namespace } from 'socket.io'
import fastifyIO, { type CorsOptions } from '../../lib/index.ts'
import { type IceServer, isRoom, readSignal, type Signal } from './messages.ts'

const MAX_PEERS = 8
/** Bytes of a message: an offer of several kB, with room to spare. */
const MAX_MESSAGE = 65_536

export type Joined = { readonly peers: readonly string[] } | { readonly error: 'room-invalid' | 'room-full' }

export interface FromPage {
  join: (room: string, answer: (joined: Joined) => void) => void
  signal: (to: string, signal: Signal, answer: (relayed: boolean) => void) => void
}

export interface ToPage {
  'ice-servers': (servers: readonly IceServer[]) => void
  signal: (from: string, signal: Signal) => void
  left: (peer: string) => void
}

type Signalling = Namespace<FromPage, ToPage, Record<string, never>, { room?: string }>

export async function createSignallingServer (
  cors: CorsOptions, iceServers: () => readonly IceServer[], options: FastifyServerOptions = {}
): Promise<FastifyInstance> {
  const app = Fastify(options)
  await app.register(fastifyIO, { cors, maxHttpBufferSize: MAX_MESSAGE })

  const peers = app.io.of('/') as unknown as Signalling
  // every socket is in the room of its own id: without the prefix, joining an id would be listening in on it
  const members = (room: string): ReadonlySet<string> => peers.adapter.rooms.get(`call:${room}`) ?? new Set()

  peers.on('connection', (socket) => {
    socket.emit('ice-servers', iceServers())

    socket.on('join', (room: unknown, answer: unknown) => {
      if (typeof answer !== 'function') return
      if (!isRoom(room) || socket.data.room !== undefined) return answer({ error: 'room-invalid' })
      const present = [...members(room)]
      if (present.length >= MAX_PEERS) return answer({ error: 'room-full' })
      socket.data.room = room
      // with one process `join` is done when it returns; with an adapter that answers later, await it
      socket.join(`call:${room}`)
      answer({ peers: present })
    })

    socket.on('signal', (to: unknown, given: unknown, answer: unknown) => {
      const { room } = socket.data
      const signal = readSignal(given)
      const relayed = typeof to === 'string' && to !== socket.id && signal !== undefined && room !== undefined &&
        members(room).has(to)
      // `from` is what the server knows of the sender, never what the sender says
      if (relayed) peers.to(to).emit('signal', socket.id, signal)
      if (typeof answer === 'function') answer(relayed)
    })

    socket.on('disconnect', () => {
      if (socket.data.room !== undefined) peers.to(`call:${socket.data.room}`).emit('left', socket.id)
    })
  })
  return app
}
