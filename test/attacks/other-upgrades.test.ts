// Any page can open a WebSocket with the visitor's cookies, and CORS does not apply: no upgrade of a refused origin
// passes, whoever serves it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import httpProxy from '@fastify/http-proxy'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import { WebSocket, WebSocketServer } from 'ws'
import fastifyIO from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { connections, linesOf, sent, UPGRADE_LINES } from '../support/raw.ts'
import { ask, corsHeaders, UPGRADE } from '../support/server.ts'
import { until } from '../support/until.ts'

const EVIL = 'https://attacker.example'
const cors = { origin: ORIGIN, credentials: true }
const refusedHeaders: readonly Record<string, string>[] = [
  { origin: EVIL },
  { origin: 'null' },
  { origin: `${ORIGIN}/` },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'websocket' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
]

/** Who else serves WebSockets, each at /ws. */
const servers: Record<string, (app: FastifyInstance, t: TestContext) => unknown> = {
  '@fastify/websocket': async (app) => {
    await app.register(websocket)
    app.get('/ws', { websocket: true }, (socket) => { socket.send('in') })
  },
  '@fastify/http-proxy': async (app, t) => {
    const upstream = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    t.after(() => upstream.close())
    upstream.on('connection', (socket) => { socket.send('in') })
    await once(upstream, 'listening')
    await app.register(httpProxy, {
      upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      prefix: '/ws',
      websocket: true
    })
  },
  mercurius: async (app) => {
    await app.register(
      mercurius,
      {
        schema: 'type Query { a: Int } type Subscription { b: Int }',
        resolvers: {},
        subscription: true,
        path: '/ws'
      } as never
    )
  }
}

/** @returns the server's first words over a WebSocket, or the status that refused it */
async function open (port: number, headers: Record<string, string>): Promise<string | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'graphql-transport-ws', { headers })
  socket.on('open', () => { socket.send(JSON.stringify({ type: 'connection_init' })) })
  const answer = await Promise.race([
    once(socket, 'message').then(([data]) => String(data)),
    once(socket, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode)
  ])
  socket.terminate()
  return answer
}

for (const [name, register] of Object.entries(servers)) {
  suite(name, () => {
    for (const order of ['before', 'behind', 'in a child behind', 'in a child before'] as const) {
      test(`registered ${order}`, async (t) => {
        const app = Fastify()
        t.after(() => app.close())
        const add = async (): Promise<void> => {
          if (order.startsWith('in a child')) await app.register(async (child) => { await register(child, t) })
          else await register(app, t)
        }
        if (order.endsWith('before')) await add()
        await app.register(fastifyIO, { cors })
        if (order.endsWith('behind')) await add()
        app.get('/rest', async () => 'ok')
        await app.listen({ port: 0, host: '127.0.0.1' })
        const { port } = app.server.address() as AddressInfo
        for (const headers of [{ origin: ORIGIN }, { origin: `http://127.0.0.1:${port}` }, {}]) {
          assert.match(String(await open(port, headers as Record<string, string>)), /^in$|connection_ack/)
        }
        for (const headers of refusedHeaders) assert.equal(await open(port, headers), 403, JSON.stringify(headers))
        assert.equal((await ask(port, '/rest', { headers: { origin: EVIL } })).status, 200, 'REST is served')
        await until(async () => await connections(app) === 0, 'no socket stays open')
      })
    }

    test('an update and missingOrigin count here too', async (t) => {
      const app = Fastify()
      t.after(() => app.close())
      await app.register(fastifyIO, { cors: { ...cors, missingOrigin: 'refuse' } })
      await register(app, t)
      await app.listen({ port: 0, host: '127.0.0.1' })
      const { port } = app.server.address() as AddressInfo
      assert.equal(await open(port, {}), 403)
      app.originPolicy.update({ origin: EVIL })
      assert.equal(await open(port, { origin: ORIGIN }), 403)
      assert.notEqual(await open(port, { origin: EVIL }), 403)
    })
  })
}

test('one line of the log, and the answer is a real 403 on a connection that ends', async (t) => {
  const { app, port, lines } = await logging(t, { cors }, servers['@fastify/websocket'] as never)
  for (let at = 0; at < 3; at++) {
    const socket = await sent(
      t,
      port,
      `GET /ws HTTP/1.1\r\nHost: a\r\n${UPGRADE_LINES}${linesOf({ origin: EVIL })}\r\n`
    )
    let answer = ''
    socket.on('data', (chunk) => { answer += chunk })
    await once(socket, 'close')
    assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/)
    assert.match(answer, /\r\nvary: Origin\r\n/)
    assert.doesNotMatch(answer, /access-control-/)
    assert.deepEqual(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).code, 'FST_IO_ORIGIN_REFUSED')
  }
  assert.deepEqual(lines.map(({ transport, reason, origin }) => [transport, reason, origin]), [[
    'websocket', 'not-listed', EVIL
  ]])
  await until(async () => await connections(app) === 0, 'no socket stays open')
})

test('a route that is no WebSocket, and one that does not exist: 403 as well', async (t) => {
  const { port } = await logging(t, { cors }, (app) => app.get('/rest', async () => 'ok'))
  for (const path of ['/rest', '/nowhere']) {
    const refused = await ask(port, path, { headers: { ...UPGRADE, origin: EVIL } })
    assert.deepEqual([refused.status, corsHeaders(refused)], [403, []])
  }
})

test('app.injectWS() is refused alike', async () => {
  const app = Fastify()
  await app.register(websocket)
  await app.register(fastifyIO, { cors })
  app.get('/ws', { websocket: true }, () => {})
  await app.ready()
  await assert.rejects(app.injectWS('/ws', { headers: { origin: EVIL } } as never), /403/)
  const socket = await app.injectWS('/ws', { headers: { origin: ORIGIN } } as never)
  socket.terminate()
  await app.close()
})

test('a narrower policy on a WebSocket route: 403, and the socket is ended', async (t) => {
  const admin = 'https://admin.example.com'
  const { app, port, lines } = await logging(t, { cors: { origin: [ORIGIN, admin] } }, async (app) => {
    await app.register(websocket)
    const { route } = app.narrowOrigin({ origin: admin })
    app.get('/ws', { websocket: true, onRequest: route }, (socket) => { socket.send('in') })
  })
  assert.equal(await open(port, { origin: ORIGIN }), 403)
  assert.equal(await open(port, { origin: admin }), 'in')
  assert.deepEqual(lines.map(({ transport }) => transport), ['websocket'])
  await until(async () => await connections(app) === 0, 'no socket stays open')
})
