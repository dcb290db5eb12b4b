import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { createWebSocketServer } from '../examples/fastify-websocket.ts'
import { createEventServer } from '../examples/sse.ts'
import { createEchoServer } from '../examples/ws.ts'
import { OriginPolicy } from '../lib/index.ts'
import { ORIGIN } from './support/client.ts'
import { ask, UPGRADE } from './support/server.ts'

const policy = new OriginPolicy({ origin: ORIGIN })
const refused = { origin: 'https://attacker.example' }

async function echoes (url: string): Promise<string> {
  const socket = new WebSocket(url, { origin: ORIGIN })
  await once(socket, 'open')
  socket.send('hello')
  const [data] = await once(socket, 'message')
  socket.close()
  return String(data)
}

test('a plain ws server', async (t) => {
  const server = createEchoServer(policy).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  assert.equal(await echoes(`ws://127.0.0.1:${port}`), 'hello')
  assert.equal((await ask(port, '/', { headers: { ...UPGRADE, ...refused } })).status, 403)
})

test('server-sent events', async (t) => {
  const app = await createEventServer(policy)
  t.after(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const answer = await ask(port, '/events', { headers: { origin: ORIGIN } })
  assert.deepEqual([answer.body, answer.headers['access-control-allow-origin']], ['data: hello\n\n', ORIGIN])
  assert.equal((await ask(port, '/events', { headers: refused })).status, 403)
})

test('@fastify/websocket', async (t) => {
  const app = await createWebSocketServer(policy)
  t.after(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  assert.equal(await echoes(`ws://127.0.0.1:${port}/echo`), 'hello')
  assert.equal((await ask(port, '/echo', { headers: { ...UPGRADE, ...refused } })).status, 403)
})
