// A second CORS layer beside the policy: it must be refused where that can be seen, and have no effect where it cannot.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import fastifyCors from '@fastify/cors'
import middie from '@fastify/middie'
import cors from 'cors'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { ConfigError, OriginPolicy } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { type Answer, ask, corsHeaders, POLLING, UPGRADE, WEBSOCKET } from '../support/server.ts'

const EVIL = 'https://attacker.example'
const options = { cors: { origin: ORIGIN, credentials: true, methods: ['GET', 'PUT'] } }
const open = { origin: true, credentials: true }
const preflight = { 'access-control-request-method': 'PUT' }

async function listen (t: TestContext, app: FastifyInstance): Promise<number> {
  t.after(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

function said ({ headers }: Answer): unknown[] {
  return [headers['access-control-allow-origin'], headers['access-control-allow-credentials']]
}

async function checkRest (port: number, path: string): Promise<void> {
  const get = await ask(port, path, { headers: { origin: ORIGIN } })
  assert.deepEqual([get.status, ...said(get)], [200, ORIGIN, 'true'], path)
  const allowed = await ask(port, path, { method: 'OPTIONS', headers: { origin: ORIGIN, ...preflight } })
  assert.deepEqual([allowed.status, ...said(allowed), allowed.headers['access-control-allow-methods']], [
    204, ORIGIN, 'true', 'GET, PUT'
  ], path)
  for (const origin of [EVIL, 'null']) {
    const refused = await ask(port, path, { headers: { origin } })
    assert.deepEqual(
      [refused.status, corsHeaders(refused), /Origin/.test(refused.headers.vary ?? '')],
      [200, [], true],
      path
    )
    assert.deepEqual(
      corsHeaders(await ask(port, path, { method: 'OPTIONS', headers: { origin, ...preflight } })),
      [],
      path
    )
  }
}

suite('a @fastify/cors in a child scope that was there first: the policy has the last word', () => {
  for (const awaited of [true, false]) {
    for (const prefix of [undefined, '/child']) {
      test(`${awaited ? '' : 'not '}awaited, ${prefix === undefined ? 'no' : 'a'} prefix`, async (t) => {
        const app = Fastify()
        const child = app.register(async (child) => {
          await child.register(fastifyCors, { origin: '*', methods: ['DELETE'] })
          child.get('/x', async () => 'ok')
        }, { ...(prefix !== undefined && { prefix }) })
        if (awaited) await child
        const plugin = app.register(fastifyIO, options)
        if (awaited) await plugin
        app.get('/own', async () => 'ok')
        const port = await listen(t, app)
        await checkRest(port, `${prefix ?? ''}/x`)
        await checkRest(port, '/own')
        assert.equal((await ask(port, POLLING, { headers: { origin: EVIL } })).status, 403)
      })
    }
  }
})

suite('a @fastify/cors that is registered behind fastify-io: CORS_TWICE', () => {
  const second: Record<string, (app: FastifyInstance) => unknown> = {
    'in the same scope, awaited': async (app) => { await app.register(fastifyCors, open) },
    'in the same scope, not awaited': (app) => { app.register(fastifyCors, open) },
    'in a child, awaited': async (app) => {
      await app.register(async (child) => { await child.register(fastifyCors, open) })
    },
    'in a child, not awaited': (app) => {
      app.register(async (child) => { child.register(fastifyCors, open) }, { prefix: '/child' })
    },
    'in a grandchild': (app) => {
      app.register(async (child) => {
        child.register(async (grandchild) => { grandchild.register(fastifyCors, open) })
      })
    }
  }
  for (const [name, register] of Object.entries(second)) {
    for (const awaited of [true, false]) {
      test(`${name}, fastify-io ${awaited ? '' : 'not '}awaited`, async () => {
        const app = Fastify()
        const plugin = app.register(fastifyIO, options)
        if (awaited) await plugin
        await register(app)
        await assert.rejects(async () => await app.ready(), (error) => {
          assert.ok(error instanceof ConfigError)
          assert.deepEqual(error.issues.map(({ code, value }) => [code, value]), [['CORS_TWICE', '@fastify/cors']])
          assert.match(error.message, /fastify-io/)
          return true
        })
      })
    }
  }

  test('other decorators of requests are as ever', async () => {
    const app = Fastify()
    await app.register(fastifyIO)
    app.decorateRequest('user', null)
    app.register(async (child) => { child.decorateRequest('user', null) })
    await assert.rejects(async () => await app.ready(), { code: 'FST_ERR_DEC_ALREADY_PRESENT' })
  })
})

suite('connect-style cors() in @fastify/middie', () => {
  const layers: Record<string, cors.CorsOptions> = {
    open,
    'that lets preflights pass': { ...open, preflightContinue: true }
  }
  for (const [name, layer] of Object.entries(layers)) {
    for (const order of ['before', 'after'] as const) {
      test(`${name}, registered ${order} fastify-io`, async (t) => {
        const app = Fastify()
        const use = async (): Promise<void> => {
          await app.register(middie)
          app.use(cors(layer))
        }
        if (order === 'before') await use()
        await app.register(fastifyIO, options)
        if (order === 'after') await use()
        app.get('/x', async () => 'ok')
        await app.register(async (child) => { child.get('/x', async () => 'ok') }, { prefix: '/child' })
        const port = await listen(t, app)
        for (const path of ['/x', '/child/x']) await checkRest(port, path)
        const refused = await ask(port, POLLING, { headers: { origin: EVIL } })
        assert.deepEqual([refused.status, corsHeaders(refused)], [403, []])
        const allowed = await ask(port, POLLING, { headers: { origin: ORIGIN } })
        assert.deepEqual([allowed.status, ...said(allowed)], [200, ORIGIN, 'true'])
        for (const [origin, status] of [[ORIGIN, 101], [EVIL, 403]] as const) {
          const upgrade = await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin } })
          assert.deepEqual([upgrade.status, said(upgrade)[0]], [status, origin === ORIGIN ? ORIGIN : undefined])
        }
      })
    }
  }

  test('in a child scope that was there first, with a policy that takes its time', async (t) => {
    const app = Fastify()
    await app.register(async (child) => {
      await child.register(middie)
      child.use(cors(open))
      child.get('/x', async () => 'ok')
    }, { prefix: '/child' })
    await app.register(fastifyIO, { cors: { ...options.cors, origin: async (origin: string) => origin === ORIGIN } })
    app.get('/x', async () => 'ok')
    const port = await listen(t, app)
    for (const path of ['/x', '/child/x']) await checkRest(port, path)
  })

  for (const origin of [ORIGIN, async (origin: string) => origin === ORIGIN]) {
    test(`enforce: all refuses before a middleware runs, ${typeof origin}`, async (t) => {
      const app = Fastify()
      await app.register(middie)
      await app.register(fastifyIO, { cors: { origin, credentials: true }, enforce: 'all' })
      const written: unknown[] = []
      app.use('/legacy', (request: { headers: object }, response: import('node:http').ServerResponse) => {
        written.push((request.headers as { origin?: string }).origin)
        response.end('written')
      })
      const port = await listen(t, app)
      const post = (origin: string) => ask(port, '/legacy', { method: 'POST', headers: { origin, cookie: 'sid=1' } })
      for (const evil of [EVIL, 'null']) {
        const refused = await post(evil)
        assert.deepEqual([refused.status, corsHeaders(refused)], [403, []])
      }
      const allowed = await post(ORIGIN)
      assert.deepEqual([allowed.status, ...said(allowed)], [200, ORIGIN, 'true'])
      assert.deepEqual(written, [ORIGIN])
    })
  }

  test('a middleware that answers everything', async (t) => {
    const app = Fastify()
    await app.register(middie)
    app.use('/raw', (_request: unknown, response: import('node:http').ServerResponse) => {
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.setHeader('Vary', 'Accept')
      response.end('mine')
    })
    await app.register(fastifyIO, options)
    const port = await listen(t, app)
    const allowed = await ask(port, '/raw', { headers: { origin: ORIGIN } })
    assert.deepEqual([allowed.body, ...said(allowed), allowed.headers.vary], ['mine', ORIGIN, 'true', 'Accept, Origin'])
    const refused = await ask(port, '/raw', { headers: { origin: EVIL } })
    assert.deepEqual([refused.body, corsHeaders(refused), refused.headers.vary], ['mine', [], 'Accept, Origin'])
  })

  test('a middleware that answers everything, in a child scope that was there first', async (t) => {
    const app = Fastify()
    await app.register(async (child) => {
      await child.register(middie)
      child.use((_request: unknown, response: import('node:http').ServerResponse) => {
        response.setHeader('Access-Control-Allow-Origin', '*')
        response.end('mine')
      })
      child.get('/x', async () => 'never')
    }, { prefix: '/child' })
    await app.register(fastifyIO, options)
    const port = await listen(t, app)
    const allowed = await ask(port, '/child/x', { headers: { origin: ORIGIN } })
    assert.deepEqual([allowed.body, ...said(allowed)], ['mine', ORIGIN, 'true'])
    const refused = await ask(port, '/child/x', { headers: { origin: EVIL } })
    assert.deepEqual([refused.body, corsHeaders(refused)], ['mine', []])
  })
})

test('a child with a fastify-io to itself that was there first keeps its policy', async (t) => {
  const other = 'https://child.example.com'
  for (const shared of [undefined, new OriginPolicy({ origin: ORIGIN })]) {
    const app = Fastify()
    await app.register(async (child) => {
      await child.register(fastifyIO, { cors: shared ?? { origin: other } })
      child.get('/x', async () => 'ok')
    }, { prefix: '/child' })
    await app.register(fastifyIO, { cors: shared ?? { origin: ORIGIN, enforce: 'all' } })
    app.get('/x', async () => 'ok')
    const port = await listen(t, app)
    for (const [path, mine] of [['/x', ORIGIN], ['/child/x', shared ? ORIGIN : other]] as const) {
      for (const origin of [ORIGIN, other]) {
        const get = await ask(port, path, { headers: { origin } })
        const options = await ask(port, path, { method: 'OPTIONS', headers: { origin, ...preflight } })
        const expected = origin === mine ? origin : undefined
        assert.deepEqual([said(get)[0], said(options)[0]], [expected, expected], `${path} for ${origin}`)
      }
    }
    assert.equal((await ask(port, '/child/x', { headers: { origin: EVIL } })).status, 200)
  }
})

test('logLevel of the plugin silences preflights of REST too', async (t) => {
  for (const [logLevel, lines] of [[undefined, 2], ['silent', 0]] as const) {
    const written: string[] = []
    const app = Fastify({
      logger: {
        level: 'info',
        stream: { write: (line: string) => { if (/OPTIONS|request completed/.test(line)) written.push(line) } }
      }
    })
    await app.register(fastifyIO, { ...options, ...(logLevel && { logLevel }) })
    app.get('/x', async () => 'ok')
    await app.ready()
    t.after(() => app.close())
    await app.inject({ method: 'OPTIONS', url: '/x', headers: { origin: ORIGIN, ...preflight } })
    assert.equal(written.length, lines)
  }
})
