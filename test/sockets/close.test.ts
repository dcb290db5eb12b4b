import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO from '../../lib/index.ts'
import { slowdown } from '../support/pace.ts'
import { UPGRADE, WEBSOCKET } from '../support/server.ts'
import { sessionsOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

const CLIENTS = 1000

async function serve (port: number): Promise<{ app: FastifyInstance, port: number }> {
  const app = Fastify()
  await app.register(fastifyIO)
  const own = await app.listen({ port, host: '127.0.0.1' })
  return { app, port: Number(new URL(own).port) }
}

interface Report { readonly reasons: Readonly<Record<string, number>>, readonly again: number }

async function word<T> (child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message')
  return message as T
}

test('2,000 clients, half of them mid-poll: close is prompt, clients see a transport close and come back', {
  timeout: 100_000
}, async (t) => {
  const { app, port } = await serve(0)
  const children = ['polling', 'websocket'].map((transport) =>
    fork(new URL('../support/crowd.ts', import.meta.url), [String(port), transport, String(CLIENTS)])
  )
  t.after(() => { for (const child of children) child.kill() })
  await Promise.all(children.map((child) => word(child)))
  assert.equal(app.io.engine.clientsCount, 2 * CLIENTS)
  // mid-poll: the server holds a request of each
  await until(() => sessionsOf(app).every(({ transport }) => transport.writable), 'each client has a poll')

  const reports = children.map((child) => word<Report>(child))
  const before = slowdown()
  const start = performance.now()
  await app.close()
  const ms = performance.now() - start
  const times = Math.max(before, slowdown())
  assert.ok(ms < 2000 * times, `close took ${ms} ms, on a machine that is ${times.toFixed(1)} times slower than alone`)
  assert.equal(app.io.engine.clientsCount, 0)
  assert.equal(app.server.listening, false)

  const next = await serve(port)
  t.after(() => next.app.close())
  for (const { reasons, again } of await Promise.all(reports)) {
    assert.deepEqual(reasons, { 'transport close': CLIENTS })
    assert.equal(again, CLIENTS, 'all are back')
  }
})

test('a WebSocket whose peer never answers does not hold up close', async () => {
  const { app, port } = await serve(0)
  const socket = connectTcp(port, '127.0.0.1')
  const headers = Object.entries({ host: 'x', ...UPGRADE }).map(([name, value]) => `${name}: ${value}`).join('\r\n')
  socket.write(`GET ${WEBSOCKET} HTTP/1.1\r\n${headers}\r\n\r\n`)
  await once(socket, 'data')
  const gone = once(socket, 'close')
  socket.resume()
  await app.close()
  await gone
})
