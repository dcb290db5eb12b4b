// A session ID in the wrong hands: a server that goes by several names, and sessions that began without an Origin.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { Server } from 'socket.io'
import { client, connect, ORIGIN } from '../support/client.ts'
import { ask, type Ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { sessionsOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

type Headers = Readonly<Record<string, string>>

const UNKNOWN = { code: 1, message: 'Session ID unknown' }

/** The three kinds of follow-up, in the order that leaves the session alive. */
function followUps (port: number, sid: string, headers: Headers): Promise<{ status: number, body: string }>[] {
  const requests: [string, Ask][] = [
    [POLLING, { method: 'POST', headers, body: '40' }],
    [POLLING, { headers }],
    [WEBSOCKET, { headers: { ...headers, ...UPGRADE } }]
  ]
  return requests.map(([path, request]) => ask(port, `${path}&sid=${sid}`, request))
}

async function statuses (port: number, sid: string, headers: Headers): Promise<number[]> {
  const found = []
  for (const answer of followUps(port, sid, headers)) found.push((await answer).status)
  return found
}

for (const statelessHandshake of [true, false]) {
  suite(`the names of a server are different origins, statelessHandshake: ${statelessHandshake}`, () => {
    // the thief has the sid before its owner comes back, and after
    for (const used of [false, true]) {
      test(`a sid of one own host at another one, ${used ? 'in use' : 'fresh'}`, async (t) => {
        // trustProxy: a server that listens on loopback alone takes no other name for its own
        const { port, app } = await start(t, { statelessHandshake }, () => {}, { trustProxy: true })
        const at = (host: string): Headers[] => [
          { host, origin: `http://${host}` },
          { host },
          { host, 'sec-fetch-site': 'same-origin' }
        ]
        const owner = { host: 'tenant1.example.com', origin: 'http://tenant1.example.com' }
        const sid = sidOf(await ask(port, POLLING, { headers: owner }))
        const join = async (): Promise<void> => {
          const { status } = await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: owner, body: '40' })
          assert.equal(status, 200)
        }
        if (used) await join()
        const hosts = ['tenant2.example.com', `127.0.0.1:${port}`, 'tenant1.example.com:8080']
        for (const headers of hosts.flatMap(at)) {
          for (const answer of followUps(port, sid, headers)) {
            const { status, body } = await answer
            assert.deepEqual([status, JSON.parse(body)], [400, UNKNOWN], JSON.stringify(headers))
          }
        }
        if (!used) await join()
        assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { headers: owner })).status, 200)
        assert.equal(app.io.engine.clientsCount, 1)
      })
    }

    for (const [name, hosts] of Object.entries({
      case: ['API.Example.com', 'api.example.com', 'api.EXAMPLE.com'],
      'the default port': ['api.example.com:443', 'api.example.com', 'api.example.com:443']
    })) {
      test(`one host in several spellings: ${name}`, async (t) => {
        const { port } = await start(t, { cors: { origin: 'https://api.example.com' }, statelessHandshake })
        const sid = sidOf(await ask(port, POLLING, { headers: { host: hosts[0] } }))
        const page = { origin: 'https://api.example.com' }
        const headers = { ...page, host: hosts[1] }
        const post = await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })
        const upgrade = await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { ...page, host: hosts[2], ...UPGRADE } })
        assert.deepEqual([post.status, upgrade.status], [200, 101])
        // the same with the page's Origin on each, whose host is in lower case and has no default port
        const second = sidOf(await ask(port, POLLING, { headers: { ...page, host: hosts[0] } }))
        assert.deepEqual(await statuses(port, second, { host: hosts[0]! }), [200, 200, 101])
      })
    }

    test('a made-up host for each handshake: none of them spoils another', async (t) => {
      const { port } = await start(t, { statelessHandshake }, () => {}, { trustProxy: true })
      const sids: [string, string][] = []
      const page = { 'sec-fetch-site': 'same-origin' }
      for (let n = 0; n < 300; n++) {
        const host = `h${n}.example.com`
        sids.push([host, sidOf(await ask(port, POLLING, { headers: { ...page, host } }))])
      }
      for (const [host, sid] of [sids[0]!, sids[150]!, sids[299]!]) {
        assert.deepEqual(await statuses(port, sid, { ...page, host: `x${host}` }), [400, 400, 400])
        assert.deepEqual(await statuses(port, sid, { ...page, host }), [200, 200, 101])
      }
      const long = { host: `${'a'.repeat(3000)}.example.com` }
      assert.deepEqual(await statuses(port, sidOf(await ask(port, POLLING, { headers: long })), long), [200, 200, 101])
    })

    test('a native client may change its Host, until a page has shown itself', async (t) => {
      const { port, own } = await start(t, { statelessHandshake }, () => {}, { trustProxy: true })
      const sid = sidOf(await ask(port, POLLING))
      const status = async (headers: Headers, more: Ask = {}): Promise<number> =>
        (await ask(port, `${POLLING}&sid=${sid}`, { headers, ...more })).status
      const post = { method: 'POST', body: '40' }
      assert.equal(await status({}, post), 200)
      assert.equal(await status({ host: 'x' }), 200)
      assert.equal(await status({ host: 'x', 'sec-fetch-site': 'same-origin' }), 400)
      assert.equal(await status({ origin: own }, { method: 'POST', body: '3' }), 200)
      assert.deepEqual([await status({ host: 'x' }), await status({ host: 'x' }, post)], [400, 400])
      assert.equal(await status({}, { method: 'POST', body: '3' }), 200)
    })

    test('a handshake that says nothing of a page goes on under any Host; a page\'s does not', async (t) => {
      const { port } = await start(t, { statelessHandshake }, () => {}, { trustProxy: true })
      const go = async (first: Headers, then: Headers): Promise<number> => {
        const sid = sidOf(await ask(port, POLLING, { headers: { host: 'a.example.com', ...first } }))
        const post = { method: 'POST', headers: { host: 'b.example.com', ...then }, body: '40' }
        return (await ask(port, `${POLLING}&sid=${sid}`, post)).status
      }
      const site = { 'sec-fetch-site': 'same-origin' }
      assert.equal(await go({}, {}), 200)
      for (const page of [site, { origin: 'http://a.example.com' }]) assert.equal(await go(page, {}), 400)
      for (const page of [site, { origin: 'http://b.example.com' }]) assert.equal(await go(site, page), 400)
      // silent and not, of one page
      assert.equal(await go({}, { host: 'a.example.com', origin: 'http://a.example.com' }), 200)
      assert.equal(await go(site, { host: 'a.example.com' }), 200)
    })

    test('the first Origin that a session shows is its own', async (t) => {
      const [http, https] = ['http://app.example.com', 'https://app.example.com']
      const { port } = await start(t, { cors: { origin: [http, https] }, statelessHandshake })
      const host = { host: 'app.example.com' }
      const sid = sidOf(await ask(port, POLLING, { headers: host }))
      const first = { headers: { ...host, origin: http }, method: 'POST', body: '40' }
      assert.equal((await ask(port, `${POLLING}&sid=${sid}`, first)).status, 200)
      assert.deepEqual(await statuses(port, sid, { ...host, origin: https }), [400, 400, 400])
      assert.deepEqual(await statuses(port, sid, { ...host, origin: http }), [200, 200, 101])
    })

    for (const dropped of [false, true]) {
      const how = dropped ? ', its first request dropped' : ''
      test(`a page's WebSocket that began with a GET without Origin ends with sameOrigin${how}`, async (t) => {
        const { app, own } = await start(t, { statelessHandshake })
        if (dropped) app.io.engine.on('connection', (session: { request: unknown }) => { session.request = null })
        const transportOptions = { websocket: { extraHeaders: { origin: own } } }
        const socket = client(t, own, { extraHeaders: {}, transportOptions })
        const told = once(socket as never, 'origin_revoked')
        const upgraded = (): boolean => sessionsOf(app)[0]?.transport.name === 'websocket'
        await until(() => socket.connected && upgraded(), 'it is connected and upgraded')
        app.originPolicy.update({ sameOrigin: false })
        assert.deepEqual(await told, [{ code: 'ORIGIN_REVOKED', reason: 'not-listed' }])
        await until(() => app.io.engine.clientsCount === 0, 'its session has ended')
      })
    }

    test('a narrower namespace, when the first poll beats the first POST', async (t) => {
      const { app, port, own } = await start(t, { statelessHandshake })
      app.io.of('/admin').use(app.narrowOrigin({ sameOrigin: false }).namespace)
      const path = `${POLLING}&sid=${sidOf(await ask(port, POLLING))}`
      const poll = ask(port, path)
      await until(() => app.io.engine.clientsCount === 1, 'the poll has made the session')
      await ask(port, path, { method: 'POST', headers: { origin: own }, body: '40/admin,' })
      assert.match((await poll).body, /^44\/admin,\{.*"ORIGIN_REFUSED"/)
    })
  })
}

test('a narrower namespace refuses sessions of another server, which no policy was asked about', async (t) => {
  const { app } = await start(t, { cors: { origin: ORIGIN } })
  const http = createServer()
  const other = new Server(http)
  t.after(() => other.close())
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  other.of('/admin').use(app.narrowOrigin({ origin: ORIGIN }).namespace)
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  for (const extraHeaders of [{}, { origin: ORIGIN }, { origin: 'https://attacker.example' }]) {
    const socket = client(t, `${url}/admin`, { extraHeaders })
    const [error] = await once(socket as never, 'connect_error')
    assert.deepEqual(error.data, { code: 'ORIGIN_REFUSED', reason: 'unclaimed' })
  }
  await connect(t, url)
})
