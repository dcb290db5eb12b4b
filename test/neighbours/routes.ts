// Plugins that bring routes and WebSockets.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fastifyAutoload from '@fastify/autoload'
import httpProxy from '@fastify/http-proxy'
import fastifySwagger from '@fastify/swagger'
import fastifyWebsocket from '@fastify/websocket'
import { initTRPC } from '@trpc/server'
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify'
import type { FastifyInstance, HTTPMethods } from 'fastify'
import mercurius from 'mercurius'
import { WebSocket, WebSocketServer } from 'ws'
import { beside, type Beside, type Neighbour } from '../support/beside.ts'
import { ask, UPGRADE } from '../support/server.ts'

type Test = Parameters<Neighbour['register']>[1]

const fixture = join(import.meta.dirname, '../fixtures/autoload')
const EVIL = 'https://attacker.example'

/** Sends each text, and waits for the answer to it. */
async function talk (url: string, protocol: string[], headers: object, ...texts: object[]): Promise<unknown[]> {
  const socket = new WebSocket(url, protocol, { headers: { ...headers } })
  await once(socket, 'open')
  const answers: unknown[] = []
  for (const text of texts) {
    socket.send(JSON.stringify(text))
    answers.push(JSON.parse(String((await once(socket, 'message'))[0])))
  }
  socket.terminate()
  return answers
}

/** A server behind ours, for HTTP and WebSocket. */
async function upstream (t: Test): Promise<string> {
  const server = createServer((request, response) => { response.end(`upstream ${request.url}`) })
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data) => socket.send(String(data)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const proxy = (prefix: string, httpMethods?: HTTPMethods[]) => async (app: FastifyInstance, t: Test): Promise<void> => {
  const options = { upstream: await upstream(t), prefix, websocket: true }
  await app.register(httpProxy, httpMethods === undefined ? options : { ...options, httpMethods })
}

const proxies = (prefix: string) => async ({ port, own, origin }: Beside): Promise<void> => {
  assert.equal((await ask(port, `${prefix}page`)).body, 'upstream /page')
  const url = `${own.replace('http', 'ws')}${prefix}live`
  assert.deepEqual(await talk(url, [], { origin }, { a: 1 }, { b: 2 }), [{ a: 1 }, { b: 2 }])
  assert.equal((await ask(port, `${prefix}live`, { headers: { ...UPGRADE, origin: EVIL } })).status, 403)
}

/** How many WebSockets @fastify/websocket has seen. */
const seen: WeakMap<FastifyInstance, number> = new WeakMap()

const { router, procedure } = initTRPC.create()
const appRouter = router({
  hello: procedure.query(() => 'from tRPC'),
  count: procedure.subscription(async function * () { yield * [1, 2] })
})

export const routes: readonly Neighbour[] = [{
  name: '@fastify/swagger',
  note: 'It does not list Socket.IO\'s routes, nor OPTIONS.',
  async register (app) {
    await app.register(fastifySwagger)
    app.get('/api', async () => 'ok')
  },
  works: async ({ app }) => assert.deepEqual(Object.keys(app.swagger().paths!), ['/api'])
}, {
  name: '@fastify/autoload',
  note: 'Loaded routes find `app.io`, when this plugin is registered before them.',
  register: (app) => app.register(fastifyAutoload, { dir: join(fixture, 'routes') }),
  works: async ({ port }) => assert.equal((await ask(port, '/api')).body, '0 clients')
}, {
  name: '@fastify/http-proxy',
  note: 'Its WebSockets (`websocket: true`) have the same origin policy.',
  register: proxy('/up'),
  works: proxies('/up/')
}, {
  name: '@fastify/http-proxy at /',
  orders: ['before'],
  note: 'Socket.IO\'s path is not proxied, all others are. If the upstream has a Socket.IO too, give one of the two ' +
    'another `path`.',
  register: proxy('/'),
  otherwise: {
    seen: 'The start fails with `FST_ERR_DUPLICATED_ROUTE`, `Method \'[ \'DELETE\', … ]\' already declared for ' +
      'route \'/*\'`. Preflights have that route already, as with @fastify/cors. See the next row.',
    happens: (t, order) => assert.rejects(beside(t, order, { register: proxy('/') }), {
      code: 'FST_ERR_DUPLICATED_ROUTE',
      message: /^Method '\[\s+'DELETE',.+'OPTIONS'\s+\]' already declared for route '\/\*'$/s
    })
  },
  works: proxies('/')
}, {
  name: '@fastify/http-proxy at /, without OPTIONS',
  note: 'Its option is `httpMethods: [\'GET\', \'HEAD\', \'POST\', \'PUT\', \'PATCH\', \'DELETE\']`. This plugin ' +
    'answers preflights in any case; other OPTIONS requests get 400.',
  register: proxy('/', ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  async works (running) {
    await proxies('/')(running)
    const headers = { origin: running.origin, 'access-control-request-method': 'PUT' }
    assert.equal((await ask(running.port, '/page', { method: 'OPTIONS', headers })).status, 204)
    assert.equal((await ask(running.port, '/page', { method: 'OPTIONS' })).status, 400)
  }
}, {
  name: '@fastify/websocket',
  note: 'Its routes have the same origin policy. It does not see Socket.IO\'s WebSockets.',
  async register (app) {
    await app.register(fastifyWebsocket)
    app.websocketServer.on('connection', () => { seen.set(app, (seen.get(app) ?? 0) + 1) })
    app.get('/echo', { websocket: true }, (socket) => {
      socket.on('message', (data: Buffer) => socket.send(String(data)))
    })
  },
  async works ({ app, port, own, origin }) {
    assert.equal(seen.get(app), undefined, 'it has not seen ours')
    assert.deepEqual(await talk(`${own.replace('http', 'ws')}/echo`, [], { origin }, { a: 1 }), [{ a: 1 }])
    assert.equal(seen.get(app), 1)
    assert.equal((await ask(port, '/echo', { headers: { ...UPGRADE, origin: EVIL } })).status, 403)
  }
}, {
  name: 'mercurius',
  note: 'Subscriptions have the same origin policy.',
  register: (app) => app.register(mercurius, {
    schema: 'type Query { a: Int } type Subscription { count: Int }',
    resolvers: {
      Query: { a: () => 1 },
      Subscription: { count: { subscribe: async function * () { yield * [{ count: 1 }, { count: 2 }] } } }
    } as never,
    subscription: true
  }),
  async works ({ port, own, origin }) {
    assert.equal((await ask(port, '/graphql?query={a}')).body, '{"data":{"a":1}}')
    const answers = await talk(`${own.replace('http', 'ws')}/graphql`, ['graphql-transport-ws'], { origin }, {
      type: 'connection_init'
    }, { id: '1', type: 'subscribe', payload: { query: 'subscription { count }' } })
    assert.deepEqual(answers.map((answer) => (answer as { type: string }).type), ['connection_ack', 'next'])
    assert.deepEqual((answers[1] as { payload: unknown }).payload, { data: { count: 1 } })
    assert.equal((await ask(port, '/graphql', { headers: { ...UPGRADE, origin: EVIL } })).status, 403)
  }
}, {
  name: '@trpc/server',
  note: 'By HTTP and, with `useWSS` and @fastify/websocket, by WebSocket: both have the same origin policy.',
  async register (app) {
    await app.register(fastifyWebsocket)
    await app.register(fastifyTRPCPlugin, {
      prefix: '/trpc',
      useWSS: true,
      trpcOptions: { router: appRouter }
    } satisfies FastifyTRPCPluginOptions<typeof appRouter>)
  },
  async works ({ port, own, origin }) {
    assert.deepEqual(JSON.parse((await ask(port, '/trpc/hello')).body), { result: { data: 'from tRPC' } })
    const [answer] = await talk(`${own.replace('http', 'ws')}/trpc`, [], { origin }, {
      id: 1, method: 'query', params: { path: 'hello' }
    })
    assert.deepEqual((answer as { result: unknown }).result, { type: 'data', data: 'from tRPC' })
    assert.equal((await ask(port, '/trpc', { headers: { ...UPGRADE, origin: EVIL } })).status, 403)
  }
}]
