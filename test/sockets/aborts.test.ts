import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { after, before, suite, test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { type FastifyIOOptions } from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { connections, joined, sent, UPGRADE_LINES } from '../support/raw.ts'
import { ask, askBoth, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { sessionOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

const H2C = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA' }

const unhandled: unknown[] = []
const onUnhandled = (reason: unknown): void => { unhandled.push(reason) }
before(() => {
  process.on('unhandledRejection', onUnhandled)
  process.on('uncaughtException', onUnhandled)
})
after(() => {
  process.off('unhandledRejection', onUnhandled)
  process.off('uncaughtException', onUnhandled)
})

/** Holds requests that carry `x-slow` in a hook. */
function gate (app: FastifyInstance, hook: 'onRequest' | 'onSend'): { reached: () => Promise<void>, open: () => void } {
  let reached: (() => void) | undefined
  let open: (() => void) | undefined
  app.addHook(hook as 'onRequest', async (request) => {
    if (request.headers['x-slow'] === undefined) return
    const opened = new Promise<void>((resolve) => { open = resolve })
    reached?.()
    await opened
  })
  return { reached: () => new Promise((resolve) => { reached = resolve }), open: () => open!() }
}

for (const statelessHandshake of [true, false]) {
  suite(`clients that leave, statelessHandshake: ${statelessHandshake}`, () => {
    const serve = (t: TestContext, setUp: Parameters<typeof start>[2] = () => {}, options: FastifyIOOptions = {}) =>
      start(t, { statelessHandshake, ...options }, setUp)

    // Node takes its error listener off a socket that is to be upgraded: without one of ours, a reset ends the process.
    test('a reset while an upgrade waits behind a held poll', async (t) => {
      const { app, port } = await serve(t)
      const sid = await joined(port)
      const socket = await sent(
        t,
        port,
        `GET ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: x\r\n\r\n` +
        `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`
      )
      await until(() => sessionOf(app, sid)!.transport.writable, 'the poll is held')
      const closed = once(sessionOf(app, sid)!, 'close')
      socket.resetAndDestroy()
      await closed
      assert.equal(app.io.engine.clientsCount, 0)
      assert.deepEqual(unhandled, [])
    })

    // on-finished (morgan) listens for errors of a socket until the answer is out
    test('a reset of an upgrade that waited behind a request whose socket somebody else watched', async (t) => {
      let door: ReturnType<typeof gate> | undefined
      const { app, port } = await serve(t, (app) => {
        app.addHook('onRequest', ({ raw: { socket, url } }, { raw }, done) => {
          if (url !== '/watched') return done()
          const watch = (): void => {}
          socket.on('error', watch)
          raw.once('finish', () => socket.off('error', watch))
          done()
        })
        door = gate(app, 'onRequest')
        app.get('/watched', () => new Promise((resolve) => { setImmediate(resolve, 'x') }))
      })
      const upgrade = `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\nx-slow: 1\r\n${UPGRADE_LINES}\r\n`
      const reached = door!.reached()
      const socket = await sent(t, port, `GET /watched HTTP/1.1\r\nHost: x\r\n\r\n${upgrade}`)
      await reached
      socket.resetAndDestroy()
      await until(async () => await connections(app) === 0, 'the connection has ended')
      door!.open()
      await new Promise(setImmediate)
      assert.equal(app.io.engine.clientsCount, 0)
      assert.deepEqual(unhandled, [])
    })

    test('a reset while an upgrade waits behind a route', async (t) => {
      let answer: ((text: string) => void) | undefined
      const { app, port } = await serve(t, (app) =>
        app.get('/slow', () => new Promise((resolve) => { answer = resolve })))
      const upgrade = once(app.server, 'request')
      const socket = await sent(
        t,
        port,
        `GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`
      )
      await upgrade
      await new Promise(setImmediate)
      socket.resetAndDestroy()
      await until(async () => await connections(app) === 0, 'the connection has ended')
      answer!('x')
      await new Promise(setImmediate)
      assert.equal(app.io.engine.clientsCount, 0)
      assert.deepEqual(unhandled, [])
    })

    test('a reset while another listener reads, and does not answer', async (t) => {
      const { app, port } = await serve(t)
      app.server.on('upgrade', (_request, socket) => { socket.resume() })
      const seen = once(app.server, 'upgrade')
      const socket = await sent(t, port, `GET /elsewhere HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`)
      await seen
      socket.resetAndDestroy()
      await until(async () => await connections(app) === 0, 'the connection has ended')
      assert.deepEqual(unhandled, [])
    })

    test('gone while onSend hooks run (sessions are saved there): no session, and a poll that was not', async (t) => {
      const doors: ReturnType<typeof gate>[] = []
      const { app, port } = await serve(t, (app) => { doors.push(gate(app, 'onSend')) })
      const [door] = doors as [ReturnType<typeof gate>]
      const cut = async (request: string): Promise<void> => {
        const reached = door.reached()
        const socket = await sent(t, port, request.replace('\r\n\r\n', '\r\nHost: x\r\nX-Slow: 1\r\n\r\n'))
        await reached
        socket.destroy()
        await until(async () => await connections(app) === 0, 'the connection has ended')
        door.open()
        await new Promise(setImmediate)
      }
      await cut(`GET ${POLLING} HTTP/1.1\r\n\r\n`)
      assert.equal(app.io.engine.clientsCount, 0)
      const sid = await joined(port)
      await cut(`GET ${POLLING}&sid=${sid} HTTP/1.1\r\n\r\n`)
      app.io.emit('hello')
      assert.equal(
        (await ask(port, `${POLLING}&sid=${sid}`)).body,
        '42["hello"]',
        'the message was not written to who has gone'
      )
      await cut(`POST ${POLLING}&sid=${sid} HTTP/1.1\r\nContent-Length: 10\r\n\r\n4`)
      assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '42["x"]' })).status, 200)
    })

    for (const hook of ['onRequest', 'onSend'] as const) {
      test(`requests that are in ${hook} hooks when the app closes open no session`, async (t) => {
        const app = Fastify()
        await app.register(fastifyIO, { statelessHandshake })
        const door = gate(app, hook)
        const own = await app.listen({ port: 0, host: '127.0.0.1' })
        const port = Number(new URL(own).port)
        const sid = statelessHandshake ? `&sid=${sidOf(await ask(port, POLLING))}` : ''
        const reached = door.reached()
        const socket = await sent(t, port, `GET ${POLLING}${sid} HTTP/1.1\r\nHost: x\r\nX-Slow: 1\r\n\r\n`)
        await reached
        const answered = once(socket, 'data')
        const closed = app.close()
        await until(() => !app.server.listening, 'the server stops to listen')
        door.open()
        assert.match(String((await answered)[0]), /^HTTP\/1\.1 503 [^]*connection: close/i)
        await closed
        assert.equal(app.io.engine.clientsCount, 0)
      })
    }

    // In Socket.IO without this plugin these end the process.
    test('allowRequest that throws or rejects refuses; a middleware that throws is a 400', async (t) => {
      const lines: string[] = []
      const logger = { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } }
      const statuses = async (port: number) => (await askBoth(port)).map(({ status }) => status)
      const failing = [() => { throw new Error('bug') }, async () => { throw new Error('bug') }]
      for (const allowRequest of failing) {
        const { app, port } = await start(t, { statelessHandshake, allowRequest }, () => {}, { logger })
        assert.deepEqual(await statuses(port), [403, 403])
        assert.equal(app.io.engine.clientsCount, 0)
      }
      const { port } = await start(t, { statelessHandshake }, (app) =>
        app.io.engine.use(() => { throw new Error('bug') }), { logger })
      assert.deepEqual(await statuses(port), [400, 400])
      // two of the middleware, and one for each allowRequest: failures with one message are one line a minute
      assert.equal(lines.filter((line) => line.includes('"bug"')).length, 4)
      assert.deepEqual(unhandled, [])
    })

    test('an answer of allowRequest counts once, whatever comes after it', async (t) => {
      const { port } = await start(t, {
        statelessHandshake,
        allowRequest: async (_request, done) => {
          done(null, true)
          done('changed my mind', false)
          throw new Error('bug')
        }
      }, () => {})
      assert.equal((await ask(port, POLLING)).status, 200)
      assert.deepEqual(unhandled, [])
    })

    test('other methods on a live session', async (t) => {
      const { port } = await serve(t)
      const sid = await joined(port)
      for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        assert.deepEqual(JSON.parse((await ask(port, `${POLLING}&sid=${sid}`, { method })).body), {
          code: 2,
          message: 'Bad handshake method'
        }, method)
      }
      assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'HEAD' })).status, 400)
      assert.equal(
        (await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '42["x"]' })).status,
        200,
        'and it goes on'
      )
    })

    test('other methods do not use up a fresh sid', async (t) => {
      const { app, port } = await serve(t)
      const sid = sidOf(await ask(port, POLLING))
      const { clientsCount } = app.io.engine
      for (const method of ['PUT', 'HEAD']) {
        assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method })).status, 400)
      }
      assert.equal(app.io.engine.clientsCount, clientsCount)
      assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '40' })).status, 200)
    })

    test('an upgrade that asks for polling is refused before the 101', async (t) => {
      const { port } = await serve(t)
      assert.deepEqual((await ask(port, POLLING, { headers: UPGRADE })).status, 400)
    })

    // nginx: proxy_set_header Host $host:$server_port
    test('a Host with the default port written out is the page\'s own', async (t) => {
      const listed = await start(t, { cors: { origin: ORIGIN }, statelessHandshake })
      const trusting = await start(t, { statelessHandshake }, () => {}, { trustProxy: true })
      for (const [port, headers, origin] of [
        [listed.port, { host: 'app.example.com:443' }, ORIGIN],
        [trusting.port, { host: 'app.example.com:443', 'x-forwarded-proto': 'https' }, ORIGIN],
        [trusting.port, { host: 'App.example.com:80' }, 'http://app.example.com']
      ] as const) {
        const sid = sidOf(await ask(port, POLLING, { headers }))
        assert.equal(
          (await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: { ...headers, origin }, body: '40' }))
            .status,
          200
        )
        assert.equal(
          (await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { ...headers, origin, ...UPGRADE } })).status,
          101
        )
      }
      const odd = { host: 'app.example.com:8443' }
      const sid = sidOf(await ask(listed.port, POLLING, { headers: odd }))
      assert.equal(
        (await ask(listed.port, `${POLLING}&sid=${sid}`, {
          method: 'POST',
          headers: { ...odd, origin: ORIGIN },
          body: '40'
        })).status,
        400,
        'another port is another origin'
      )
    })

    // Java's HttpClient and curl --http2 send it with every request; Node ignores it while nobody listens.
    test('an upgrade to HTTP/2 is ignored, and its body read', async (t) => {
      const { app, port } = await serve(t, (app) => { app.post('/json', async ({ body }) => body) })
      const headers = { ...H2C, 'content-type': 'application/json' }
      const big = JSON.stringify({ text: 'x'.repeat(300_000) })
      for (const body of ['{"a":1}', big]) {
        for (const more of [{ 'content-length': Buffer.byteLength(body) }, { 'transfer-encoding': 'chunked' }]) {
          const answer = await ask(port, '/json', { method: 'POST', headers: { ...headers, ...more }, body })
          assert.deepEqual([answer.status, answer.body.length], [200, body.length])
        }
      }
      const joined = once(app.io, 'connection')
      const sid = sidOf(await ask(port, POLLING, { headers: H2C }))
      assert.equal(
        (await ask(port, `${POLLING}&sid=${sid}`, {
          method: 'POST',
          headers: { ...H2C, 'content-length': 2 },
          body: '40'
        })).status,
        200
      )
      await joined
    })

    test('its connection is kept, and a WebSocket may follow on it', async (t) => {
      const { app, port } = await serve(t, (app) => { app.post('/echo', async ({ body }) => body) })
      const lines = Object.entries(H2C).map(([name, value]) => `${name}: ${value}\r\n`).join('')
      const post = `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n${lines}\r\nhi`
      const warnings: Error[] = []
      const onWarning = (warning: Error): void => { warnings.push(warning) }
      process.on('warning', onWarning)
      t.after(() => process.off('warning', onWarning))
      const upgrade = `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`
      // A Node that can ignore an Upgrade loses what is pipelined behind it, with and without this plugin.
      const pipelined = !('shouldUpgradeCallback' in app.server)
      const parts = pipelined ? [post.repeat(12) + upgrade] : [...Array<string>(12).fill(post), upgrade]
      const socket = await sent(t, port, '')
      let text = ''
      for (const part of parts) {
        socket.write(part)
        const end = text.length
        while (!text.slice(end).includes(part === post ? '\r\n\r\nhi' : ' 101 ')) {
          text += String((await once(socket, 'data'))[0])
        }
      }
      assert.equal(text.match(/HTTP\/1\.1 200 OK/g)!.length, 12)
      assert.deepEqual(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning'), [])
    })

    test('over TLS too', async (t) => {
      const pem = (file: string): Buffer => readFileSync(new URL(`../fixtures/tls/${file}.pem`, import.meta.url))
      const app = Fastify({ https: { key: pem('key'), cert: pem('cert') } })
      t.after(() => app.close())
      await app.register(fastifyIO, { statelessHandshake })
      app.post('/json', async ({ body }) => body)
      const own = await app.listen({ port: 0, host: '127.0.0.1' })
      const request = httpsRequest(`${own}/json`, {
        method: 'POST',
        rejectUnauthorized: false,
        headers: { ...H2C, 'content-type': 'application/json', 'content-length': 7 },
        agent: false
      })
      request.end('{"a":1}')
      const [response] = await once(request, 'response')
      assert.deepEqual([response.statusCode, String((await once(response, 'data'))[0])], [200, '{"a":1}'])
      await connect(t, own, { transports: ['websocket'], rejectUnauthorized: false, extraHeaders: {} })
    })
  })
}
