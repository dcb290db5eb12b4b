import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import corsMiddleware from 'cors'
import Fastify, { type FastifyInstance } from 'fastify'
import { Server } from 'socket.io'
import { ConfigError, type CorsOptions } from '../../lib/index.ts'
import * as library from '../../lib/index.ts'
import { client, connect } from '../support/client.ts'
import { blocksOf, run } from '../support/doc-blocks.ts'
import { listening } from '../support/proxy.ts'
import { ask, askBoth, POLLING, sidOf, start } from '../support/server.ts'

const require = createRequire(import.meta.url)
const PAGES = ['new-server', 'fastify-socket-io', 'express', 'nestjs', 'older-socket-io', 'factory']
const page = (name: string): string => `docs/coming-from/${name}.md`
const modules = { 'fastify-io': { __esModule: true, ...library } }
const APP = { origin: 'https://app.example.com' }
const EVIL = { origin: 'https://evil.example' }

/** The block below a heading, with a port of the system and without its log. */
function block (name: string, heading: string, language: string): string {
  const found = blocksOf(page(name)).filter((one) => one.heading === heading && one.language === language)
  assert.equal(found.length, 1, `${page(name)} has one block of ${language} below ${heading}`)
  const code = found[0]!.code.replace(/listen\(\{ port: 3001 \}\)/, "listen({ port: 0, host: '127.0.0.1' })")
    .replace(/listen\(3001\)/, "listen(0, '127.0.0.1')").replace('logger: true', 'logger: false')
  assert.match(code, /listen\(.*'127\.0\.0\.1'/)
  return code
}

/** Runs a block that makes a Fastify server. */
async function runApp (t: TestContext, code: string, name = 'app'): Promise<{ app: FastifyInstance, port: number }> {
  const app = await run<FastifyInstance>(code, name, modules)
  t.after(() => app.close())
  if (!app.server.listening) await once(app.server, 'listening')
  return { app, port: (app.server.address() as AddressInfo).port }
}

test('the index has each page', () => {
  const index = readFileSync(new URL('../../docs/coming-from/README.md', import.meta.url), 'utf8')
  for (const name of PAGES) assert.ok(index.includes(`](${name}.md)`), name)
})

suite('new Server(fastify.server) beside @fastify/cors costs what the page says', () => {
  const before = block('new-server', 'Before', 'ts')
  const after = block('new-server', 'After', 'ts')

  /** Both servers, set up in the same way before they listen. */
  async function both (
    t: TestContext, setUp = ''
  ): Promise<readonly { app: FastifyInstance, io: Server, port: number }[]> {
    return await Promise.all([before, after].map(async (code) => {
      const running = await runApp(t, code.replace('await app.listen', `${setUp}\nawait app.listen`),
        code === before ? 'Object.assign(app, { stock: io })' : 'app')
      return { ...running, io: (running.app as unknown as { stock?: Server }).stock ?? running.app.io as never }
    }))
  }

  test('a WebSocket of any site opens, with cookies; a refused handshake makes a session', async (t) => {
    const [stock, ours] = await both(t)
    const cookies: unknown[] = []
    stock!.io.engine.on('connection', ({ request }) => { cookies.push(request.headers.cookie) })
    const headers = { ...EVIL, cookie: 'session=of-the-visitor' }
    assert.deepEqual((await askBoth(stock!.port, headers)).map(({ status }) => status), [200, 101])
    assert.deepEqual(cookies, ['session=of-the-visitor', 'session=of-the-visitor'])
    assert.ok(stock!.io.engine.clientsCount >= 1)
    assert.deepEqual((await askBoth(ours!.port, headers)).map(({ status }) => status), [403, 403])
    assert.equal(ours!.io.engine.clientsCount, 0)
  })

  test('a sid works from anywhere', async (t) => {
    const statuses = (await both(t)).map(async ({ port }) => {
      const sid = sidOf(await ask(port, POLLING, { headers: APP }))
      const answer = await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: EVIL, body: '40' })
      return answer.status
    })
    assert.deepEqual(await Promise.all(statuses), [200, 403])
  })

  test('JSONP answers script tags', async (t) => {
    const [stock, ours] = await Promise.all((await both(t)).map(({ port }) => ask(port, `${POLLING}&j=0`)))
    assert.deepEqual([stock!.status, stock!.body.startsWith('___eio[0](')], [200, true])
    assert.equal(ours!.status, 400)
  })

  test('hooks are bypassed: their refusals and their headers; inject finds nothing', async (t) => {
    const gate = "app.addHook('onRequest', async (request, reply) => { if (!request.headers.cookie) reply.code(401); " +
      "reply.header('x-hook', 'ran'); if (!request.headers.cookie) return reply.send() })"
    const [stock, ours] = await both(t, gate)
    assert.deepEqual((await askBoth(stock!.port, APP)).map(({ status }) => status), [200, 101])
    assert.deepEqual((await askBoth(ours!.port, APP)).map(({ status }) => status), [401, 401])
    const inside = { ...APP, cookie: 'a=b' }
    const named = async (port: number): Promise<unknown[]> =>
      (await askBoth(port, inside)).map(({ headers }) => headers['x-hook'])
    assert.deepEqual(await named(stock!.port), [undefined, undefined])
    assert.deepEqual(await named(ours!.port), ['ran', 'ran'])
    const injected = async (app: FastifyInstance): Promise<number> =>
      (await app.inject({ url: POLLING, headers: inside })).statusCode
    assert.deepEqual([await injected(stock!.app), await injected(ours!.app)], [404, 200])
  })

  test('two policies drift; allowRequest is not asked about a sid', async (t) => {
    const added = "['https://app.example.com', 'https://new.example.com']"
    const drifted = await runApp(t, before.replace('cors, { origin,', `cors, { origin: ${added},`))
    const header = 'access-control-allow-origin'
    const headers = { origin: 'https://new.example.com' }
    assert.equal((await ask(drifted.port, '/api/time', { headers })).headers[header], headers.origin)
    assert.notEqual((await ask(drifted.port, POLLING, { headers })).headers[header], headers.origin)
    const { port } = await runApp(t, after.replace('cors: { origin,', `cors: { origin: ${added},`))
    for (const path of ['/api/time', POLLING]) {
      assert.equal((await ask(port, path, { headers })).headers[header], headers.origin)
    }

    const guard = '(request, done) => done(null, request.headers.origin === origin)'
    const guarded = await runApp(t, before.replace('new Server(app.server, {',
      `new Server(app.server, { allowRequest: ${guard},`))
    assert.deepEqual((await askBoth(guarded.port, EVIL)).map(({ status }) => status), [403, 400])
    const sid = sidOf(await ask(guarded.port, POLLING, { headers: APP }))
    const post = await ask(guarded.port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: EVIL, body: '40' })
    assert.equal(post.status, 200)
  })

  test('a slash too many starts, and lets nobody in', async (t) => {
    const slash = (code: string): string => code.replace("'https://app.example.com'", "'https://app.example.com/'")
    const { port } = await runApp(t, slash(before))
    const { headers } = await ask(port, POLLING, { headers: APP })
    assert.equal(headers['access-control-allow-origin'], `${APP.origin}/`)
    await assert.rejects(run(slash(after), 'app', modules), (error: ConfigError) => {
      assert.deepEqual(error.issues.map(({ code, hint }) => [code, hint]), [['ORIGIN_INVALID', APP.origin]])
      return true
    })
  })

  test('closing tells clients not to come back', async (t) => {
    const reasons = (await both(t)).map(async ({ app, port }) => {
      const socket = await connect(t, `http://127.0.0.1:${port}`, { transports: ['websocket'] })
      const left = once(socket as never, 'disconnect')
      await app.close()
      return (await left)[0]
    })
    assert.deepEqual(await Promise.all(reasons), ['io server disconnect', 'transport close'])
  })

  test('the client connects and REST answers in both', async (t) => {
    for (const { port } of await both(t)) {
      const socket = await connect(t, `http://127.0.0.1:${port}`)
      assert.ok(socket.connected)
      const { headers, status } = await ask(port, '/api/time', { headers: APP })
      assert.deepEqual([status, headers['access-control-allow-origin']], [200, APP.origin])
    }
  })
})

suite('the other pages: each `after` serves its own page\'s client, and refuses a stranger', () => {
  for (const [name, heading, language, event, variable] of [
    ['fastify-socket-io', 'After', 'js', 'welcome', 'fastify'],
    ['fastify-socket-io', 'After, in TypeScript', 'ts', 'welcome', 'fastify'],
    ['express', 'After', 'ts', 'hello', 'app'],
    ['older-socket-io', 'After', 'ts', 'hello', 'app'],
    ['factory', 'After', 'js', 'hello', 'fastify'],
    ['factory', 'After, with `import`', 'ts', 'hello', 'app']
  ] as const) {
    test(`${name}, ${heading}`, async (t) => {
      const { app, port } = await runApp(t, block(name, heading, language), variable)
      const socket = client(t, `http://127.0.0.1:${port}`)
      await Promise.all([once(app.io, 'connection'), once(socket as never, event)])
      assert.deepEqual((await askBoth(port, EVIL)).map(({ status }) => status), [403, 403])
      const path = name === 'fastify-socket-io' ? '/' : '/api/time'
      if (name === 'factory' || name === 'older-socket-io') return
      assert.equal((await ask(port, path, { headers: APP })).headers['access-control-allow-origin'], APP.origin)
    })
  }

  test('factory: `before` lets a stranger in', async (t) => {
    const code = block('factory', 'Before', 'js')
    const { port } = await runApp(t, code, 'fastify')
    assert.deepEqual((await askBoth(port, EVIL)).map(({ status }) => status), [200, 101])
  })

  test('factory: attach, listen and bind throw', async (t) => {
    const { app } = await start(t)
    for (const call of [() => app.io.attach(app.server), () => app.io.listen(3001), () => app.io.bind({})]) {
      assert.throws(call, /Fastify feeds app\.io/)
    }
    assert.equal(Reflect.get(app.io, 'httpServer'), app.server)
  })

  test('Express: cors() does not apply to Socket.IO', async (t) => {
    const asked: unknown[] = []
    const middleware = corsMiddleware({ origin: APP.origin, credentials: true })
    const server = createServer((request, response) => {
      asked.push(request.url)
      middleware(request, response, () => { response.end('rest') })
    })
    const io = new Server(server, { cors: { origin: APP.origin, credentials: true } })
    const port = await listening(t, server)
    t.after(() => io.close())
    assert.equal((await ask(port, '/api/time', { headers: EVIL })).body, 'rest')
    assert.deepEqual((await askBoth(port, EVIL)).map(({ status }) => status), [200, 101])
    assert.deepEqual(asked, ['/api/time'])
  })

  test('Express: a middleware of the connect kind, by engine.use', async (t) => {
    const { port } = await start(t, { cors: APP }, (app) => {
      app.io.engine.use((request: { user?: string }, _response: unknown, next: () => void) => {
        request.user = 'ann'
        next()
      })
      app.io.on('connection', (socket) => { socket.emit('user', Reflect.get(socket.request, 'user')) })
    })
    const socket = client(t, `http://127.0.0.1:${port}`, { transports: ['polling'] })
    assert.deepEqual(await once(socket as never, 'user'), ['ann'])
  })
})

suite('NestJS', () => {
  for (const heading of ['Before', 'After']) {
    test(heading, async (t) => {
      await import('reflect-metadata')
      const { Module } = await import('@nestjs/common')
      const nest = await import('../../lib/nest.ts')
      const { WebSocketGateway, SubscribeMessage } = await import('@nestjs/websockets')
      class Gateway { ping (): string { return 'pong' } }
      const method = Object.getOwnPropertyDescriptor(Gateway.prototype, 'ping')!
      SubscribeMessage('ping')(Gateway.prototype, 'ping', method)
      WebSocketGateway(heading === 'Before' ? { cors: { origin: APP.origin } } : {})(Gateway)
      class AppModule {}
      Module({ providers: [Gateway] })(AppModule)
      const code = blocksOf(page('nestjs')).find((one) => one.heading === heading)!.code
        .replace('listen(3001)', "listen(0, '127.0.0.1')").replace('new FastifyAdapter())',
          'new FastifyAdapter(), { logger: false })')
        .replace(/^}\nvoid bootstrap\(\)$/m, '  return app\n}\nconst app = await bootstrap()')
      const app = await run<{ close(): Promise<void>, getHttpServer(): HttpServer }>(code, 'app', {
        'fastify-io/nest': { __esModule: true, ...nest }, './app.module.js': { __esModule: true, AppModule }
      })
      t.after(() => app.close())
      const { port } = app.getHttpServer().address() as AddressInfo
      const socket = await connect(t, `http://127.0.0.1:${port}`)
      assert.equal(await socket.timeout(5000).emitWithAck('ping', 1).catch(() => 'no answer'), 'pong')
      const statuses = (await askBoth(port, EVIL)).map(({ status }) => status)
      assert.deepEqual(statuses, heading === 'Before' ? [200, 101] : [403, 403])
    })
  }
})

suite('Socket.IO 2 and 3', () => {
  type OldClient = (url: string, options: object) => {
    on (event: string, listener: (...args: unknown[]) => void): void
    close (): void
  }
  const clients: Readonly<Record<string, OldClient>> = {
    2: require('socket.io-client-2'),
    3: require('socket.io-client-3'),
    4: require('socket.io-client').io
  }
  const rows = readFileSync(new URL(`../../${page('older-socket-io')}`, import.meta.url), 'utf8').split('\n')
    .filter((line) => /^\| \d \|/.test(line)).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))

  async function serve (t: TestContext, column: number): Promise<number> {
    const options = { allowEIO3: column === 2 || column === 4 }
    if (column > 2) return (await start(t, { cors: APP, ...options })).port
    const server = createServer()
    const io = column === 0 ? require('socket.io-2')(server) : new Server(server, options)
    const port = await listening(t, server)
    t.after(() => { io.close() })
    return port
  }

  test('which client connects to which server', async (t) => {
    assert.deepEqual(rows.map(([version]) => version), ['2', '3', '4'])
    const ports = await Promise.all([0, 1, 2, 3, 4].map((column) => serve(t, column)))
    for (const [version, ...cells] of rows) {
      const seen = await Promise.all(ports.map((port) => new Promise<string>((resolve) => {
        const socket = clients[version!]!(`http://127.0.0.1:${port}`, {
          reconnection: false, forceNew: true, timeout: 10_000, transports: ['polling']
        })
        t.after(() => { socket.close() })
        socket.on('connect', () => resolve('yes'))
        for (const event of ['connect_error', 'error', 'disconnect']) socket.on(event, () => resolve('no'))
      })))
      assert.deepEqual(seen, cells, `client ${version}`)
    }
  })

  test('version 2 let everybody in, with cookies', async (t) => {
    const { headers } = await ask(await serve(t, 0), '/socket.io/?EIO=3&transport=polling', { headers: EVIL })
    assert.equal(headers['access-control-allow-origin'], EVIL.origin)
    assert.equal(headers['access-control-allow-credentials'], 'true')
    const { headers: four } = await ask(await serve(t, 1), POLLING, { headers: EVIL })
    assert.equal(four['access-control-allow-origin'], undefined)
  })

  test('what `origins` of version 2 becomes', async (t) => {
    const allowed = async (cors: CorsOptions): Promise<number> =>
      (await ask((await start(t, { cors })).port, POLLING, { headers: APP })).status
    assert.equal(await allowed({ origin: (_origin, cb) => { cb(null, true) } }), 200)
    assert.throws(() => new library.OriginPolicy({ origin: 'https://app.example.com:443' }), (error: ConfigError) => {
      return error.issues[0]!.hint === APP.origin
    })
  })
})

test('app.io is undefined until the plugin is loaded', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  const registered = app.register(library.default)
  assert.throws(() => app.io.on('connection', () => {}), /Cannot read properties of undefined \(reading 'on'\)/)
  await registered
  assert.ok(app.io)
})
