// Socket.IO's adapters for Redis, passed as `adapter`, on a real Redis that goes and comes back.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createAdapter } from '@socket.io/redis-adapter'
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter'
import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { FastifyIOOptions, FastifyIOSocket } from '../../lib/index.ts'
import { client, connect, ORIGIN, upgraded } from '../support/client.ts'
import { lifo } from '../support/lifo.ts'
import { NO_REDIS, redis, type RedisServer } from '../support/redis.ts'
import { type Running, start } from '../support/server.ts'
import { until } from '../support/until.ts'

type Socket = ReturnType<typeof client>
type Adapter = NonNullable<FastifyIOOptions['adapter']>
type Ends = Pick<TestContext, 'after'>

const OTHER = 'https://other.example'

/** Waits for the commands that an adapter has left behind; not for long, for Redis may be gone. */
async function orSoon (ended: Promise<unknown>): Promise<void> {
  await Promise.race([ended.catch(() => {}), delay(1000, undefined, { ref: false })])
}

async function ofIORedis (t: Ends, { port }: RedisServer): Promise<Redis> {
  // 20 attempts to connect by default: a command that waits longer for Redis rejects
  const made = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, maxRetriesPerRequest: 5 })
  made.on('error', () => {})
  t.after(async () => {
    await orSoon(made.quit())
    made.disconnect()
  })
  const { publish } = made
  return Object.assign(made, { publish: patient(publish.bind(made)) })
}

/** docs/adapters.md: the adapter leaves the promise of a publication alone, and a rejection would end the process. */
function patient<Args extends unknown[]> (publish: (...args: Args) => Promise<number>) {
  return (...args: Args): Promise<number> => publish(...args).catch(() => 0)
}

async function ofNodeRedis (t: Ends, { url }: RedisServer) {
  // 5000 ms by default: a command that waits longer for Redis rejects
  const made = createClient({ url, socket: { reconnectStrategy: 50 }, commandOptions: { timeout: 300 } })
  made.on('error', () => {})
  t.after(async () => {
    await orSoon(made.close())
    if (made.isOpen) made.destroy()
  })
  await made.connect()
  const { publish } = made
  return Object.assign(made, { publish: patient(publish.bind(made)) })
}

const adapters: Readonly<Record<string, (t: Ends, server: RedisServer) => Promise<Adapter>>> = {
  '@socket.io/redis-adapter, ioredis': async (t, server) =>
    createAdapter(await ofIORedis(t, server), await ofIORedis(t, server)),
  '@socket.io/redis-adapter, node-redis': async (t, server) =>
    createAdapter(await ofNodeRedis(t, server), await ofNodeRedis(t, server)),
  '@socket.io/redis-streams-adapter, ioredis': async (t, server) =>
    createStreamsAdapter(await ofIORedis(t, server), { blockTimeInMs: 100 }) as Adapter,
  '@socket.io/redis-streams-adapter, node-redis': async (t, server) =>
    createStreamsAdapter(await ofNodeRedis(t, server), { blockTimeInMs: 100 }) as Adapter
}
const streams = Object.entries(adapters).filter(([name]) => name.includes('streams'))

/** Several servers with an adapter each. */
async function fleet (
  t: Ends,
  make: (typeof adapters)[string],
  server: RedisServer,
  size: number,
  options: FastifyIOOptions = {}
): Promise<Running[]> {
  const members = await Promise.all(Array.from({ length: size }, async () => {
    const adapter = await make(t, server)
    const cors = { origin: [ORIGIN, OTHER] }
    return start(t, { cors, ...options, adapter }, ({ io }) => {
      io.on('connection', (socket) => socket.on('join', (room: string, done: () => void) => {
        Promise.resolve(socket.join(room)).then(done)
      }))
    })
  }))
  // each has heard of all the others
  await until(async () => {
    const counts = await Promise.all(members.map(({ app }) => app.io.of('/').adapter.serverCount()))
    return counts.every((count) => count === size)
  }, 'the servers know each other')
  return members
}

/** The events that a client has heard, by their first argument. */
function heard (socket: Socket): unknown[] {
  const events: unknown[] = []
  socket.on('news', (what) => events.push(what))
  return events
}

/**
 * Sends until each client has heard of it: what is sent in the moment in which a subscription begins may be lost.
 */
async function reaches ({ app }: Running, all: unknown[][], what: string): Promise<void> {
  await until(async () => {
    app.io.emit('news', what)
    await app.io.of('/').adapter.serverCount()
    return all.every((events) => events.includes(what))
  }, `${what} is heard by all`)
}

for (const [name, make] of Object.entries(adapters)) {
  suite(name, { skip: NO_REDIS }, () => {
    test('broadcasts, rooms, fetchSockets, serverSideEmit, disconnectSockets reach three servers', async (context) => {
      const t = lifo(context)
      const members = await fleet(t, make, await redis(t), 3)
      const sockets = await Promise.all(members.map(({ own }) => connect(t, own, { transports: ['websocket'] })))
      const events = sockets.map(heard)
      const [a, b, c] = sockets as [Socket, Socket, Socket]
      const [first, second] = members as [Running, Running]
      await reaches(first, events, 'begin')
      const { io } = first.app

      await Promise.all([a.emitWithAck('join', 'room'), b.emitWithAck('join', 'room'), c.emitWithAck('join', 'user:1')])
      io.to('room').emit('news', 'to the room')
      second.app.io.except('room').emit('news', 'to others')
      io.emit('news', 'the end')
      second.app.io.emit('news', 'the other end')
      const ends = ['the end', 'the other end']
      await until(() => events.every((one) => ends.every((end) => one.includes(end))), 'the last events')
      const got = events.map((one) => ['to the room', 'to others'].filter((what) => one.includes(what)))
      assert.deepEqual(got, [['to the room'], ['to the room'], ['to others']])

      const all = await io.fetchSockets()
      assert.deepEqual(all.map(({ id }) => id).sort(), sockets.map(({ id }) => id).sort())
      assert.deepEqual((await second.app.io.in('user:1').fetchSockets()).map(({ id }) => id), [c.id])

      await io.in('room').socketsJoin('more')
      await until(async () => (await io.in('more').fetchSockets()).length === 2, 'both are in the other room')

      for (const { app } of members.slice(1)) app.io.on('whoami', (answer: (port: number) => void) => answer(1))
      assert.deepEqual(await io.serverSideEmitWithAck('whoami'), [1, 1])

      // log out everywhere
      const gone = once(c as never, 'disconnect')
      io.in('user:1').disconnectSockets(true)
      assert.equal((await gone)[0], 'io server disconnect')
      assert.deepEqual([a.connected, b.connected], [true, true])
    })

    test('Redis killed: clients stay, and hear their own server; Redis back: they hear all again', async (context) => {
      const t = lifo(context)
      const server = await redis(t)
      const members = await fleet(t, make, server, 2)
      const sockets = await Promise.all(members.map(({ own }) => connect(t, own, { transports: ['websocket'] })))
      const events = sockets.map(heard)
      await reaches(members[0]!, events, 'before')
      await server.kill()
      const began = performance.now()
      // for longer than the timeout of node-redis
      let sent = 0
      await until(() => {
        members[0]!.app.io.emit('news', 'meanwhile')
        return sent++ > 100
      }, 'broadcasts')
      await until(() => events[0]!.includes('meanwhile'), 'its own client hears it')
      context.diagnostic(
        `without Redis, its own clients heard a broadcast after ${Math.round(performance.now() - began)} ms`
      )
      assert.ok(!events[1]!.includes('meanwhile'))
      const late = await connect(t, members[1]!.own, { transports: ['polling'] })
      await server.start()
      for (const [at, member] of members.entries()) await reaches(member, [...events, heard(late)], `after ${at}`)
      await until(async () => (await members[0]!.app.io.fetchSockets()).length === 3, 'all sockets are found')
      assert.ok(sockets.every(({ connected }) => connected))
    })

    test('a policy that changes in one server revokes there, and closing leaves the others', async (context) => {
      const t = lifo(context)
      const [one, two] = await fleet(t, make, await redis(t), 2) as [Running, Running]
      const [goes, stays] = [await connect(t, one.own), await connect(t, two.own)]
      const events = heard(stays)
      await upgraded(goes)
      const told = once(goes as never, 'origin_revoked')
      const gone = once(goes as never, 'disconnect')
      one.app.originPolicy.update({ origin: OTHER })
      assert.deepEqual([(await told)[0], (await gone)[0]], [
        { code: 'ORIGIN_REVOKED', reason: 'not-listed' },
        'io server disconnect'
      ])
      await one.app.close()
      two.app.io.emit('news', 'still here')
      await until(() => events.includes('still here'), 'the other server goes on')
      assert.equal(stays.connected, true)
    })
  })
}

interface State { readonly pid: string, readonly offset: string, readonly id: string }

/** A session in a room, with data, that has lost its connection, and that misses what is sent to the room. */
async function lose (t: Ends, { app, own }: Running, keys: () => Promise<number>): Promise<State> {
  const joined = once(app.io, 'connection') as Promise<[FastifyIOSocket]>
  const socket = client(t, own, { transports: ['websocket'] })
  const hello = once(socket as never, 'hello')
  const [ours] = await joined
  await ours.join('vault')
  ours.data.user = 'ann'
  ours.emit('hello')
  await hello
  const { _pid: pid, _lastOffset: offset, id } = socket as unknown as { _pid: string, _lastOffset: string, id: string }
  const gone = once(ours, 'disconnect')
  ;(socket.io.engine.transport as unknown as { ws: { close (): void } }).ws.close()
  await gone
  await until(async () => await keys() === 1, 'the session is kept')
  return { pid, offset, id }
}

async function come (
  t: Ends,
  { app, own }: { app: FastifyInstance, own: string },
  { pid, offset }: State,
  origin: string
) {
  const missed: unknown[] = []
  const joined = once(app.io, 'connection') as Promise<[FastifyIOSocket]>
  const socket = client(t, own, { transports: ['websocket'], auth: { pid, offset }, extraHeaders: { origin } })
  socket.on('missed', (what) => missed.push(what))
  const refused = once(socket as never, 'connect_error').then(([error]) => error as Error)
  const ours = await Promise.race([joined, refused])
  if (ours instanceof Error) return { socket, refused: ours.message }
  const after = once(socket as never, 'after')
  ours[0].emit('after')
  await after
  const [{ recovered, id, rooms, data }] = ours
  return { socket, recovered, id, vault: rooms.has('vault'), user: data.user, missed }
}

for (const [name, make] of streams) {
  suite(`connection state recovery across servers: ${name}`, { skip: NO_REDIS }, () => {
    const options = { connectionStateRecovery: {} }
    const setUp = async (t: Ends) => {
      const server = await redis(t)
      const members = await fleet(t, make, server, 2, options) as [Running, Running]
      const operator = await ofIORedis(t, server)
      return { members, kept: async () => (await operator.keys('sio:session:*')).length }
    }

    test('another server gives rooms, data and missed packets back, to the origin they are for', async (context) => {
      const t = lifo(context)
      const { members: [one, two], kept } = await setUp(t)
      const state = await lose(t, one, kept)
      one.app.io.to('vault').emit('missed', 'by one')
      two.app.io.to('vault').emit('missed', 'by two')
      two.app.io.to('elsewhere').emit('missed', 'not for it')
      const { socket: _, ...stolen } = await come(t, two, state, OTHER)
      assert.deepEqual({ ...stolen, id: stolen.id !== state.id }, {
        recovered: false,
        id: true,
        vault: false,
        user: undefined,
        missed: []
      })
      const { socket, ...back } = await come(t, two, state, ORIGIN)
      assert.deepEqual({ ...back, missed: back.missed!.sort() }, {
        recovered: true,
        id: state.id,
        vault: true,
        user: 'ann',
        missed: ['by one', 'by two']
      })
      // and what comes now comes from both
      const events = heard(socket)
      one.app.io.to('vault').emit('news', 'one')
      two.app.io.to('vault').emit('news', 'two')
      await until(() => events.length === 2, 'both')
    })

    test('a session whose origin was revoked meanwhile is not recovered', async (context) => {
      const t = lifo(context)
      const { members: [one, two], kept } = await setUp(t)
      const state = await lose(t, one, kept)
      two.app.originPolicy.update({ origin: OTHER })
      assert.match((await come(t, two, state, ORIGIN)).refused!, /403|websocket error/)
    })

    test('origin_revoked is delivered, before the disconnect, over each transport', async (context) => {
      const t = lifo(context)
      const { members: [one] } = await setUp(t)
      const sockets = await Promise.all([
        connect(t, one.own, { transports: ['websocket'] }),
        connect(t, one.own, { transports: ['polling'] }),
        connect(t, one.own)
      ])
      await upgraded(sockets[2]!)
      // a poll that comes after the update is refused, and can be told nothing
      const { clients } = one.app.io.engine as unknown as {
        clients: Record<string, { transport: { writable: boolean } }>
      }
      await until(() => Object.values(clients).every(({ transport }) => transport.writable), 'each client has a poll')
      const order = sockets.map((socket) => {
        const events: string[] = []
        socket.on('origin_revoked', ({ code }: { code: string }) => events.push(code))
        socket.on('disconnect', (reason) => events.push(reason))
        return events
      })
      one.app.originPolicy.update({ origin: OTHER })
      await until(() => order.every((events) => events.length === 2), 'both events')
      assert.deepEqual(order, Array(3).fill(['ORIGIN_REVOKED', 'io server disconnect']))
    })
  })
}
