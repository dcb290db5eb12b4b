// Another way in: Socket.IO attached to the app's HTTP server past the plugin, where no policy is asked.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { suite, test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import fastifyWebsocket from '@fastify/websocket'
import { Server as EngineServer } from 'engine.io'
import { Server } from 'socket.io'
import fastifyIO from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import type { Line } from '../support/log.ts'
import { ask, POLLING, start } from '../support/server.ts'
import { until } from '../support/until.ts'

const cors = { origin: ORIGIN }

interface Steps {
  readonly before?: (app: FastifyInstance) => unknown
  readonly registered?: (app: FastifyInstance) => unknown
  readonly listening?: (app: FastifyInstance) => unknown
  readonly server?: FastifyServerOptions
  readonly host?: string
  readonly paths?: readonly string[]
}

/** The errors in the log of an app that has these steps. */
async function errors (t: TestContext, steps: Steps): Promise<string[]> {
  const { before, registered, listening, server = {}, host = '127.0.0.1', paths = ['/socket.io'] } = steps
  const lines: Line[] = []
  const stream = { write: (line: string) => { lines.push(JSON.parse(line) as Line) } }
  const app = Fastify({ ...server, logger: { level: 'error', stream } } as FastifyServerOptions)
  t.after(() => app.close())
  await before?.(app)
  for (const path of paths) await app.register(async (scope) => { await scope.register(fastifyIO, { cors, path }) })
  await registered?.(app)
  await app.listen({ port: 0, host })
  await listening?.(app)
  await new Promise(setImmediate)
  return lines.map(({ msg }) => msg)
}

const FOUND = /^Another Socket\.IO server is attached to app\.server\./

suite('a second Socket.IO on app.server is an error in the log', () => {
  const attach = (app: FastifyInstance): unknown => new Server(app.server)
  const cases: Readonly<Record<string, Steps>> = {
    'before the registration': { before: attach },
    'after it': { registered: attach },
    'after ready': { registered: async (app) => { await app.ready(); attach(app) } },
    'after listen': { listening: attach },
    'with another path': { registered: (app) => new Server(app.server, { path: '/other' }) },
    'without its client': { registered: (app) => new Server(app.server, { serveClient: false }) },
    'for WebSockets alone': { registered: (app) => new Server(app.server, { transports: ['websocket'] }) },
    'Engine.IO alone': { registered: (app) => new EngineServer().attach(app.server) },
    'two of them: one line': { registered: (app) => [attach(app), attach(app)] },
    'two registrations: one line': { paths: ['/one', '/two'], registered: attach },
    'behind a serverFactory': {
      server: { serverFactory: (handler) => createServer((request, response) => handler(request, response)) },
      registered: attach
    }
  }
  for (const [name, steps] of Object.entries(cases)) {
    test(name, async (t) => {
      const found = await errors(t, steps)
      assert.equal(found.length, 1, found.join())
      assert.match(found[0]!, FOUND)
    })
  }
})

suite('what looks like one, and is none', () => {
  const cases: Readonly<Record<string, Steps>> = {
    nothing: {},
    'two registrations': { paths: ['/one', '/two'] },
    'the second server of localhost': { host: 'localhost' },
    'a request listener of the user\'s': { registered: (app) => app.server.on('request', () => {}) },
    'one that goes again': {
      registered: (app) => app.server.once('request', () => {}),
      listening: async (app) => { await ask((app.server.address() as { port: number }).port, POLLING) }
    },
    'an upgrade listener': { registered: (app) => app.server.on('upgrade', () => {}) },
    '@fastify/websocket': {
      registered: async (app) => {
        await app.register(fastifyWebsocket)
        app.get('/ws', { websocket: true }, () => {})
      }
    },
    'a serverFactory': {
      server: { serverFactory: (handler) => createServer((request, response) => handler(request, response)) }
    },
    'listeners that are wrapped, as tracers do': {
      registered: (app) => {
        const [listener] = app.server.listeners('request') as ((...args: unknown[]) => void)[]
        app.server.removeAllListeners('request')
        app.server.on('request', (...args) => listener!(...args))
      }
    },
    'Socket.IO on another server': { registered: () => new Server() }
  }
  for (const [name, steps] of Object.entries(cases)) {
    test(name, async (t) => { assert.deepEqual(await errors(t, steps), []) })
  }
})

suite('app.io takes no other server and no other engine', () => {
  test('attach, listen, attachApp, bind and engine.attach throw, and change nothing', async (t) => {
    const { app, port } = await start(t, { cors })
    const { io } = app
    const calls: Readonly<Record<string, () => unknown>> = {
      attach: () => io.attach(app.server),
      listen: () => io.listen(0),
      attachApp: () => io.attachApp({}),
      bind: () => io.bind(new EngineServer()),
      'engine.attach': () => (io.engine as EngineServer).attach(app.server)
    }
    for (const [name, call] of Object.entries(calls)) {
      const hint = `leave ${name === 'listen' ? 'io.' : ''}${name}() out`
      assert.throws(call, ({ message }: Error) => message.includes(hint))
    }
    assert.deepEqual(app.server.listeners('request'), [app.routing])
    assert.equal((await ask(port, POLLING, { headers: { origin: 'https://attacker.example' } })).status, 403)
    assert.equal((await ask(port, POLLING, { headers: { origin: ORIGIN } })).status, 200)
  })

  test('httpServer is app.server, from the registration until after the end', async () => {
    const app = Fastify()
    await app.register(fastifyIO)
    assert.equal(app.io.httpServer, app.server)
    await app.listen({ port: 0, host: '127.0.0.1' })
    assert.equal(app.io.httpServer, app.server)
    await app.close()
    assert.equal(app.io.httpServer, app.server)
  })
})

test('the server keeps no listener of a closed app', async () => {
  const server = createServer()
  const app = Fastify({ serverFactory: (handler) => server.on('request', handler) })
  await app.register(fastifyIO)
  await app.listen({ port: 0, host: '127.0.0.1' })
  await until(() => server.listenerCount('removeListener') === 1, 'it watches')
  const closed = once(server, 'close')
  await app.close()
  await closed
  assert.equal(server.listenerCount('removeListener'), 0)
})
