// @fastify/cors reads `config: { cors }` of a route. One policy governs all routes, so it is refused, never ignored.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { ConfigError } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'

const options = { cors: { origin: [ORIGIN, 'https://b.example.com'], credentials: true } }
const handler = async (): Promise<string> => 'ok'
const route = (cors: unknown, url = '/x') => (app: FastifyInstance): void => {
  app.get(url, { config: { cors } as object }, handler)
}

async function refused (setUp: (app: FastifyInstance) => unknown, urls: readonly string[]): Promise<void> {
  const app = Fastify()
  await assert.rejects(async () => {
    await setUp(app)
    await app.ready()
  }, (error) => {
    assert.ok(error instanceof ConfigError, String(error))
    assert.deepEqual(error.issues.map(({ code, path }) => [code, path]), urls.map(() => ['CORS_TWICE', '/config/cors']))
    for (const url of urls) assert.ok(error.issues.some(({ message }) => message.includes(` ${url} `)), url)
    return true
  })
  await app.close().catch(() => {})
}

suite('config.cors of a route is refused', () => {
  for (const value of [false, { origin: ORIGIN }, { origin: '*' }, true, null]) {
    const add = route(value)
    const name = JSON.stringify(value)
    test(`${name}, behind the awaited plugin`, () =>
      refused(async (app) => {
        await app.register(fastifyIO, options)
        add(app)
      }, ['/x']))
    test(`${name}, behind the plugin that is not awaited`, () =>
      refused((app) => {
        app.register(fastifyIO, options)
        add(app)
      }, ['/x']))
    test(`${name}, before the plugin`, () =>
      refused((app) => {
        add(app)
        app.register(fastifyIO, options)
      }, ['/x']))
  }

  for (const awaited of [true, false]) {
    test(`in a child that was there first, ${awaited ? '' : 'not '}awaited`, () => refused(async (app) => {
      const child = app.register(async (child) => { route(false)(child) }, { prefix: '/child' })
      if (awaited) await child
      app.register(fastifyIO, options)
    }, ['/child/x']))
    test(`in a child behind it, ${awaited ? '' : 'not '}awaited`, () => refused(async (app) => {
      const plugin = app.register(fastifyIO, options)
      if (awaited) await plugin
      app.register(async (child) => { route(false)(child) }, { prefix: '/child' })
    }, ['/child/x']))
  }

  test('all of them at once, and a host and a method make no difference', () =>
    refused((app) => {
      route(false, '/one')(app)
      app.route({
        method: ['PUT', 'OPTIONS'],
        url: '/two',
        constraints: { host: 'a.example' },
        config: { cors: false } as object,
        handler
      })
      app.register(fastifyIO, options)
    }, ['/one', '/two']))
})

test('routes outside the scope of the plugin are left alone', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  route(false)(app)
  app.register(async (scope) => { scope.register(fastifyIO, options) }, { prefix: '/io' })
  app.register(async (scope) => { route({ origin: '*' })(scope) }, { prefix: '/open' })
  await app.ready()
})

test('other config is left alone, and so is config without cors', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  app.register(fastifyIO, options)
  app.get('/x', { config: { rateLimit: { max: 1 }, cors: undefined } as object }, handler)
  await app.ready()
})
