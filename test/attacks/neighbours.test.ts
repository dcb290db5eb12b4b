// Upgrades that are not Socket.IO's: in every order of registration, whoever listens gets them, and keeps them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { WebSocket, WebSocketServer } from 'ws'
import fastifyIO, { type FastifyIOOptions } from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { exchange, sent, UPGRADE_LINES } from '../support/raw.ts'
import { ask, type Running, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const cors = { origin: ORIGIN }
/** ms; what nobody touches is ended then. */
const SOON = 20

const upgradeTo = (path: string, upgrade = UPGRADE_LINES): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`
const TUNNEL = 'Connection: Upgrade\r\nUpgrade: tunnel\r\n'

/** How the other listener comes to the server: it stands before ours, or after. */
const orders = ['before', 'after', 'not awaited'] as const
type Order = typeof orders[number]

type Listen = (server: Server, app: FastifyInstance) => unknown

async function serve (t: TestContext, order: Order, listen: Listen, options: FastifyIOOptions = {}): Promise<Running> {
  const app = Fastify()
  t.after(() => app.close())
  if (order === 'before') await listen(app.server, app)
  const registered = app.register(fastifyIO, { cors, destroyUpgradeTimeout: SOON, ...options })
  if (order === 'after') await registered
  if (order !== 'before') await listen(app.server, app)
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, port: Number(new URL(own).port), own }
}

/** Comes when all that was untouched before it has been ended. */
const later = async (port: number): Promise<void> => assert.equal(await exchange(port, upgradeTo('/untouched')), '')

/** The same, for a server that ends nothing: an upgrade that nobody touches on another one. */
async function laterElsewhere (t: TestContext): Promise<void> {
  const { port } = await serve(t, 'after', (server) => server.on('upgrade', () => {}))
  await later(port)
}

for (const order of orders) {
  suite(`a listener ${order}`, () => {
    test('an idle WebSocket of a ws server stays open', async (t) => {
      const wss = new WebSocketServer({ noServer: true })
      wss.on('connection', (client) => client.on('message', (data) => client.send(String(data))))
      const { port, own } = await serve(t, order, (server) => server.on('upgrade', (request, socket, head) => {
        if (request.url !== '/other') return
        wss.handleUpgrade(request, socket, head, (client) => wss.emit('connection', client))
      }))
      const client = new WebSocket(`${own.replace('http', 'ws')}/other`)
      await once(client, 'open')
      await later(port)
      client.send('hello')
      assert.equal(String((await once(client, 'message'))[0]), 'hello')
      client.close()
      await connect(t, own, { transports: ['websocket'] })
    })

    test('a ws server with { server, path } beside Socket.IO', async (t) => {
      const { port, own } = await serve(t, order, (server) => {
        new WebSocketServer({ server, path: '/other' }).on('connection', (client) => {
          client.on('message', (data) => client.send(String(data)))
        })
      }, { destroyUpgradeTimeout: 1 })
      const client = new WebSocket(`${own.replace('http', 'ws')}/other`)
      await once(client, 'open')
      for (const transports of [['websocket'], ['polling']]) await connect(t, own, { transports })
      assert.equal((await ask(port, '/untouched', { headers: UPGRADE })).status, 400, 'it answers what is neither\'s')
      client.send('hello')
      assert.equal(String((await once(client, 'message'))[0]), 'hello')
      client.close()
    })

    // Its bytes must not be parsed: that is request smuggling past a proxy that filters.
    test('a silent tunnel stays one: what is sent in it is no request', async (t) => {
      let tunnel: Socket | undefined
      let served = 0
      const { port } = await serve(t, order, (server, app) => {
        app.get('/secret', async () => { served++ })
        server.on('upgrade', (request, socket: Socket) => {
          if (request.url !== '/tunnel') return
          tunnel = socket
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tunnel\r\n\r\n')
        })
      })
      const client = await sent(t, port, upgradeTo('/tunnel', TUNNEL))
      await once(client, 'data')
      await later(port)
      const bytes = 'GET /secret HTTP/1.1\r\nHost: x\r\n\r\n'
      client.write(bytes)
      assert.equal(String((await once(tunnel!, 'data'))[0]), bytes)
      tunnel!.write('pong')
      assert.equal(String((await once(client, 'data'))[0]), 'pong')
      assert.equal(served, 0)
      tunnel!.destroy()
    })

    const late: Record<string, (request: IncomingMessage, socket: Socket) => void> = {
      'that reads first': (_request, socket) => { socket.on('data', () => {}) },
      'that listens for errors, as the README of ws does': (_request, socket) => { socket.on('error', () => {}) },
      'that is async': () => {}
    }
    for (const [who, take] of Object.entries(late)) {
      test(`one ${who}, and answers late`, async (t) => {
        let taken: Socket | undefined
        const listener = (request: IncomingMessage, socket: Socket): void => {
          if (request.url !== '/late') return
          taken = socket
          take(request, socket)
        }
        const { app, port } = await serve(t, order, (server) => {
          const waits = async (request: IncomingMessage, socket: Socket): Promise<void> => listener(request, socket)
          server.on('upgrade', who === 'that is async' ? waits : listener)
        })
        const client = await sent(t, port, upgradeTo('/late'))
        await until(() => taken, 'the listener has the socket')
        if (who === 'that is async') await laterElsewhere(t)
        else await later(port)
        taken!.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
        assert.match(String((await once(client, 'data'))[0]), /^HTTP\/1\.1 101 /)
        taken!.destroy()
        await app.close()
      })
    }

    test('one that counts the listeners finds only itself', async (t) => {
      const counts: number[] = []
      const { port } = await serve(t, order, (server) => server.on('upgrade', (_request, socket) => {
        counts.push(server.listenerCount('upgrade'))
        socket.destroy()
      }))
      await exchange(port, upgradeTo('/elsewhere'))
      assert.deepEqual(counts, [1])
    })

    test('destroyUpgrade: false ends nothing', async (t) => {
      let taken: Socket | undefined
      const { app, port } = await serve(t, order, (server) => {
        server.on('upgrade', (_request, socket: Socket) => { taken = socket })
      }, { destroyUpgrade: false, destroyUpgradeTimeout: 1 })
      const client = await sent(t, port, upgradeTo('/late'))
      await until(() => taken, 'the listener has the socket')
      await laterElsewhere(t)
      taken!.end('HTTP/1.1 410 Gone\r\n\r\n')
      assert.match(String((await once(client, 'data'))[0]), /^HTTP\/1\.1 410 /)
      taken!.destroy()
      await app.close()
    })

    test('@fastify/websocket keeps its routes and injectWS(), and what it does not have is answered', async (t) => {
      const { app, port, own } = await serve(t, order, async (_server, app) => {
        await app.register(fastifyWebsocket)
        app.register(async (scope) => {
          scope.get('/echo', { websocket: true }, (socket) => {
            socket.on('message', (data: Buffer) => socket.send(String(data)))
          })
        })
      })
      const client = new WebSocket(`${own.replace('http', 'ws')}/echo`)
      await once(client, 'open')
      const injected = await app.injectWS('/echo')
      for (const socket of [client, injected]) {
        socket.send('hello')
        assert.equal(String((await once(socket, 'message'))[0]), 'hello')
      }
      injected.terminate()
      const headers = { ...UPGRADE, origin: 'https://attacker.example' }
      assert.equal((await ask(port, WEBSOCKET, { headers })).status, 403)
      await connect(t, own, { transports: ['websocket'] })
    })
  })
}

suite('two apps on one HTTP server', () => {
  test('each path goes to the app that registered it, and the server is as before when both have closed', async (t) => {
    const handlers = new Map<string, (request: IncomingMessage, response: never) => void>()
    const server = createServer((request, response) => {
      handlers.get(request.url!.split('/')[1]!)?.(request, response as never)
    })
    t.after(() => server.close())
    const { emit } = server
    const before = [Object.hasOwn(server, 'emit'), shouldUpgrade(server)]
    const seen: string[] = []
    const apps = await Promise.all(['a', 'b'].map(async (name) => {
      const app = Fastify({
        serverFactory: (handler) => {
          handlers.set(name, handler)
          return server
        }
      })
      app.addHook('onRequest', async () => { seen.push(name) })
      await app.register(fastifyIO, { path: `/${name}`, cors: { origin: `https://${name}.example` } })
      await app.ready()
      return app
    }))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    for (const name of ['a', 'b']) {
      const path = WEBSOCKET.replace('socket.io', name)
      for (const [origin, status] of [['a', 101], ['b', 403]] as const) {
        const headers = { ...UPGRADE, origin: `https://${origin}.example` }
        assert.equal((await ask(port, path, { headers })).status, name === 'a' ? status : 504 - status)
      }
      assert.deepEqual(new Set(seen.splice(0)), new Set([name]), 'hooks of its app only')
    }
    await apps[0]!.close()
    assert.notEqual(server.emit, emit)
    await apps[1]!.close()
    assert.equal(server.emit, emit)
    assert.deepEqual([Object.hasOwn(server, 'emit'), shouldUpgrade(server)], before)
    assert.equal(server.listenerCount('upgrade'), 0)
  })

  test('what somebody else has patched over ours stays, and does nothing more', async () => {
    const app = Fastify()
    await app.register(fastifyIO, { cors })
    const ours = app.server.emit
    const events: string[] = []
    app.server.emit = function (this: Server, event: string) {
      events.push(event)
      return Reflect.apply(ours, this, arguments)
    } as Server['emit']
    const theirs = app.server.emit
    await app.ready()
    await app.close()
    assert.equal(app.server.emit, theirs)
    let heard = 0
    app.server.on('upgrade', () => { heard++ })
    app.server.emit('upgrade', { url: '/socket.io/' } as never)
    assert.equal(heard, 1)
  })
})

/** Newer Nodes have it. */
function shouldUpgrade (server: Server): unknown {
  return (server as { shouldUpgradeCallback?: unknown }).shouldUpgradeCallback
}

if (shouldUpgrade(createServer()) !== undefined) {
  suite('shouldUpgradeCallback', () => {
    async function listening (t: TestContext, options: object): Promise<{ app: FastifyInstance, port: number }> {
      const app = Fastify(options as FastifyServerOptions)
      t.after(() => app.close())
      await app.register(fastifyIO, { cors })
      app.post('/length', async ({ body }) => String((body as string).length))
      await app.listen({ port: 0, host: '127.0.0.1' })
      return { app, port: (app.server.address() as AddressInfo).port }
    }

    test('the user\'s is asked, and put back', async (t) => {
      const asked: string[] = []
      const mine = ({ url, headers }: IncomingMessage): boolean => {
        asked.push(url!)
        return headers['x-plain'] === undefined
      }
      const { app, port } = await listening(t, { http: { shouldUpgradeCallback: mine } })
      assert.equal((await ask(port, WEBSOCKET, { headers: UPGRADE })).status, 101)
      assert.equal((await ask(port, WEBSOCKET, { headers: { ...UPGRADE, 'x-plain': '1' } })).status, 400)
      assert.deepEqual(asked, [WEBSOCKET, WEBSOCKET])
      await app.close()
      assert.equal(shouldUpgrade(app.server), mine)
    })

    // Node 26 then emits the upgrade while it still reads the body, or has read it.
    test('one that the user sets later and that says yes to all: every request is answered', async (t) => {
      const { app, port } = await listening(t, {})
      Object.assign(app.server, { shouldUpgradeCallback: () => true })
      assert.equal((await ask(port, WEBSOCKET, { headers: UPGRADE })).status, 101)
      assert.equal((await ask(port, '/nowhere', { headers: UPGRADE })).status, 404)
      for (const length of [2, 300_000]) {
        const headers = {
          connection: 'Upgrade',
          upgrade: 'h2c',
          'content-type': 'text/plain',
          'content-length': length
        }
        const answer = await ask(port, '/length', { method: 'POST', headers, body: 'x'.repeat(length) })
        assert.deepEqual([answer.status, answer.body], [200, String(length)])
      }
      app.server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 410 Gone\r\n\r\n'))
      assert.equal((await ask(port, '/nowhere', { headers: UPGRADE })).status, 410)
    })
  })
}

interface Case {
  readonly server?: object
  readonly prefix?: string
  readonly yes: readonly string[]
  readonly no: readonly string[]
}

suite('spellings of our path that Fastify\'s router takes for it', () => {
  const query = '?EIO=4&transport=websocket'
  const every = { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }
  const cases: readonly Case[] = [
    {
      yes: ['/socket.io/', '/socket%2Eio/', 'http://x/socket.io/', 'HTTPS://x:1/socket%2eio/'],
      no: ['/Socket.io/', '/socket.io', '//socket.io/', '/socket%252Eio/', '/socket.io/x', 'ftp://x/socket.io/', '/%']
    },
    { server: { routerOptions: { caseSensitive: false } }, yes: ['/Socket.IO/'], no: ['/socket.io'] },
    { server: { caseSensitive: false }, yes: ['/Socket.IO/'], no: ['/socket.io'] },
    {
      server: { routerOptions: { ignoreTrailingSlash: true } },
      yes: ['/socket.io', '/socket.io/'],
      no: ['/Socket.io']
    },
    {
      server: { routerOptions: { ignoreDuplicateSlashes: true } },
      yes: ['//socket.io//', '/socket.io/'],
      no: ['/socket.io']
    },
    {
      server: { routerOptions: { useSemicolonDelimiter: true } },
      yes: ['/socket.io/;EIO=4&transport=websocket'],
      no: []
    },
    { server: { routerOptions: every }, yes: ['//SOCKET.io', 'http://x//socket.IO//'], no: ['/socketXio/'] },
    {
      server: { rewriteUrl: ({ url }: IncomingMessage) => url!.replace(/^\/v1/, '') },
      yes: ['/v1/socket.io/', '/socket.io/'],
      no: ['/v2/socket.io/']
    },
    { prefix: '/:tenant', yes: ['/acme/socket.io/', '/%41cme/socket.io/'], no: ['/socket.io/', '/a/b/socket.io/'] }
  ]
  for (const { server = {}, prefix = '', yes, no } of cases) {
    for (const neighbour of [false, true]) {
      const beside = neighbour ? 'beside a listener that answers all' : 'alone'
      test(`${JSON.stringify(server)} ${prefix} ${yes[0]} ${beside}`, async (t) => {
        const app = Fastify(server as FastifyServerOptions)
        t.after(() => app.close())
        await app.register(async (scope) => { await scope.register(fastifyIO, { cors }) }, { prefix })
        if (neighbour) app.server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 410 Gone\r\n\r\n'))
        const own = await app.listen({ port: 0, host: '127.0.0.1' })
        const port = Number(new URL(own).port)
        const status = async (path: string, origin: string): Promise<number> => {
          const url = path.includes(';') ? path : path + query
          return (await ask(port, url, { headers: { ...UPGRADE, origin } })).status
        }
        for (const path of yes) {
          assert.equal(await status(path, ORIGIN), 101, path)
          assert.equal(await status(path, 'https://attacker.example'), 403, path)
        }
        for (const path of no) {
          assert.equal(await status(path, ORIGIN), neighbour ? 410 : path === '/%' ? 400 : 404, path)
        }
      })
    }
  }
})
