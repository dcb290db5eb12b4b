// Connection state recovery: whoever knows the `pid` of a session must not take it over from another origin.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { FastifyIOOptions, FastifyIOSocket } from '../../lib/index.ts'
import { createStore, storing } from '../support/adapters.ts'
import { client, ORIGIN } from '../support/client.ts'
import { start } from '../support/server.ts'

const OTHER = 'https://other.example.com'
const cors = { origin: [ORIGIN, OTHER] }

type Socket = ReturnType<typeof client>
type Options = Parameters<typeof client>[2]
interface State { readonly pid: string, readonly offset: string, readonly id: string }

/** A session in a room, with data and a missed packet, that has lost its connection. */
async function lose (t: TestContext, app: FastifyInstance, url: string, options: Options): Promise<State> {
  const { pathname } = new URL(url)
  const joined = new Promise<FastifyIOSocket>((resolve) => { app.io.of(pathname).once('connection', resolve) })
  const socket = client(t, url, options)
  const told = once(socket as never, 'hello')
  const ours = await joined
  await ours.join('vault')
  ours.data.secret = 'of the owner'
  ours.emit('hello')
  await told
  const { _pid: pid, _lastOffset: offset, id } = socket as unknown as { _pid: string, _lastOffset: string, id: string }
  const gone = once(ours, 'disconnect')
  socket.io.engine.close()
  // a broken connection, not a goodbye
  ;(socket.io.engine.transport as unknown as { close (): void }).close()
  await gone
  app.io.of(pathname).to('vault').emit('missed', 'by the owner')
  return { pid, offset, id }
}

/** What comes of a connection with somebody's `pid`. */
async function come (t: TestContext, app: FastifyInstance, url: string, { pid, offset }: State, options: Options) {
  const missed: unknown[] = []
  const { pathname } = new URL(url)
  const joined = new Promise<FastifyIOSocket>((resolve) => { app.io.of(pathname).once('connection', resolve) })
  const socket: Socket = client(t, url, { ...options, auth: { pid, offset } })
  socket.on('missed', (text) => missed.push(text))
  const refused = once(socket as never, 'connect_error').then(([error]) => error)
  const ours = await Promise.race([joined, refused])
  if (ours instanceof Error) return { error: (ours as Error & { data?: unknown }).data }
  const after = once(socket as never, 'after')
  ours.emit('after')
  await after
  const { recovered, rooms, data, handshake: { auth } } = ours
  return { recovered, same: ours.id, rooms: rooms.has('vault'), secret: data.secret, missed, auth }
}

const adapters: Readonly<Record<string, () => FastifyIOOptions>> = {
  'in memory': () => ({}),
  'in a store': () => ({ adapter: storing(createStore()) as never })
}

for (const [kind, adapter] of Object.entries(adapters)) {
  for (const transport of ['polling', 'websocket']) {
    suite(`a state that was kept ${kind}, ${transport}`, () => {
      const options = { transports: [transport] }
      const owner = { ...options, extraHeaders: { origin: ORIGIN } }
      const other = { ...options, extraHeaders: { origin: OTHER } }
      const serve = (t: TestContext, setUp?: (app: FastifyInstance) => void) =>
        start(t, { cors, connectionStateRecovery: {}, ...adapter() }, setUp)

      test('its owner gets it back', async (t) => {
        const { app, own } = await serve(t)
        const state = await lose(t, app, own, owner)
        const back = await come(t, app, own, state, owner)
        const auth = { pid: state.pid, offset: state.offset }
        const kept = { rooms: true, secret: 'of the owner', missed: ['by the owner'] }
        assert.deepEqual(back, { recovered: true, same: state.id, ...kept, auth })
      })

      const thieves = { 'another origin': { origin: OTHER }, 'a client without Origin': {} }
      for (const [thief, headers] of Object.entries(thieves)) {
        test(`${thief} gets a new session, and the owner still gets this one`, async (t) => {
          const { app, own } = await serve(t)
          const state = await lose(t, app, own, owner)
          const stolen = await come(t, app, own, state, { ...options, extraHeaders: headers })
          assert.notEqual(stolen.same, state.id)
          const auth = { pid: state.pid, offset: state.offset }
          const nothing = { recovered: false, rooms: false, secret: undefined, missed: [] }
          assert.deepEqual({ ...stolen, same: '' }, { ...nothing, same: '', auth })
          assert.equal((await come(t, app, own, state, owner)).recovered, true)
        })
      }

      test('a pid that was altered is unknown', async (t) => {
        const { app, own } = await serve(t)
        const state = await lose(t, app, own, owner)
        const altered = `${state.pid.slice(0, -1)}${state.pid.endsWith('A') ? 'B' : 'A'}`
        for (const pid of [state.pid.slice(0, -22), altered, `x${state.pid}`, '', 'x'.repeat(22)]) {
          assert.equal((await come(t, app, own, { ...state, pid }, owner)).recovered, false, pid)
        }
      })

      const REFUSED = { error: { code: 'ORIGIN_REFUSED', reason: 'not-listed' } }

      test('a narrower namespace is closed to another origin, and open to its own', async (t) => {
        for (const name of ['/admin', '/dynamic-1']) {
          const { app, own } = await serve(t, (app) => {
            const admin = app.narrowOrigin({ origin: ORIGIN })
            app.io.of('/admin').use(admin.namespace)
            app.io.of(/^\/dynamic-\d+$/).use(admin.namespace)
          })
          app.io.of(name)
          const state = await lose(t, app, `${own}${name}`, owner)
          assert.deepEqual(await come(t, app, `${own}${name}`, state, other), REFUSED)
          assert.equal((await come(t, app, `${own}${name}`, state, owner)).recovered, true)
        }
      })

      test('a narrower policy that has changed meanwhile is asked, though middlewares are skipped', async (t) => {
        const { app, own } = await serve(t)
        const admin = app.narrowOrigin({ origin: ORIGIN })
        app.io.of('/admin').use(admin.namespace)
        const state = await lose(t, app, `${own}/admin`, owner)
        admin.policy.update({ origin: OTHER })
        assert.deepEqual(await come(t, app, `${own}/admin`, state, owner), REFUSED)
      })
    })
  }
}

test('servers that share a store', async (t) => {
  const store = createStore()
  const options = { cors, connectionStateRecovery: {}, adapter: storing(store) as never }
  const [one, two] = [await start(t, options), await start(t, options)]
  const owner = { transports: ['websocket'], extraHeaders: { origin: ORIGIN } }
  const state = await lose(t, one.app, one.own, owner)
  const stolen = await come(t, two.app, two.own, state, { ...owner, extraHeaders: { origin: OTHER } })
  assert.equal(stolen.recovered, false)
  assert.deepEqual((await come(t, two.app, two.own, state, owner)), {
    recovered: true,
    same: state.id,
    rooms: true,
    secret: 'of the owner',
    missed: ['by the owner'],
    auth: { pid: state.pid, offset: state.offset }
  })
})

test('a page of another scheme at the same host', async (t) => {
  const [http, https] = ['http://app.example.com', 'https://app.example.com']
  const { app, own } = await start(t, { cors: { origin: [http, https] }, connectionStateRecovery: {} })
  const page = (origin: string) => ({ transports: ['websocket'], extraHeaders: { host: 'app.example.com', origin } })
  const state = await lose(t, app, own, page(https))
  assert.equal((await come(t, app, own, state, page(http))).recovered, false)
  assert.equal((await come(t, app, own, state, page(https))).recovered, true)
})

test('the own page at another of the server\'s names', async (t) => {
  const { app, own, port } = await start(t, { connectionStateRecovery: {} }, () => {}, { trustProxy: true })
  const at = (host: string) => ({ transports: ['websocket'], extraHeaders: { host, origin: `http://${host}` } })
  const state = await lose(t, app, own, at('tenant1.example.com'))
  for (const host of ['tenant2.example.com', `127.0.0.1:${port}`]) {
    assert.equal((await come(t, app, own, state, at(host))).recovered, false)
  }
  assert.equal((await come(t, app, own, state, at('tenant1.example.com'))).recovered, true)
})
