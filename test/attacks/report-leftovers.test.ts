import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { ORIGIN } from '../support/client.ts'
import { ask, POLLING, sidOf, start, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

// Whoever got in while nothing was refused must not stay when the policy is enforced.
const STRANGER = 'https://stranger.example.net'

test('who took over the session of an allowed origin is revoked', async (t) => {
  const { app, port } = await start(t, { cors: { origin: ORIGIN, enforce: 'report' } })
  const sid = sidOf(await ask(port, POLLING, { headers: { origin: ORIGIN } }))
  const own = { headers: { origin: ORIGIN } }
  await ask(port, `${POLLING}&sid=${sid}`, { ...own, method: 'POST', body: '40' })
  await ask(port, `${POLLING}&sid=${sid}`, own)
  const ws = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}&sid=${sid}`, { headers: { origin: STRANGER } })
  t.after(() => ws.terminate())
  await once(ws, 'open')
  ws.send('2probe')
  await once(ws, 'message')
  ws.send('5')
  await until(() => app.io.stats().sessions.websocket === 1, 'the stranger has the session')
  const closed = once(ws, 'close')
  app.originPolicy.update({ origin: ORIGIN })
  await closed
  assert.equal(app.io.engine.clientsCount, 0)
})

test('who joined a narrowed namespace leaves it; the session stays', async (t) => {
  const admin = 'https://admin.example.com'
  const { app, port } = await start(t, { cors: { origin: [ORIGIN, admin], enforce: 'report' } }, (app) => {
    app.io.of('/admin').use(app.narrowOrigin({ origin: admin }).namespace)
  })
  const ws = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}`, { headers: { origin: ORIGIN } })
  t.after(() => ws.terminate())
  const packets: string[] = []
  ws.on('message', (data) => packets.push(String(data)))
  await once(ws, 'open')
  ws.send('40/admin,')
  await until(() => app.io.of('/admin').sockets.size === 1, 'it has joined')
  app.originPolicy.update({ origin: [ORIGIN, admin] })
  await until(() => packets.includes('41/admin,'), 'it is told')
  assert.equal(app.io.of('/admin').sockets.size, 0)
  assert.equal(app.io.engine.clientsCount, 1)
})

test('a session by JSONP, and one with an empty Origin, are ended', async (t) => {
  const { app, port } = await start(t, { cors: { origin: ORIGIN, enforce: 'report' } })
  const script = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
  assert.equal((await ask(port, `${POLLING}&j=0`, { headers: script })).status, 200)
  const ws = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}`, { headers: { origin: '' } })
  t.after(() => ws.terminate())
  await once(ws, 'open')
  await until(() => app.io.engine.clientsCount === 2, 'both have a session')
  const closed = once(ws, 'close')
  app.originPolicy.update({ origin: ORIGIN })
  await closed
  await until(() => app.io.engine.clientsCount === 0, 'both have none')
})
