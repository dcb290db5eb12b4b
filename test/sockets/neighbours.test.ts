import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { test } from 'node:test'
import Fastify from 'fastify'
import { WebSocket, WebSocketServer } from 'ws'
import fastifyIO from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { exchange, UPGRADE_LINES } from '../support/raw.ts'
import { ask, start, UPGRADE } from '../support/server.ts'

const cors = { origin: ORIGIN }

async function echo (url: string): Promise<string> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  socket.send('hello')
  const [data] = await once(socket, 'message')
  socket.close()
  return String(data)
}

test('a plain ws server on the same HTTP server keeps its path', async (t) => {
  const { app, own } = await start(t, { cors })
  const server = new WebSocketServer({ noServer: true })
  t.after(() => server.close())
  app.server.on('upgrade', (request, socket, head) => {
    if (request.url !== '/plain') return
    server.handleUpgrade(request, socket, head, (client) => client.on('message', (data) => client.send(String(data))))
  })
  assert.equal(await echo(`${own.replace('http', 'ws')}/plain`), 'hello')
  await connect(t, own, { transports: ['websocket'] })
})

test('an upgrade that nobody wants is answered', async (t) => {
  const { port } = await start(t, { cors })
  assert.equal((await ask(port, '/nowhere', { headers: UPGRADE })).status, 404)
})

test('an upgrade that other listeners leave alone is ended, without a byte', async (t) => {
  const { app, port } = await start(t, { cors, destroyUpgradeTimeout: 10 })
  app.server.on('upgrade', () => {})
  assert.equal(await exchange(port, `GET /nowhere HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`), '')
})

test('destroyUpgrade: false leaves it to them', async (t) => {
  const { app, port } = await start(t, { cors, destroyUpgrade: false })
  app.server.on(
    'upgrade',
    (_request, socket) => socket.end('HTTP/1.1 410 Gone\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  )
  assert.equal((await ask(port, '/nowhere', { headers: UPGRADE })).status, 410)
})

test('a route is served to those who would rather have HTTP/2 (RFC 9110, section 7.8)', async (t) => {
  const { port } = await start(t, { cors }, (app) => { app.get('/api', async () => 'ok') })
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA'
  }
  assert.deepEqual([(await ask(port, '/api', { headers })).status, (await ask(port, '/api', { headers })).body], [
    200,
    'ok'
  ])
  assert.equal((await ask(port, '/socket.io/?EIO=4&transport=polling', { headers })).status, 200)
})

test('no listener is left on the HTTP server after close, and it never loses others\'', async () => {
  const app = Fastify()
  const mine = (): void => {}
  app.server.on('upgrade', mine)
  await app.register(fastifyIO, { cors })
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  assert.ok(app.server.listeners('upgrade').includes(mine))
  const socket = connectTcp(Number(new URL(own).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
  await app.close()
  assert.deepEqual(app.server.listeners('upgrade'), [mine])
})
