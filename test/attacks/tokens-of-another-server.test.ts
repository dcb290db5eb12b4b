// A `sid` of one server, shown to another one that has the same secret. What the first one never asked for
// (allowRequest, middlewares "only for the handshake") must not be passed by at the second.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import fastifyIO, { type FastifyIOOptions } from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { ask, POLLING, sidOf, start, UPGRADE } from '../support/server.ts'

const cors = { origin: ORIGIN }
const headers = { origin: ORIGIN }
const handshakeSecret = 'a secret that is long enough: 32+'
const UNKNOWN = { code: 1, message: 'Session ID unknown' }
const PATH = '/socket.io/?EIO=4&transport='

/** Every kind of first request with a `sid`. */
async function tries (port: number, prefix: string, sid: string): Promise<{ status: number, body: string }[]> {
  return [
    await ask(port, `${prefix}${PATH}polling&sid=${sid}`, { method: 'POST', headers, body: '40' }),
    await ask(port, `${prefix}${PATH}polling&sid=${sid}`, { headers }),
    await ask(port, `${prefix}${PATH}websocket&sid=${sid}`, { headers: { ...headers, ...UPGRADE } })
  ]
}

async function unknown (port: number, prefix: string, sid: string): Promise<void> {
  for (const { status, body } of await tries(port, prefix, sid)) {
    assert.deepEqual([status, JSON.parse(body)], [400, UNKNOWN])
  }
}

const shake = async (port: number, prefix = '') => sidOf(await ask(port, `${prefix}${PATH}polling`, { headers }))

suite('a handshake of another server', () => {
  test('of another scope of the same app opens nothing', async (t) => {
    const app = Fastify()
    const sessions: string[] = []
    const scopes = [
      ['/public', {}],
      ['/admin', { allowRequest: (_: unknown, answer: (error: null, ok: boolean) => void) => answer(null, false) }]
    ] as const
    for (const [prefix, options] of scopes) {
      await app.register(async (scope) => {
        await scope.register(fastifyIO, { cors, handshakeSecret, ...options } as FastifyIOOptions)
        scope.io.on('connection', () => { sessions.push(prefix) })
      }, { prefix })
    }
    await app.listen({ port: 0, host: '127.0.0.1' })
    t.after(() => app.close())
    const { port } = app.server.address() as { port: number }
    assert.equal((await ask(port, `/admin${PATH}polling`, { headers })).status, 403)
    await unknown(port, '/admin', await shake(port, '/public'))
    assert.deepEqual(sessions, [])
    const { status } = await ask(port, `/public${PATH}polling&sid=${await shake(port, '/public')}`, {
      method: 'POST',
      headers,
      body: '40'
    })
    assert.equal(status, 200, 'its own is good')
  })

  test('of another path, prefix or name opens nothing', async (t) => {
    const given: [string, FastifyIOOptions][] = [
      ['', {}],
      ['/a', { prefix: '/a' }],
      ['/b', { prefix: '/b' }],
      ['', { serviceName: 'chat' }],
      ['', { serviceName: 'shop' }]
    ]
    const servers = []
    for (const [prefix, options] of given) {
      servers.push({ prefix, port: (await start(t, { cors, handshakeSecret, ...options })).port })
    }
    for (const from of servers) {
      for (const to of servers) {
        if (to !== from) await unknown(to.port, to.prefix, await shake(from.port, from.prefix))
      }
    }
  })

  test('of the same path and name goes on there', async (t) => {
    const options = { cors, handshakeSecret, serviceName: 'chat' }
    const [one, two] = [await start(t, options), await start(t, options)]
    const sid = await shake(one.port)
    assert.equal((await ask(two.port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })).status, 200)
    assert.match((await ask(two.port, `${POLLING}&sid=${sid}`, { headers })).body, /^40\{"sid"/)
  })
})

suite('middlewares that run "only for the handshake"', () => {
  for (const options of [{}, { statelessHandshake: true }, { handshakeSecret }]) {
    test(`what they put on the request is there: ${JSON.stringify(options)}`, async (t) => {
      const { app, own } = await start(t, { cors, ...options })
      app.io.engine.use(
        (request: { _query: { sid?: string }; user?: object }, _response: unknown, next: () => void) => {
          if (request._query.sid === undefined) request.user = { id: 1 }
          next()
        }
      )
      const users: unknown[] = []
      app.io.on('connection', ({ request }) => { users.push((request as { user?: object }).user) })
      for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
        await connect(t, own, { transports })
      }
      assert.deepEqual(users, [{ id: 1 }, { id: 1 }, { id: 1 }])
    })
  }

  test('one that refuses the handshake is not passed by with the handshake of an earlier time', async (t) => {
    const { app, port } = await start(t, { cors })
    const early = [await shake(port), await shake(port), await shake(port)]
    app.io.engine.use((request: { _query: { sid?: string } }, _response: unknown, next: (error?: Error) => void) => {
      next(request._query.sid === undefined ? new Error('no') : undefined)
    })
    assert.equal((await ask(port, POLLING, { headers })).status, 400)
    for (const sid of early) await unknown(port, '', sid)
    assert.equal(app.io.engine.clientsCount, 0)
  })
})

test('options of the engine that change while it runs are in the next open packet', async (t) => {
  const { app, port } = await start(t, { cors })
  const opened = async () =>
    JSON.parse((await ask(port, POLLING, { headers })).body.slice(1)) as { pingInterval: number }
  assert.equal((await opened()).pingInterval, 25_000)
  ;(app.io.engine as unknown as { opts: { pingInterval: number } }).opts.pingInterval = 1000
  assert.equal((await opened()).pingInterval, 1000)
})

test("a worker of node:cluster without a secret: no other worker knows its handshakes, so they are Engine.IO's", {
  timeout: 60_000
}, async (t) => {
  const child = fork(`${import.meta.dirname}/../fixtures/cluster-worker.ts`, {
    execArgv: process.execArgv,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc']
  })
  t.after(() => child.kill())
  const [seen] = await once(child, 'message') as [Record<string, { sessions: number; lines: string[] }>]
  const count = (
    name: string
  ) => [seen[name]!.sessions, seen[name]!.lines.filter((line) => line.includes('handshakeSecret')).length]
  assert.deepEqual(count('undefined'), [1, 1])
  assert.deepEqual(count('secret'), [0, 0])
  assert.deepEqual(count('true'), [0, 0], 'asked for by name')
  assert.deepEqual(count('false'), [1, 0], 'asked for by name')
})
