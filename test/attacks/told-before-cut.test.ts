// Sockets whose origin an update refuses are told why, and to stay away, whatever their adapter or transport is at.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { SlowAdapter } from '../support/adapters.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { type Answer, ask, corsHeaders, POLLING, sidOf, start, WEBSOCKET } from '../support/server.ts'
import { sessionsOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

const headers = { origin: ORIGIN }
const cors = { origin: ORIGIN }
const OTHER = { origin: 'https://other.example.com' }
const TOLD = '42["origin_revoked",{"code":"ORIGIN_REVOKED","reason":"not-listed"}]'

const kinds: Readonly<Record<string, FastifyIOOptions>> = {
  'the default': {},
  'state recovery': { connectionStateRecovery: {} },
  'state recovery with an adapter that broadcasts later': { connectionStateRecovery: {}, adapter: SlowAdapter },
  'no stateless handshake': { statelessHandshake: false }
}

const querystringParser = (): never => null as never

/** A polling session that has joined these namespaces, between two polls. */
async function polling (t: TestContext, options: FastifyIOOptions, connects: string[] = ['40']) {
  // Fastify's query may be anything that a parser of the user's gives
  const { app, port, own } = await start(t, { cors, ...options }, undefined, { routerOptions: { querystringParser } })
  app.io.of('/admin')
  const sid = sidOf(await ask(port, POLLING, { headers }))
  const path = `${POLLING}&sid=${sid}`
  for (const body of connects) {
    await ask(port, path, { method: 'POST', headers, body })
    await ask(port, path, { headers })
  }
  const poll = (more = {}): Promise<Answer> => ask(port, path, { headers: { ...headers, ...more } })
  return { app, own, port, sid, path, poll }
}

test('a JSONP session, which is nobody\'s, outlives an update that brings no change for it', async (t) => {
  const { app, port } = await start(t, { cors, jsonp: true })
  const script = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }
  assert.equal((await ask(port, `${POLLING}&j=0`, { headers: script })).status, 200)
  app.originPolicy.update(cors)
  assert.equal(app.io.engine.clientsCount, 1)
  app.originPolicy.update({ ...cors, missingOrigin: 'refuse' })
  assert.equal(app.io.engine.clientsCount, 0)
})

for (const [kind, options] of Object.entries(kinds)) {
  suite(`an update that refuses an origin, ${kind}`, () => {
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
      test(`each namespace is told, ${transports.join(' and ')}`, async (t) => {
        const { app, own } = await start(t, { cors, ...options })
        app.io.of('/admin')
        const main = await connect(t, own, { transports, forceNew: false, multiplex: true })
        const admin = main.io.socket('/admin')
        await once(admin as never, 'connect')
        const upgraded = (): boolean => sessionsOf(app)[0]!.transport.name === 'websocket'
        if (transports.length > 1) await until(upgraded, 'it is upgraded')
        const told = [main, admin].map(async (socket) => {
          const heard = ['origin_revoked', 'disconnect'].map((event) => once(socket as never, event))
          return (await Promise.all(heard)).map(([first]) => first)
        })
        app.originPolicy.update(OTHER)
        const expected = [{ code: 'ORIGIN_REVOKED', reason: 'not-listed' }, 'io server disconnect']
        assert.deepEqual(await Promise.all(told), [expected, expected])
        assert.equal(app.io.engine.clientsCount, 0)
      })
    }

    test('a WebSocket that has not sent its last message yet', async (t) => {
      const { app, own } = await start(t, { cors, ...options })
      const socket = await connect(t, own, { transports: ['websocket'] })
      const told = once(socket as never, 'origin_revoked')
      app.io.emit('big', 'x'.repeat(5_000_000))
      assert.equal(sessionsOf(app)[0]!.transport.writable, kind.includes('later'))
      app.originPolicy.update(OTHER)
      await told
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('a listener of the user\'s that throws saves no session', async (t) => {
      const { app, own } = await start(t, { cors, ...options }, (app) => {
        app.io.on('connection', (socket) => socket.on('disconnect', () => { throw new Error('bug') }))
      })
      const socket = await connect(t, own, { transports: ['websocket'] })
      const gone = once(socket as never, 'disconnect')
      app.originPolicy.update(OTHER)
      await gone
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('between two polls: one last poll, once, for the same client alone', async (t) => {
      const { app, port, path, poll } = await polling(t, options, ['40', '40/admin,'])
      app.io.emit('secret')
      app.originPolicy.update(OTHER)
      const left = [app.io.engine.clientsCount, app.io.sockets.sockets.size]
      assert.deepEqual(left, [0, 0], 'the session itself has ended')
      for (const thief of [{ origin: 'https://other.example.com' }, { origin: 'https://attacker.example' }, {}]) {
        assert.notEqual((await ask(port, path, { headers: thief })).status, 200)
      }
      assert.equal((await ask(port, path, { method: 'POST', headers, body: '42["x"]' })).status, 403)
      const { status, body, headers: { 'content-type': type }, ...rest } = await poll()
      assert.deepEqual([status, type], [200, 'text/plain; charset=UTF-8'])
      assert.deepEqual(body.split('\x1e'), [TOLD, '41', TOLD.replace('42', '42/admin,'), '41/admin,'])
      assert.deepEqual(corsHeaders({ status, body, headers: {}, ...rest }), [])
      assert.equal((await poll()).status, 403)
    })

    test('a session that has joined nothing is not told', async (t) => {
      const { app, poll } = await polling(t, { ...options, statelessHandshake: false }, [])
      app.originPolicy.update(OTHER)
      assert.equal((await poll()).status, 403)
    })

    test('between the probe and the upgrade: told by the WebSocket', async (t) => {
      const { app, port, sid } = await polling(t, options)
      const socket = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}&sid=${sid}`, { headers })
      const messages: string[] = []
      socket.on('message', (data) => messages.push(String(data)))
      await once(socket, 'open')
      socket.send('2probe')
      await until(() => messages.length === 1, 'the probe is answered')
      app.originPolicy.update(OTHER)
      const closed = once(socket, 'close')
      app.io.emit('secret')
      socket.send('5')
      await closed
      assert.deepEqual(messages, ['3probe', TOLD, '41'])
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('between the probe and an upgrade that never comes: the session ends', async (t) => {
      const { app, port, sid } = await polling(t, options)
      const socket = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}&sid=${sid}`, { headers })
      await once(socket, 'open')
      socket.send('2probe')
      await once(socket, 'message')
      app.originPolicy.update(OTHER)
      // not what an upgrade may say
      socket.send('440')
      await once(socket, 'close')
      await until(() => app.io.engine.clientsCount === 0, 'the session has ended')
    })
  })
}
