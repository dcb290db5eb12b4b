import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import fastifyIO from '../../lib/index.ts'
import { client, connect, ORIGIN, upgraded } from '../support/client.ts'
import { ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

const require = createRequire(import.meta.url)
const cors = { origin: ORIGIN, credentials: true }
const tls = (file: string): Buffer => readFileSync(new URL(`../fixtures/tls/${file}.pem`, import.meta.url))

for (const statelessHandshake of [true, false]) {
  suite(`transports, statelessHandshake: ${statelessHandshake}`, () => {
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
      test(transports.join(' to '), async (t) => {
        const { app, own } = await start(t, { cors, statelessHandshake })
        const accepted = once(app.io, 'connection')
        const socket = await connect(t, own, { transports })
        const [server] = await accepted
        server.on('echo', (value: unknown, reply: (value: unknown) => void) => reply(value))
        if (transports.length > 1) await upgraded(socket)
        assert.equal(socket.io.engine.transport.name, transports.at(-1))
        assert.deepEqual(await socket.emitWithAck('echo', { text: 'ä', bytes: Buffer.from([1, 2, 3]) }), {
          text: 'ä',
          bytes: Buffer.from([1, 2, 3])
        })
        assert.equal(server.handshake.headers.origin, ORIGIN)
        assert.equal(server.handshake.query.EIO, '4')
        assert.equal(server.conn.remoteAddress, '127.0.0.1')
        const gone = once(server, 'disconnect')
        socket.close()
        await gone
      })
    }

    test('a namespace, with auth', async (t) => {
      const { app, own } = await start(t, { cors, statelessHandshake })
      const joined = once(app.io.of('/chat'), 'connection')
      await connect(t, `${own}/chat`, { auth: { token: 'x' } })
      const [server] = await joined
      assert.deepEqual(server.handshake.auth, { token: 'x' })
    })

    test("a message beyond Fastify's bodyLimit, within maxHttpBufferSize", async (t) => {
      const { app, own } = await start(t, { cors, statelessHandshake, maxHttpBufferSize: 4e6 }, () => {}, {
        bodyLimit: 1000
      })
      app.io.on(
        'connection',
        (socket) => socket.on('size', (text: string, reply: (size: number) => void) => reply(text.length))
      )
      const socket = await connect(t, own, { transports: ['polling'] })
      assert.equal(await socket.emitWithAck('size', 'x'.repeat(3e6)), 3e6)
    })

    test('a message beyond maxHttpBufferSize is 413', async (t) => {
      const { port } = await start(t, { cors, statelessHandshake, maxHttpBufferSize: 1000 })
      const sid = sidOf(await ask(port, POLLING))
      assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '4'.repeat(2000) })).status, 413)
    })

    test('https', async (t) => {
      const app = Fastify({ https: { key: tls('key'), cert: tls('cert') } })
      t.after(() => app.close())
      await app.register(fastifyIO, { statelessHandshake })
      await app.listen({ port: 0, host: '127.0.0.1' })
      const own = `https://127.0.0.1:${(app.server.address() as AddressInfo).port}`
      const socket = await connect(t, own, { rejectUnauthorized: false, extraHeaders: { origin: own } })
      await upgraded(socket)
      await assert.rejects(
        connect(t, own, { rejectUnauthorized: false, extraHeaders: { origin: own.replace('https', 'http') } })
      )
    })

    test('path, addTrailingSlash and a prefix', async (t) => {
      const app = Fastify()
      t.after(() => app.close())
      await app.register(async (scope) => {
        await scope.register(fastifyIO, { cors, statelessHandshake, path: '/ws', addTrailingSlash: false })
      }, { prefix: '/v1' })
      await app.listen({ port: 0, host: '127.0.0.1' })
      const { port } = app.server.address() as AddressInfo
      const socket = await connect(t, `http://127.0.0.1:${port}`, { path: '/v1/ws', addTrailingSlash: false })
      await upgraded(socket)
      assert.equal((await ask(port, POLLING)).status, 404)
    })

    test('allowRequest decides after the policy, with a real status on both transports', async (t) => {
      const { app, port } = await start(t, {
        cors,
        statelessHandshake,
        allowRequest: (request, done) =>
          done(request.headers['x-ok'] ? null : 'not today', request.headers['x-ok'] !== undefined)
      })
      assert.deepEqual([(await ask(port, POLLING)).status, (await ask(port, WEBSOCKET, { headers: UPGRADE })).status], [
        403,
        403
      ])
      assert.match((await ask(port, POLLING)).body, /not today/)
      assert.equal((await ask(port, POLLING, { headers: { 'x-ok': '1' } })).status, 200)
      assert.equal((await ask(port, WEBSOCKET, { headers: { 'x-ok': '1', ...UPGRADE } })).status, 101)
      assert.equal(
        (await ask(port, POLLING, { headers: { 'x-ok': '1', origin: 'https://attacker.example' } })).status,
        403
      )
      assert.ok(app.io)
    })

    test('inject answers a polling handshake', async (t) => {
      const { app } = await start(t, { cors, statelessHandshake })
      const answer = await app.inject({ url: POLLING, headers: { origin: ORIGIN } })
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.headers['access-control-allow-origin'], ORIGIN)
      assert.match(answer.body, /^0\{"sid":/)
    })

    test('listen on localhost: both address families (socket.io#3927)', async (t) => {
      const app = Fastify()
      t.after(() => app.close())
      await app.register(fastifyIO, { statelessHandshake })
      await app.listen({ port: 0, host: 'localhost' })
      const addresses = app.addresses()
      assert.ok(addresses.length >= 1)
      for (const { address, family, port } of addresses as AddressInfo[]) {
        const host = family === 'IPv6' ? `[${address}]` : address
        for (const transports of [['polling'], ['websocket']]) {
          await connect(t, `http://${host}:${port}`, { transports, extraHeaders: {} })
        }
      }
    })
  })
}

test('the client\'s files, under the policy', async (t) => {
  const { port } = await start(t, { cors })
  const file = await ask(port, '/socket.io/socket.io.min.js', { headers: { origin: ORIGIN } })
  assert.equal(file.status, 200)
  assert.equal(file.headers['access-control-allow-origin'], ORIGIN)
  assert.match(String(file.headers['content-type']), /javascript/)
  assert.equal(
    (await ask(port, '/socket.io/socket.io.min.js', { headers: { 'if-none-match': String(file.headers.etag) } }))
      .status,
    304
  )
  assert.equal((await ask(port, '/socket.io/socket.io.esm.min.js.map')).status, 200)
  assert.equal(
    (await ask(port, '/socket.io/socket.io.js', { headers: { 'sec-fetch-site': 'cross-site' } })).status,
    200,
    'a script tag anywhere'
  )
  assert.equal(
    (await ask(port, '/socket.io/socket.io.js', { headers: { origin: 'https://attacker.example' } })).status,
    403
  )
  const off = await start(t, { cors, serveClient: false })
  assert.equal((await ask(off.port, '/socket.io/socket.io.js')).status, 404)
})

for (const [version, EIO] of [['2', '3'], ['3', '4']] as const) {
  test(`a client of Socket.IO ${version}`, async (t) => {
    const { own, app } = await start(t, { cors, allowEIO3: true })
    const old = require(`socket.io-client-${version}`) as (
      url: string, options: object
    ) => { on(event: string, listener: (...args: unknown[]) => void): void; close(): void }
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
      const accepted = once(app.io, 'connection')
      const socket = old(own, {
        transports,
        forceNew: true,
        reconnection: false,
        extraHeaders: { origin: ORIGIN },
        transportOptions: {
          polling: { extraHeaders: { origin: ORIGIN } },
          websocket: { extraHeaders: { origin: ORIGIN } }
        }
      })
      t.after(() => socket.close())
      const connected = new Promise((resolve, reject) => {
        socket.on('connect', resolve as () => void)
        socket.on('connect_error', reject)
        socket.on('error', reject)
      })
      const [server] = await accepted
      await connected
      assert.equal(server.handshake.query.EIO, EIO)
    }
  })
}

test('a client of Socket.IO 2 without allowEIO3 is told so', async (t) => {
  const { port } = await start(t, { cors })
  const polling = await ask(port, '/socket.io/?EIO=3&transport=polling')
  assert.deepEqual([polling.status, JSON.parse(polling.body).code], [400, 5])
  const upgrade = await ask(port, '/socket.io/?EIO=3&transport=websocket', { headers: UPGRADE })
  assert.deepEqual([upgrade.status, JSON.parse(upgrade.body).code], [400, 5])
})

test('a refused client is told so by connect_error', async (t) => {
  const { own } = await start(t, { cors })
  for (const transports of [['polling'], ['websocket']]) {
    const socket = client(t, own, { transports, extraHeaders: { origin: 'https://attacker.example' } })
    const [error] = await once(socket as never, 'connect_error')
    assert.ok(error instanceof Error)
  }
})
