import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { fastifyIO, FastifyIOAdapter } from '../../lib/nest.ts'
import { client, connect, ORIGIN } from '../support/client.ts'
import { ask } from '../support/server.ts'

const root = resolve(import.meta.dirname, '../..')
const EVIL = 'https://evil.example.net'
const ADMIN = 'https://admin.example.com'

describe('the Nest application of examples/nest', () => {
  let port: number
  let url: string
  let child: ReturnType<typeof spawn>

  before(async () => {
    child = spawn(process.execPath, ['--import', 'tsx', 'examples/nest/main.ts'], {
      cwd: root,
      env: { ...process.env, PORT: '0', TSX_TSCONFIG_PATH: 'examples/nest/tsconfig.json' },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const lines = createInterface({ input: child.stdout! })
    const [line] = await Promise.race([
      once(lines, 'line') as Promise<[string]>,
      once(child, 'exit').then(() => assert.fail('the application ended before it listened'))
    ])
    port = Number(/:(\d+)$/.exec(line)![1])
    url = `http://127.0.0.1:${port}`
  })

  after(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })

  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    test(`gateways answer over ${transports.join(' and ')}`, async (t) => {
      const socket = client(t, url, { transports })
      const [[origin]] = await Promise.all([once(socket as never, 'welcome'), once(socket as never, 'connect')])
      assert.equal(origin, ORIGIN)
      assert.equal(await socket.timeout(5000).emitWithAck('echo', 'hello'), 'hello')
    })
  }

  test('a namespace has rooms, and its guard is asked', async (t) => {
    const [told, untold] = await Promise.all([
      connect(t, `${url}/chat`, { auth: { token: 'secret' } }),
      connect(t, `${url}/chat`, { auth: { token: 'wrong' } })
    ])
    assert.equal(await untold.emitWithAck('join', 'blue'), 'blue')
    const refused = once(untold as never, 'exception')
    untold.emit('say', { room: 'blue', text: 'no' })
    assert.equal((await refused)[0].message, 'no token')
    const said = once(untold as never, 'said')
    told.emit('say', { room: 'blue', text: 'yes' })
    assert.deepEqual(await said, ['yes'])
  })

  test('a gateway with a stricter policy lets in its own pages and nobody else', async (t) => {
    for (const transports of [['polling'], ['websocket']]) {
      const admin = client(t, `${url}/admin`, { transports, extraHeaders: { origin: ADMIN } })
      await once(admin as never, 'connect')
      assert.ok(await admin.timeout(5000).emitWithAck('uptime') > 0)
      const app = client(t, `${url}/admin`, { transports })
      const [error] = await once(app as never, 'connect_error')
      assert.equal(error.message, 'Origin refused')
      assert.deepEqual(error.data, { code: 'ORIGIN_REFUSED', reason: 'not-listed' })
    }
  })

  test('one policy governs controllers and gateways: the page of a stranger gets neither', async () => {
    const cors = async (origin: string) => (await ask(port, '/api/time', { headers: { origin } })).headers
    assert.equal((await cors(ORIGIN))['access-control-allow-origin'], ORIGIN)
    assert.equal((await cors(EVIL))['access-control-allow-origin'], undefined)
    const poll = await ask(port, '/socket.io/?EIO=4&transport=polling', { headers: { origin: EVIL } })
    assert.equal(poll.status, 403)
    const upgrade = await ask(port, '/socket.io/?EIO=4&transport=websocket', {
      headers: {
        origin: EVIL,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
      }
    })
    assert.equal(upgrade.status, 403)
  })
})

describe('the adapter', () => {
  class Root {}
  // what @Module({}) does
  const create = async (): Promise<NestFastifyApplication> =>
    await NestFactory.create(Root, new FastifyAdapter(), { logger: false })

  test('without the plugin, the adapter says what to call', async (t) => {
    const app = await create()
    t.after(() => app.close())
    const missing = /app\.io is missing\. Call await app\.register\(fastifyIO/
    assert.throws(() => new FastifyIOAdapter(app).create(0), missing)
    assert.throws(() => new FastifyIOAdapter(app).narrowOrigin({ origin: ADMIN }), missing)
  })

  test('narrowOrigin() takes what the server allows; sockets and hooks as Nest types them fit it', async (t) => {
    const app = await create()
    t.after(() => app.close())
    await app.register(fastifyIO, { cors: { origin: [ORIGIN, ADMIN] } })
    const adapter = new FastifyIOAdapter(app)
    assert.throws(() => adapter.narrowOrigin({ origin: EVIL }), /ORIGIN_BROADER/)
    const admin = adapter.narrowOrigin({ origin: ADMIN })
    const namespace: (socket: Parameters<FastifyIOAdapter['bindMessageHandlers']>[0], next: () => void) => void =
      admin.namespace
    assert.equal(namespace, admin.namespace)
    app.getHttpAdapter().getInstance().get('/admin', { onRequest: admin.route }, async () => 'hello')
    await app.listen(0, '127.0.0.1')
    const { port } = app.getHttpServer().address() as { port: number }
    const statuses = [ADMIN, ORIGIN].map(async (origin) => (await ask(port, '/admin', { headers: { origin } })).status)
    assert.deepEqual(await Promise.all(statuses), [200, 403])
  })

  test('a gateway with a port of another, or with options that would do nothing, is an error', async (t) => {
    const app = await create()
    t.after(() => app.close())
    await app.register(fastifyIO, {})
    const adapter = new FastifyIOAdapter(app)
    assert.throws(() => adapter.create(3001), /@WebSocketGateway\(3001\) names a port/)
    const cors = { cors: { origin: '*' } } as never
    assert.throws(() => adapter.create(0, cors), /the option cors, which would do nothing/)
    assert.equal(adapter.create(0), (app.getHttpAdapter().getInstance() as { io?: unknown }).io)
    assert.equal(adapter.create(0, { namespace: 'a' } as never).constructor.name, 'Namespace')
  })

  test('Nest closes the adapter first: that ends no session, so that closeSpread can', async (t) => {
    const app = await create()
    t.after(() => app.close())
    await app.register(fastifyIO, {})
    await app.listen(0, '127.0.0.1')
    const adapter = new FastifyIOAdapter(app)
    const io = adapter.create(0)
    await adapter.close()
    const { port } = app.getHttpServer().address() as { port: number }
    assert.equal((await ask(port, '/socket.io/?EIO=4&transport=polling')).status, 200)
    assert.equal(io, adapter.create(0))
  })

  test('enableCors() beside the plugin is a second CORS layer', async () => {
    const app = await create()
    await app.register(fastifyIO, {})
    app.enableCors()
    await assert.rejects(app.init().then(() => app.getHttpAdapter().getInstance().ready()), /CORS_TWICE/)
  })
})
