import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { ConfigError, type FastifyIOOptions } from '../../lib/index.ts'
import { connect, upgraded } from '../support/client.ts'
import { slowdown } from '../support/pace.ts'
import { joined, sent } from '../support/raw.ts'
import { ask, POLLING, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const extraHeaders = {}

/** Closed by the test itself. */
async function serve (
  options: FastifyIOOptions,
  setUp: (app: FastifyInstance) => unknown = () => {}
): Promise<{ app: FastifyInstance, port: number, own: string }> {
  const app = Fastify()
  await app.register(fastifyIO, options)
  app.get('/api', async () => 'ok')
  app.io.on('connection', (socket) => {
    socket.on('echo', (value, acknowledge) => acknowledge(value))
  })
  await setUp(app)
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, own, port: Number(new URL(own).port) }
}

/** Resolves when the app has begun to close. */
function draining (app: FastifyInstance): Promise<unknown> {
  return until(() => (app.io.engine as unknown as { draining: boolean }).draining, 'the app closes')
}

suite('closeSpread', () => {
  test('handshakes get 503 and REST goes on, until the last session has ended', async (t) => {
    const { app, port, own } = await serve({ closeSpread: 60_000 })
    const socket = await connect(t, own, { transports: ['polling'], extraHeaders })
    const token = await ask(port, POLLING)
    const closed = app.close()
    await draining(app)
    for (const [path, headers] of [
      [POLLING, {}], [WEBSOCKET, UPGRADE], [`${POLLING}&sid=made-up`, {}],
      // a handshake that was answered before, and has no session yet
      [`${POLLING}&sid=${JSON.parse(token.body.slice(1)).sid}`, {}]
    ] as const) {
      const answer = await ask(port, path, { headers })
      assert.deepEqual(
        [answer.status, answer.headers['retry-after'], answer.headers.connection], [503, '60', 'close'], path
      )
    }
    assert.equal((await ask(port, '/api')).body, 'ok')
    assert.equal(await socket.emitWithAck('echo', 7), 7)
    socket.close()
    await closed
    await assert.rejects(ask(port, '/api'), { code: 'ECONNREFUSED' })
  })

  test('sessions end one after the other, go on until then, and their clients see a transport close', async (t) => {
    const spread = 1500
    const { app, own } = await serve({ closeSpread: spread })
    const sockets = await Promise.all(Array.from({ length: 30 }, (_, at) =>
      connect(t, own, { transports: [['polling'], ['websocket'], ['polling', 'websocket']][at % 3]!, extraHeaders })
    ))
    await Promise.all(sockets.filter((_, at) => at % 3 === 2).map(upgraded))
    const before = slowdown()
    const begin = performance.now()
    const ends = Promise.all(sockets.map(async (socket) => {
      const [reason] = await once(socket as never, 'disconnect')
      assert.equal(reason, 'transport close')
      return performance.now() - begin
    }))
    let answered = 0
    const closed = app.close().then(() => performance.now() - begin)
    await draining(app)
    await Promise.all(sockets.map(async (socket) => {
      if (await socket.timeout(30_000).emitWithAck('echo', 7).then((value) => value === 7, () => false)) answered++
    }))
    const times = (await ends).sort((a, b) => a - b)
    const took = await closed
    t.diagnostic(`ended after ${times.map(Math.round).join(', ')} ms; close took ${Math.round(took)} ms`)
    assert.ok(answered > 10, `${answered} of 30 were served while the server closed`)
    assert.ok(times[20]! - times[5]! > spread / 5, 'not all at once')
    assert.ok(took < (spread + 1500) * Math.max(before, slowdown()), `close took ${took} ms`)
  })

  test('who does not listen holds nothing up: it ends with the last', async () => {
    const { app, port } = await serve({ closeSpread: 300 })
    // between two polls, for ever
    for (let at = 0; at < 5; at++) await joined(port)
    const begin = performance.now()
    await app.close()
    assert.ok(performance.now() - begin < 2000 * slowdown())
    assert.equal(app.io.engine.clientsCount, 0)
  })

  test('a middleware that ends when the app has begun to close lets nobody in', async (t) => {
    const { app, port, own } = await serve({ closeSpread: 3_600_000 })
    const stays = await connect(t, own, { transports: ['websocket'], extraHeaders })
    const waiting: (() => void)[] = []
    app.io.engine.use((_req: unknown, _res: unknown, next: () => void) => { waiting.push(next) })
    const answers = Promise.all([[POLLING, {}], [WEBSOCKET, UPGRADE]].map(([path, headers]) =>
      ask(port, path as string, { headers: headers as typeof UPGRADE })))
    await until(() => waiting.length === 2, 'both wait')
    const closed = app.close()
    await draining(app)
    for (const next of waiting) next()
    for (const { status, headers } of await answers) {
      assert.deepEqual([status, headers['retry-after'], headers.connection], [503, '3600', 'close'])
    }
    assert.equal(app.io.engine.clientsCount, 1)
    stays.close()
    await closed
  })

  test('without clients close is prompt, whatever the option says', async () => {
    const { app } = await serve({ closeSpread: 3_600_000 })
    const begin = performance.now()
    await app.close()
    assert.ok(performance.now() - begin < 1000 * slowdown())
  })

  test('close is over when the last client has left', async (t) => {
    const { app, own } = await serve({ closeSpread: 3_600_000 })
    const sockets = await Promise.all([1, 2, 3].map(() => connect(t, own, { extraHeaders })))
    const closed = app.close()
    await draining(app)
    for (const socket of sockets) socket.close()
    await closed
  })

  test('a listener that throws ends neither the process nor the spread', async (t) => {
    const lines: string[] = []
    const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => { lines.push(line) } } } })
    await app.register(fastifyIO, { closeSpread: 200 })
    app.io.on('connection', (socket) => {
      socket.on('disconnect', () => { throw new Error('a fault of the user') })
    })
    const own = await app.listen({ port: 0, host: '127.0.0.1' })
    const sockets = await Promise.all([1, 2].map(() => connect(t, own, { transports: ['websocket'], extraHeaders })))
    const gone = Promise.all(sockets.map((socket) => once(socket as never, 'disconnect')))
    await app.close()
    await gone
    assert.ok(lines.some((line) => line.includes('a fault of the user')))
  })

  test('two registrations on one server end their sessions at the same time', async (t) => {
    const app = Fastify()
    const ios: FastifyInstance['io'][] = []
    for (const prefix of ['/a', '/b']) {
      await app.register(async (scope) => {
        await scope.register(fastifyIO, { closeSpread: 1500 })
        ios.push(scope.io)
      }, { prefix })
    }
    const own = await app.listen({ port: 0, host: '127.0.0.1' })
    for (const path of ['/a/socket.io', '/b/socket.io']) {
      await Promise.all([1, 2, 3].map(() => connect(t, own, { path, transports: ['websocket'], extraHeaders })))
    }
    const begin = performance.now()
    const closed = app.close()
    await until(() => ios.every(({ engine }) => (engine as unknown as { draining: boolean }).draining), 'both close')
    assert.ok(performance.now() - begin < 1000 * slowdown())
    await closed
  })

  test('app.io.close() meanwhile ends all at once', async (t) => {
    const { app, own } = await serve({ closeSpread: 3_600_000 })
    const sockets = await Promise.all([1, 2, 3].map(() => connect(t, own, { extraHeaders })))
    const closed = app.close()
    await draining(app)
    await app.io.close()
    await closed
    await until(() => sockets.every(({ connected }) => !connected), 'all are gone')
  })

  for (const closeSpread of [-1, 0.5, '1000', 2 ** 31, null]) {
    test(`${JSON.stringify(closeSpread)} is refused`, async () => {
      await assert.rejects(async () => { await Fastify().register(fastifyIO, { closeSpread } as never) }, (error) =>
        error instanceof ConfigError && error.issues[0]!.path === '/closeSpread')
    })
  }
})

test('by default too, a handshake on a connection that is kept hears when to come back', async (t: TestContext) => {
  let go!: () => void
  const held = new Promise<void>((resolve) => { go = resolve })
  const { app, port } = await serve({}, (app) => app.get('/slow', async () => held.then(() => 'done')))
  const asked = once(app.server, 'request')
  const socket = await sent(t, port, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  await asked
  let text = ''
  socket.on('data', (chunk: Buffer) => { text += chunk })
  const gone = once(socket, 'close')
  const closed = app.close()
  await until(() => app.server.listening === false, 'the server takes no more connections')
  const again = once(app.server, 'request')
  socket.write(`GET ${POLLING} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await again
  go()
  await Promise.all([closed, gone])
  const answers = text.split(/(?=HTTP\/1\.1 )/)
  assert.equal(answers.length, 2)
  assert.match(answers[0]!, /^HTTP\/1\.1 200 [^]*done$/)
  assert.match(answers[1]!, /^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/i)
  assert.match(answers[1]!, /connection: close\r\n/i)
})
