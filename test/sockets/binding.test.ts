import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

type Headers = Readonly<Record<string, string>>

/** Statuses of the three kinds of follow-up, in the order that leaves the session alive. */
async function followUps (port: number, sid: string, headers: Headers): Promise<number[]> {
  const answers = [
    await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' }),
    await ask(port, `${POLLING}&sid=${sid}`, { headers }),
    await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { ...headers, ...UPGRADE } })
  ]
  return answers.map(({ status }) => status)
}

for (const statelessHandshake of [true, false]) {
  suite(`whose session it is, statelessHandshake: ${statelessHandshake}`, () => {
    test('the browser\'s word (Sec-Fetch-Site) counts where a proxy has changed the Host', async (t) => {
      const { port } = await start(t, { cors: { origin: ORIGIN }, statelessHandshake })
      const headers = { host: 'backend.internal', 'sec-fetch-site': 'same-origin' }
      const sid = sidOf(await ask(port, POLLING, { headers }))
      assert.deepEqual(await followUps(port, sid, { ...headers, origin: ORIGIN }), [200, 200, 101])
    })

    test('another host that ends like the server\'s is not the server', async (t) => {
      const glued = 'https://evil-app.example.com'
      const { port } = await start(t, {
        cors: { origin: [ORIGIN, glued, 'https://x.app.example.com'] },
        statelessHandshake
      })
      const host = { host: 'app.example.com' }
      const sid = sidOf(await ask(port, POLLING, { headers: host }))
      for (const origin of [glued, 'https://x.app.example.com']) {
        assert.deepEqual(await followUps(port, sid, { ...host, origin }), [400, 400, 400])
      }
      assert.deepEqual(await followUps(port, sid, { ...host, origin: ORIGIN }), [200, 200, 101])
    })

    test('a session of an allowed origin is nothing to the server\'s own page', async (t) => {
      const { port, own } = await start(t, { cors: { origin: ORIGIN }, statelessHandshake })
      const sid = sidOf(await ask(port, POLLING, { headers: { origin: ORIGIN } }))
      for (const headers of [{ origin: own }, { 'sec-fetch-site': 'same-origin' }, {}]) {
        assert.deepEqual(await followUps(port, sid, headers), [400, 400, 400])
      }
      assert.deepEqual(await followUps(port, sid, { origin: ORIGIN }), [200, 200, 101])
    })

    test('a session that began as a WebSocket cannot be polled, least of all from elsewhere', async (t) => {
      const { app, port, own } = await start(t, {
        cors: { origin: [ORIGIN, 'https://other.example'] },
        statelessHandshake
      })
      const { connect } = await import('../support/client.ts')
      const socket = await connect(t, own, { transports: ['websocket'] })
      const sid = socket.io.engine.id
      const ask1 = async (headers: Headers) =>
        JSON.parse((await ask(port, `${POLLING}&sid=${sid}`, { headers })).body) as { code: number }
      assert.deepEqual(
        [(await ask1({ origin: 'https://other.example' })).code, (await ask1({ origin: ORIGIN })).code],
        [1, 3]
      )
      assert.equal(socket.connected, true)
      assert.equal(app.io.engine.clientsCount, 1)
    })

    test('an origin that an update refuses has no session left to use', async (t) => {
      const { app, port } = await start(t, { cors: { origin: ORIGIN }, statelessHandshake })
      const sid = sidOf(await ask(port, POLLING, { headers: { origin: ORIGIN } }))
      app.originPolicy.update({ origin: 'https://new.example.com' })
      assert.deepEqual(await followUps(port, sid, { origin: ORIGIN }), [403, 403, 403])
      assert.deepEqual(await followUps(port, sid, { origin: 'https://new.example.com' }), [400, 400, 400])
    })

    test('a token made for the origin "" of a same-origin page does not fit a header that is empty', async (t) => {
      const { port } = await start(t, { cors: { origin: ORIGIN }, statelessHandshake })
      const sid = sidOf(await ask(port, POLLING))
      assert.deepEqual(await followUps(port, sid, { origin: '' }), [403, 403, 403])
    })

    test('behind trustProxy: the page of the public host', async (t) => {
      const { port } = await start(t, { statelessHandshake }, () => {}, { trustProxy: true })
      const forwarded = {
        host: 'backend.internal',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'app.example.com'
      }
      const sid = sidOf(await ask(port, POLLING, { headers: forwarded }))
      assert.deepEqual(await followUps(port, sid, { ...forwarded, origin: ORIGIN }), [200, 200, 101])
      assert.deepEqual(await followUps(port, sid, { ...forwarded, origin: 'https://backend.internal' }), [
        403, 403, 403
      ])
    })
  })
}

test('the window of used tokens: from the future, late, and far behind', async (t) => {
  const { port } = await start(t, { cors: { origin: ORIGIN }, pingInterval: 1000, pingTimeout: 1000 })
  const shake = async () => sidOf(await ask(port, POLLING, { headers: { origin: ORIGIN } }))
  const post = async (sid: string) =>
    (await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: { origin: ORIGIN }, body: '40' })).status
  const sids = []
  for (let n = 0; n < 5; n++) sids.push(await shake())
  const real = Date.now
  const clock = t.mock.method(Date, 'now', () => real() + 60_000)
  const future = await shake()
  clock.mock.restore()
  assert.equal(await post(future), 400, 'a clock that far ahead is not ours')
  // in any order, each once
  for (const at of [2, 0, 4, 1, 3]) assert.equal(await post(sids[at]!), 200)
  for (const sid of sids) {
    await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: { origin: ORIGIN }, body: '1' })
    assert.equal(await post(sid), 400, 'closed, and not opened again')
  }
})
