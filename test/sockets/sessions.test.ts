import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { connect, ORIGIN } from '../support/client.ts'
import { ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

const OTHER = 'https://other.example.com'
const cors = { origin: [ORIGIN, OTHER] }
const SECRET = 'a secret that is long enough: 32+'

for (const statelessHandshake of [true, false]) {
  suite(`sessions, statelessHandshake: ${statelessHandshake}`, () => {
    // A session is bound to its origin: Engine.IO checks a sid for existence only (socket.io#3661).
    const thieves = Object.entries({
      'another allowed origin': { origin: OTHER },
      'no origin': {},
      'a refused origin': { origin: 'https://attacker.example' }
    })
    for (const [name, headers] of thieves) {
      test(`a stolen sid is worth nothing to ${name}; its owner goes on`, async (t) => {
        const { port, app } = await start(t, { cors, statelessHandshake })
        const owner = { origin: ORIGIN }
        const sid = sidOf(await ask(port, POLLING, { headers: owner }))
        const steal = async () => [
          await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' }),
          await ask(port, `${POLLING}&sid=${sid}`, { headers }),
          await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { ...headers, ...UPGRADE } })
        ]
        const expected = name === 'a refused origin' ? [403, 403, 403] : [400, 400, 400]
        const before = await steal()
        assert.deepEqual(before.map(({ status }) => status), expected)
        if (expected[0] === 400) { for (const { body } of before) assert.equal(JSON.parse(body).code, 1) }
        assert.equal(
          (await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: owner, body: '40' })).status,
          200
        )
        assert.deepEqual((await steal()).map(({ status }) => status), expected)
        assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { headers: owner })).status, 200)
        assert.equal(app.io.engine.clientsCount, 1)
      })
    }

    test('a same-origin page: GET without an Origin, POST and upgrade with one', async (t) => {
      const { port, own } = await start(t, { statelessHandshake })
      const sid = sidOf(await ask(port, POLLING, { headers: { 'sec-fetch-site': 'same-origin' } }))
      assert.equal(
        (await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: { origin: own }, body: '40' })).status,
        200
      )
      assert.equal((await ask(port, `${POLLING}&sid=${sid}`)).status, 200)
      assert.equal((await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { origin: own, ...UPGRADE } })).status, 101)
    })

    test('the same behind a proxy that ends TLS, without trustProxy, when the origin is listed', async (t) => {
      const { port } = await start(t, { cors, statelessHandshake })
      const host = { host: 'app.example.com' }
      const sid = sidOf(await ask(port, POLLING, { headers: host }))
      assert.equal(
        (await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: { ...host, origin: ORIGIN }, body: '40' }))
          .status,
        200
      )
      assert.equal(
        (await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { ...host, origin: ORIGIN, ...UPGRADE } })).status,
        101
      )
    })

    test('a session that was closed cannot be opened again', async (t) => {
      const { port, app } = await start(t, { cors, statelessHandshake })
      const headers = { origin: ORIGIN }
      const sid = sidOf(await ask(port, POLLING, { headers }))
      assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })).status, 200)
      assert.equal(app.io.engine.clientsCount, 1)
      assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '1' })).status, 200)
      assert.equal(app.io.engine.clientsCount, 0)
      assert.deepEqual(JSON.parse((await ask(port, `${POLLING}&sid=${sid}`, { headers })).body), {
        code: 1,
        message: 'Session ID unknown'
      })
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('JSONP is refused with 400; jsonp: true brings it back', async (t) => {
      const { port } = await start(t, { cors, statelessHandshake })
      assert.equal((await ask(port, `${POLLING}&j=0`)).status, 400)
      const old = await start(t, { cors, statelessHandshake, jsonp: true })
      const answer = await ask(old.port, `${POLLING}&j=0`)
      assert.equal(answer.status, 200)
      assert.match(answer.body, /^___eio\[0\]\("0\{/)
      assert.equal(
        (await ask(old.port, `${POLLING}&j=0`, { headers: { 'sec-fetch-site': 'cross-site' } })).status,
        403,
        'a script tag elsewhere'
      )
    })

    test('requests that Sec-Fetch-Site gives away, on every kind', async (t) => {
      const { port } = await start(t, { cors, statelessHandshake })
      for (const site of ['cross-site', 'same-site']) {
        const headers = { 'sec-fetch-site': site }
        const sid = sidOf(await ask(port, POLLING))
        assert.equal((await ask(port, POLLING, { headers })).status, 403)
        assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { headers })).status, 403)
        assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })).status, 403)
        assert.equal((await ask(port, WEBSOCKET, { headers: { ...headers, ...UPGRADE } })).status, 403)
      }
    })

    test('engine events and middlewares', async (t) => {
      const { port, app } = await start(t, { cors, statelessHandshake })
      const { engine } = app.io
      engine.on('initial_headers', (headers: Record<string, string>) => { headers['x-initial'] = 'yes' })
      engine.on('headers', (headers: Record<string, string>) => { headers['x-every'] = 'yes' })
      engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        response.setHeader('x-middleware', 'yes')
        if (request.url!.includes('deny')) response.writeHead(401).end()
        else next()
      })
      const errors: { code: number, context: { name?: string } }[] = []
      engine.on('connection_error', ({ code, context }: (typeof errors)[number]) => { errors.push({ code, context }) })
      const polling = await ask(port, POLLING, { headers: { origin: ORIGIN } })
      const upgrade = await ask(port, WEBSOCKET, { headers: { origin: ORIGIN, ...UPGRADE } })
      for (const { headers } of [polling, upgrade]) {
        assert.deepEqual([headers['x-initial'], headers['x-every'], headers['x-middleware']], ['yes', 'yes', 'yes'])
      }
      const post = await ask(port, `${POLLING}&sid=${sidOf(polling)}`, {
        method: 'POST',
        headers: { origin: ORIGIN },
        body: '40'
      })
      assert.deepEqual([post.headers['x-initial'], post.headers['x-every']], [undefined, 'yes'])
      assert.equal((await ask(port, `${POLLING}&deny`)).status, 401)
      assert.equal((await ask(port, `${WEBSOCKET}&deny`, { headers: UPGRADE })).status, 401)
      await ask(port, POLLING, { headers: { origin: 'https://attacker.example' } })
      await ask(port, `${POLLING}&sid=unknown`)
      assert.deepEqual(errors.map(({ code, context }) => [code, context.name]), [[4, 'ORIGIN_REFUSED'], [1, undefined]])
    })

    test('abandoned handshakes', async (t) => {
      const { port, app } = await start(t, { cors, statelessHandshake })
      for (let n = 0; n < 50; n++) await ask(port, POLLING)
      assert.equal(app.io.engine.clientsCount, statelessHandshake ? 0 : 50)
    })
  })
}

suite('stateless handshakes', () => {
  const post = (port: number, sid: string) =>
    ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: { origin: ORIGIN }, body: '40' })
  const shake = async (port: number) => sidOf(await ask(port, POLLING, { headers: { origin: ORIGIN } }))
  const UNKNOWN = { code: 1, message: 'Session ID unknown' }

  test('forged, truncated and altered tokens', async (t) => {
    const { port, app } = await start(t, { cors })
    const sid = await shake(port)
    const altered = [...sid].map((_, at) => sid.slice(0, at) + (sid[at] === 'A' ? 'B' : 'A') + sid.slice(at + 1))
    const forgeries = [
      sid.slice(1), sid.slice(0, -1), `${sid}A`, 'A'.repeat(sid.length), '%00'.repeat(44),
      encodeURIComponent('é'.repeat(22)), '__proto__', 'constructor', ...altered
    ]
    for (const forged of forgeries) {
      const answer = await post(port, forged)
      assert.deepEqual([answer.status, JSON.parse(answer.body)], [400, UNKNOWN], forged)
    }
    assert.equal(app.io.engine.clientsCount, 0)
    assert.equal((await post(port, sid)).status, 200, 'the real one is still good')
  })

  test('an expired token', async (t) => {
    const { port } = await start(t, { cors, pingInterval: 1000, pingTimeout: 1000 })
    const sid = await shake(port)
    const now = Date.now()
    t.mock.method(Date, 'now', () => now + 4000)
    assert.deepEqual(JSON.parse((await post(port, sid)).body), UNKNOWN)
  })

  test('a token of another server', async (t) => {
    const [one, two] = [await start(t, { cors }), await start(t, { cors })]
    assert.deepEqual(JSON.parse((await post(two.port, await shake(one.port))).body), UNKNOWN)
  })

  test('a shared secret lets another process go on; each token is good once for each', async (t) => {
    const [one, two] = [
      await start(t, { cors, handshakeSecret: SECRET }),
      await start(t, { cors, handshakeSecret: SECRET })
    ]
    const sid = await shake(one.port)
    assert.equal((await post(two.port, sid)).status, 200)
    assert.equal(
      (await ask(two.port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: { origin: ORIGIN }, body: '1' })).status,
      200
    )
    assert.deepEqual(JSON.parse((await post(two.port, sid)).body), UNKNOWN)
  })

  test('rotation: the old key is good while it is listed', async (t) => {
    const old = await start(t, { cors, handshakeSecret: SECRET })
    const rotated = await start(t, { cors, handshakeSecret: [`new ${SECRET}`, SECRET] })
    const later = await start(t, { cors, handshakeSecret: [`new ${SECRET}`] })
    assert.equal((await post(rotated.port, await shake(old.port))).status, 200)
    assert.equal((await post(later.port, await shake(rotated.port))).status, 200)
    assert.deepEqual(JSON.parse((await post(later.port, await shake(old.port))).body), UNKNOWN)
  })

  test('an upgrade may be the first to come back', async (t) => {
    const { port, app } = await start(t, { cors })
    const sid = await shake(port)
    const made = once(app.io.engine, 'connection')
    assert.equal((await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { origin: ORIGIN, ...UPGRADE } })).status, 101)
    const [session] = await made
    assert.equal(session.id, sid)
  })

  test('options that need a session at once get Engine.IO\'s own handshake', async (t) => {
    for (const options of [{ cookie: true }, { initialPacket: 'hi' }, { httpCompression: { threshold: 1 } }]) {
      const { port, app } = await start(t, { cors, ...options })
      assert.equal((await ask(port, POLLING, { headers: { origin: ORIGIN } })).status, 200)
      assert.equal(app.io.engine.clientsCount, 1, JSON.stringify(options))
    }
    const { port, app } = await start(t, { cors })
    app.io.engine.generateId = () => 'mine'
    assert.equal(await shake(port), 'mine')
  })

  test('the client sees one open packet, and heartbeats', async (t) => {
    const { own } = await start(t, { cors, pingInterval: 50, pingTimeout: 500 })
    const socket = await connect(t, own, { transports: ['polling'] })
    let opened = 0
    socket.io.engine.on('packet', ({ type }) => { if (type === 'open') opened++ })
    await once(socket.io as never, 'ping')
    await once(socket.io as never, 'ping')
    assert.equal(opened, 0)
    assert.equal(socket.connected, true)
  })
})
