import assert from 'node:assert/strict'
import dns from 'node:dns'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { test } from 'node:test'
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import { WebSocket, WebSocketServer } from 'ws'
import fastifyIO from '../../lib/index.ts'
import { connect, ORIGIN, upgraded } from '../support/client.ts'
import { sent, UPGRADE_LINES } from '../support/raw.ts'
import { ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const cors = { origin: ORIGIN }

// Fastify answers `localhost` with a server for each address family, and patches only the first (socket.io#3927). The
// machine's own hosts file may name one family only, so the name is resolved here; the sockets are real.
test('listen on localhost: both families, polling, WebSocket, and the upgrade between', async (t) => {
  const both = [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }]
  const { lookup } = dns
  t.mock.method(dns, 'lookup', (host: string, ...rest: unknown[]) => {
    if (host !== 'localhost') return Reflect.apply(lookup, dns, [host, ...rest])
    const callback = rest.pop() as (...answer: unknown[]) => void
    if ((rest[0] as { all?: boolean } | undefined)?.all === true) callback(null, both)
    else callback(null, '127.0.0.1', 4)
  })
  const app = Fastify()
  t.after(() => app.close())
  await app.register(fastifyIO, { cors })
  app.post('/length', async ({ body }) => String((body as string).length))
  await app.listen({ port: 0, host: 'localhost' })
  const addresses = app.addresses() as AddressInfo[]
  assert.deepEqual(
    addresses.map(({ address }) => address).toSorted(),
    ['127.0.0.1', '::1'],
    'this machine has no IPv6 loopback'
  )
  for (const { address, family, port } of addresses) {
    const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
      const socket = await connect(t, url, { transports })
      if (transports.length > 1) await upgraded(socket)
    }
    await assert.rejects(
      connect(t, url, { transports: ['websocket'], extraHeaders: { origin: 'https://attacker.example' } })
    )
    await connect(t, url, { transports: ['websocket'], extraHeaders: { origin: url } })
    // the second server hands every upgrade on to the first
    for (const body of ['x', 'x'.repeat(300_000)]) {
      const headers = { connection: 'Upgrade', upgrade: 'h2c', 'content-type': 'text/plain' }
      const request = httpRequest({ host: address, port, path: '/length', method: 'POST', headers, agent: false })
      request.end(body)
      const [response] = await once(request, 'response')
      assert.equal(String((await once(response, 'data'))[0]), String(body.length))
    }
  }
})

for (const order of ['before', 'after']) {
  test(`a ws server with { server, path }, made ${order} the registration`, async (t) => {
    const app = Fastify()
    t.after(() => app.close())
    const attach = (): void => {
      const server = new WebSocketServer({ server: app.server, path: '/plain' })
      server.on('connection', (client) => client.on('message', (data) => client.send(String(data))))
    }
    if (order === 'before') attach()
    await app.register(fastifyIO, { cors })
    if (order === 'after') attach()
    const own = await app.listen({ port: 0, host: '127.0.0.1' })
    const plain = new WebSocket(`${own.replace('http', 'ws')}/plain`)
    await once(plain, 'open')
    plain.send('hello')
    assert.equal(String((await once(plain, 'message'))[0]), 'hello')
    plain.close()
    // it would answer 400 to a path that is not its own
    for (const transports of [['websocket'], ['polling', 'websocket']]) {
      const socket = await connect(t, own, { transports })
      if (transports.length > 1) await upgraded(socket)
    }
    const port = Number(new URL(own).port)
    assert.equal(
      (await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin: 'https://attacker.example' } })).status,
      403
    )
    assert.equal((await ask(port, '/nowhere', { headers: UPGRADE })).status, 400, "it answers what is neither's")
  })
}

test('@fastify/websocket, and two registrations of ours in scopes', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(async (scope) => { await scope.register(fastifyIO, { cors }) }, { prefix: '/a' })
  await app.register(fastifyWebsocket)
  await app.register(async (scope) => { await scope.register(fastifyIO, { cors, path: '/ws' }) }, { prefix: '/b' })
  app.get('/own', { websocket: true }, (socket) => { socket.send('mine') })
  app.get('/plain', async () => 'ok')
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  for (const path of ['/a/socket.io', '/b/ws']) {
    const socket = await connect(t, own, { path })
    await upgraded(socket)
  }
  const theirs = new WebSocket(`${own.replace('http', 'ws')}/own`)
  assert.equal(String((await once(theirs, 'message'))[0]), 'mine')
  theirs.close()
  assert.equal((await ask(Number(new URL(own).port), '/plain')).body, 'ok')
})

test('an upgrade that is refused ends its connection: nothing can follow on it', async (t) => {
  const { port } = await start(t, { cors })
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    path: WEBSOCKET,
    headers: { origin: 'https://attacker.example', ...UPGRADE }
  })
  request.end()
  const [response] = await once(request, 'response')
  assert.deepEqual([response.statusCode, response.headers.connection], [403, 'close'])
  response.resume()
  await once(response, 'end')
  const { socket } = response
  if (!socket.destroyed) await once(socket, 'close')
})

test('an upgrade that nobody wants is a plain request: its connection is kept (RFC 9110, section 7.8)', async (t) => {
  const { port } = await start(t, { cors }, (app) => {
    app.get('/api', async ({ headers }) => headers.upgrade)
  })
  const socket = await sent(t, port, '')
  const answers = [
    ['/api', /^HTTP\/1\.1 200 [^]*\r\n\r\nwebsocket$/],
    ['/nowhere', /^HTTP\/1\.1 404 /],
    ['/api', /^HTTP\/1\.1 200 /]
  ] as const
  for (const [path, answer] of answers) {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`)
    const text = String((await once(socket, 'data'))[0])
    assert.match(text, answer)
    assert.match(text, /connection: keep-alive/i)
  }
})

test('spellings of the path that the router takes for it', async (t) => {
  const { app, port } = await start(t, { cors })
  for (const path of ['/socket%2Eio/?EIO=4&transport=websocket', `http://x${WEBSOCKET}`]) {
    assert.equal((await ask(port, path, { headers: { ...UPGRADE, origin: ORIGIN } })).status, 101, path)
    assert.equal(
      (await ask(port, path, { headers: { ...UPGRADE, origin: 'https://attacker.example' } })).status,
      403,
      path
    )
  }
  const paths = [
    '/socket.io/%ff', '/socket.io/#', '/socket.io/x', '/socket.iox/', '//socket.io/?EIO=4&transport=websocket', '*',
    '?'
  ]
  for (const path of paths) {
    const { status } = await ask(port, path, { headers: UPGRADE })
    assert.ok(status >= 400 && status < 500, `${path}: ${status}`)
  }
  await until(() => app.io.engine.clientsCount === 0, 'no client is left')
})

test("the query: the last of a repeated name, whatever the app's own parser makes of it", async (t) => {
  const parsers = [
    undefined,
    (text: string) =>
      Object.fromEntries(
        [...new URLSearchParams(text)].map(([name, value]) => [name, name === 'EIO' ? Number(value) : [value]])
      )
  ]
  for (const querystringParser of parsers) {
    const { port } = await start(
      t,
      { cors },
      () => {},
      querystringParser === undefined ? {} : { routerOptions: { querystringParser } }
    )
    const sid = sidOf(await ask(port, '/socket.io/?EIO=3&EIO=4&transport=polling'))
    assert.equal((await ask(port, `${POLLING}&sid=x&sid=${sid}`, { method: 'POST', body: '40' })).status, 200)
    assert.equal(
      (await ask(port, `/socket.io/?EIO=4&transport=polling&transport=websocket&sid=${sid}`, { headers: UPGRADE }))
        .status,
      101
    )
    assert.equal((await ask(port, `${POLLING}&j=0`)).status, 400, 'JSONP, however it is written')
    assert.equal((await ask(port, `${POLLING}&j=`)).status, 400)
  }
})

test('one connection, several requests, the last an upgrade', async (t) => {
  const { port } = await start(t, { cors }, (app) => {
    app.get('/slow', async () => {
      await new Promise(setImmediate)
      return 'ok'
    })
  })
  const socket = connectTcp(port, '127.0.0.1')
  t.after(() => socket.destroy())
  const lines = Object.entries({ Host: 'x', ...UPGRADE }).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(
    `${'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2)}GET ${WEBSOCKET} HTTP/1.1\r\n${lines}\r\n`
  )
  let text = ''
  while (!text.includes(' 101 ')) text += String((await once(socket, 'data'))[0])
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 101'])
})
