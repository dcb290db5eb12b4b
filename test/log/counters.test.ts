import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import fastifyIO, { type Count } from '../../lib/index.ts'
import { connect, ORIGIN, upgraded } from '../support/client.ts'
import { ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const EVIL = { origin: 'https://attacker.example' }
const MINE = { origin: ORIGIN }
const cors = { origin: ORIGIN }
const NONE = { redeemed: 0, foreign: 0, expired: 0, replayed: 0, unknown: 0 }

suite('app.io.stats()', () => {
  test('is all zeros at first, and a copy', async (t) => {
    const { app } = await start(t, { cors })
    const zeros = {
      handshakes: { answered: 0, opened: 0, refused: 0 },
      refusals: {},
      reported: {},
      sessions: { polling: 0, websocket: 0 },
      tokens: NONE,
      revoked: 0
    }
    const stats = app.io.stats()
    assert.deepEqual(stats, zeros)
    Object.assign(stats.handshakes, { answered: 7 })
    assert.deepEqual(app.io.stats(), zeros)
  })

  test('handshakes by outcome, and live sessions by transport', async (t) => {
    const { app, own, port } = await start(t, { cors })
    await connect(t, own, { transports: ['websocket'] })
    const polling = await connect(t, own, { transports: ['polling'] })
    const both = await connect(t, own)
    await upgraded(both)
    await until(() => app.io.stats().sessions.websocket === 2, 'the upgrade is finished on the server')
    assert.deepEqual(app.io.stats().sessions, { polling: 1, websocket: 2 })
    assert.deepEqual(app.io.stats().handshakes, { answered: 2, opened: 1, refused: 0 })
    assert.deepEqual(app.io.stats().tokens, { ...NONE, redeemed: 2 })
    polling.close()
    await until(() => app.io.stats().sessions.polling === 0, 'the session has ended')
    await ask(port, POLLING, { headers: EVIL })
    await ask(port, WEBSOCKET, { headers: { ...EVIL, ...UPGRADE } })
    await ask(port, '/socket.io/?EIO=3&transport=polling')
    assert.deepEqual(app.io.stats().handshakes, { answered: 2, opened: 1, refused: 3 })
  })

  test('without stateless handshakes polling opens a session at once', async (t) => {
    const { app, port } = await start(t, { cors, statelessHandshake: false })
    await ask(port, POLLING, { headers: MINE })
    assert.deepEqual(app.io.stats().handshakes, { answered: 0, opened: 1, refused: 0 })
    assert.deepEqual(app.io.stats().sessions, { polling: 1, websocket: 0 })
    assert.deepEqual(app.io.stats().tokens, NONE)
  })

  test('and where a listener takes the handshake the long way', async (t) => {
    const { app, port } = await start(t, { cors }, (app) => { app.io.engine.on('headers', () => {}) })
    await ask(port, POLLING, { headers: MINE })
    assert.deepEqual(app.io.stats().handshakes, { answered: 1, opened: 0, refused: 0 })
  })

  test('and Engine.IO\'s own handshake, of a Socket.IO 2 client', async (t) => {
    const { app, port } = await start(t, { cors, allowEIO3: true })
    await ask(port, '/socket.io/?EIO=3&transport=polling', { headers: MINE })
    assert.deepEqual(app.io.stats().handshakes, { answered: 0, opened: 1, refused: 0 })
  })

  test('refusals by reason: of the policy, of Engine.IO, of REST; and what was served all the same', async (t) => {
    const { app, port } = await start(t, { cors }, (app) => { app.get('/api', async () => 'ok') })
    for (let n = 0; n < 3; n++) await ask(port, POLLING, { headers: EVIL })
    await ask(port, POLLING, { headers: { origin: 'null' } })
    await ask(port, `${POLLING}&j=0`)
    await ask(port, `${POLLING}&sid=gone`)
    await ask(port, '/api', { headers: { ...EVIL, ...UPGRADE } })
    await ask(port, '/api', { headers: EVIL })
    assert.deepEqual(app.io.stats().refusals, { 'not-listed': 4, null: 1, jsonp: 1, 'session-unknown': 1 })
    assert.deepEqual(app.io.stats().reported, { 'not-listed': 1 })
    assert.equal(app.io.stats().handshakes.refused, 5, 'what has a sid, and what is for REST, is no handshake')
    app.originPolicy.update({ ...cors, enforce: 'all' })
    await ask(port, '/api', { headers: EVIL })
    assert.equal(app.io.stats().refusals['not-listed'], 5)
    assert.equal(app.io.stats().reported['not-listed'], 1)
  })

  test('tokens: replayed, unknown, of another origin, expired', async (t) => {
    let clock = 0
    const { now } = Date
    t.mock.method(Date, 'now', () => now() + clock)
    const { app, port } = await start(t, { cors: { origin: [ORIGIN, 'https://other.example.com'] } })
    const shake = async (): Promise<string> => sidOf(await ask(port, POLLING, { headers: MINE }))
    const come = (sid: string, headers = MINE): Promise<unknown> =>
      ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '1' })
    const used = await shake()
    await come(used)
    await until(() => app.io.engine.clientsCount === 0, 'the session has ended')
    await come(used)
    await come('gone')
    await come(await shake(), { origin: 'https://other.example.com' })
    const old = await shake()
    clock = 60_000
    await come(old)
    assert.deepEqual(app.io.stats().tokens, { redeemed: 1, foreign: 0, expired: 1, replayed: 1, unknown: 2 })
  })

  test('a token of another process', async (t) => {
    const options = { cors, handshakeSecret: 's'.repeat(32) }
    const one = await start(t, options)
    const two = await start(t, options)
    const sid = sidOf(await ask(one.port, POLLING, { headers: MINE }))
    await ask(two.port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: MINE, body: '40' })
    assert.deepEqual(two.app.io.stats().tokens, { ...NONE, foreign: 1 })
    assert.deepEqual(one.app.io.stats().tokens, NONE)
  })

  test('sessions that an update ends', async (t) => {
    const { app, own } = await start(t, { cors })
    const socket = await connect(t, own, { transports: ['websocket'] })
    app.originPolicy.update({ origin: 'https://other.example.com' })
    await once(socket as never, 'disconnect')
    assert.equal(app.io.stats().revoked, 1)
    assert.deepEqual(app.io.stats().sessions, { polling: 0, websocket: 0 })
  })

  test('two registrations count apart', async (t) => {
    const app = Fastify()
    await app.register(async (scope) => {
      await scope.register(fastifyIO, { cors, path: '/one' })
      scope.get('/one-stats', async () => scope.io.stats())
    })
    await app.register(async (scope) => {
      await scope.register(fastifyIO, { cors, path: '/two' })
      scope.get('/two-stats', async () => scope.io.stats())
    })
    t.after(() => app.close())
    await app.inject({ url: '/one/?EIO=4&transport=polling', headers: MINE })
    await app.inject({ url: '/one/?EIO=4&transport=polling', headers: EVIL })
    const read = async (url: string) => (await app.inject(url)).json()
    const [one, two] = [await read('/one-stats'), await read('/two-stats')]
    assert.deepEqual([one.handshakes, one.refusals], [{ answered: 1, opened: 0, refused: 1 }, { 'not-listed': 1 }])
    assert.deepEqual([two.handshakes, two.refusals], [{ answered: 0, opened: 0, refused: 0 }, {}])
  })
})

test('the fastify-io:count channel', async (t) => {
  const seen: Count[] = []
  const listener = (message: unknown): void => { seen.push(message as Count) }
  const { app, own, port } = await start(t, { cors })
  await ask(port, POLLING, { headers: MINE })
  subscribe('fastify-io:count', listener)
  t.after(() => { unsubscribe('fastify-io:count', listener) })
  const sid = sidOf(await ask(port, POLLING, { headers: MINE }))
  await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: MINE, body: '1' })
  await ask(port, POLLING, { headers: EVIL })
  const socket = await connect(t, own, { transports: ['websocket'] })
  app.originPolicy.update({ origin: 'https://other.example.com' })
  await once(socket as never, 'disconnect')
  assert.deepEqual(seen, [
    { handshake: 'answered' },
    { token: 'redeemed' },
    { handshake: 'refused' },
    { handshake: 'opened' },
    { revoked: true }
  ])
})
