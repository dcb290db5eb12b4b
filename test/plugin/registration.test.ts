import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import fastifyCors from '@fastify/cors'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import fastifyIO, { ConfigError, OriginPolicy } from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { ask, POLLING, start } from '../support/server.ts'

async function fails (
  options: unknown, before: (app: FastifyInstance) => unknown = () => {}
): Promise<ConfigError['issues']> {
  const app = Fastify()
  await before(app)
  try {
    await app.register(fastifyIO, options as never)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.issues
  } finally {
    await app.close()
  }
  assert.fail('registered')
}

test('io and originPolicy are there right after register, on the instance and its children only', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(async (scope) => {
    await scope.register(fastifyIO)
    assert.equal(typeof scope.io.on, 'function')
    assert.ok(scope.originPolicy instanceof OriginPolicy)
    await scope.register(async (child) => { assert.equal(child.io, scope.io) })
  }, { prefix: '/a' })
  await app.register(async (sibling) => { assert.equal(sibling.hasDecorator('io'), false) })
  assert.equal(app.hasDecorator('io'), false)
  assert.equal(app.hasDecorator('originPolicy'), false)
})

test('two sibling scopes have two servers and two policies', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  const scopes: FastifyInstance[] = []
  for (const [prefix, origin] of [['/a', 'https://a.example.com'], ['/b', 'https://b.example.com']] as const) {
    await app.register(async (scope) => {
      await scope.register(fastifyIO, { cors: { origin } })
      scope.get('/rest', async () => prefix)
      scopes.push(scope)
    }, { prefix })
  }
  app.get('/rest', async () => 'root')
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  const port = Number(new URL(own).port)
  assert.notEqual(scopes[0]!.io, scopes[1]!.io)
  for (const [at, prefix] of ['/a', '/b'].entries()) {
    const mine = `https://${prefix.slice(1)}.example.com`
    const other = `https://${prefix === '/a' ? 'b' : 'a'}.example.com`
    assert.equal((await ask(port, `${prefix}${POLLING}`, { headers: { origin: other } })).status, 403)
    assert.equal(
      (await ask(port, `${prefix}/rest`, { headers: { origin: mine } })).headers['access-control-allow-origin'],
      mine
    )
    assert.equal(
      (await ask(port, `${prefix}/rest`, { headers: { origin: other } })).headers['access-control-allow-origin'],
      undefined
    )
    const accepted = once(scopes[at]!.io, 'connection')
    await connect(t, own, { path: `${prefix}/socket.io/`, transports: ['websocket'], extraHeaders: { origin: mine } })
    await accepted
  }
  assert.equal(
    (await ask(port, '/rest', { headers: { origin: 'https://a.example.com' } })).headers.vary,
    undefined,
    'the root has no policy'
  )
})

test('two sibling scopes under one prefix, by path', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  for (const path of ['/one', '/two']) {
    await app.register(async (scope) => {
      await scope.register(fastifyIO, { path, cors: { origin: `https://${path.slice(1)}.example.com` } })
    })
  }
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  for (const path of ['/one', '/two']) {
    await connect(t, own, { path, extraHeaders: { origin: `https://${path.slice(1)}.example.com` } })
  }
})

test('two sibling scopes under one prefix: neither answers the preflights of the other\'s routes', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  for (const name of ['one', 'two', 'three']) {
    await app.register(async (scope) => {
      await scope.register(fastifyIO, {
        path: `/${name}-io`,
        cors: { origin: `https://${name}.example.com`, methods: ['PUT'] }
      })
      scope.put(`/${name}`, async () => name)
      scope.get(`/${name}`, async () => name)
      await scope.register(async (child) => { child.put('/child', async () => name) }, { prefix: `/${name}` })
    })
  }
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  const port = Number(new URL(own).port)
  for (const name of ['one', 'two', 'three']) {
    for (const path of [`/${name}`, `/${name}/child`, `/${name}-io/?EIO=4&transport=polling`]) {
      for (const from of ['one', 'two', 'three']) {
        const origin = `https://${from}.example.com`
        const { status, headers } = await ask(port, path, {
          method: 'OPTIONS',
          headers: { origin, 'access-control-request-method': 'PUT' }
        })
        assert.equal(
          headers['access-control-allow-origin'],
          from === name ? origin : undefined,
          `${origin} for ${path}: ${status}`
        )
      }
    }
  }
})

test('two sibling scopes under one prefix, with routes that were there before the plugin', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  for (const name of ['one', 'two']) {
    await app.register(async (scope) => {
      scope.put(`/${name}`, async () => name)
      await scope.register(async (child) => { child.put(`/${name}/child`, async () => name) })
      await scope.register(fastifyIO, {
        path: `/${name}-io`,
        cors: { origin: `https://${name}.example.com`, methods: ['PUT'] }
      })
    })
  }
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  for (const name of ['one', 'two']) {
    for (const from of ['one', 'two']) {
      const origin = `https://${from}.example.com`
      const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } }
      const { headers } = await ask(Number(port), `/${name}`, preflight)
      assert.equal(headers['access-control-allow-origin'], from === name ? origin : undefined, `${origin} for ${name}`)
      // Fastify gives a child the hooks of its parent when the child is made: no policy governs this one
      const child = await ask(Number(port), `/${name}/child`, preflight)
      if (from !== name) {
        assert.equal(child.headers['access-control-allow-origin'], undefined, `${origin} for the child of ${name}`)
      }
    }
  }
})

suite('after() whose callback returns the app, which is a promise to avvio', () => {
  const noop = fp(async () => {})
  const handler = async (): Promise<string> => 'ok'
  const ways: Record<string, (app: FastifyInstance) => unknown> = {
    'a route': (app) => app.after(() => app.get('/t', handler)),
    'a hook': (app) => app.after(() => app.addHook('onRequest', async () => {})),
    'a plugin after a plugin': (app) => app.register(noop).after(() => app.register(noop)),
    'within a plugin': (app) => app.register((scope, _options, done) => {
      scope.after(() => scope.get('/t', handler))
      done()
    })
  }
  for (const [name, before] of Object.entries(ways)) {
    for (const awaited of [true, false]) {
      test(`${name}, ${awaited ? '' : 'not '}awaited`, async (t) => {
        const app = Fastify()
        t.after(() => app.close())
        before(app)
        const registered = app.register(fastifyIO, { cors: { origin: 'https://app.example.com' } })
        if (awaited) await registered
        await app.ready()
        const { statusCode, headers } = await app.inject({
          method: 'OPTIONS',
          url: '/any',
          headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' }
        })
        assert.deepEqual([statusCode, headers['access-control-allow-origin']], [204, 'https://app.example.com'])
      })
    }
  }

  test('a @fastify/cors behind it is still refused', async (t) => {
    const app = Fastify()
    t.after(() => app.close())
    app.after(() => app.get('/t', handler))
    app.register(fastifyIO, { cors: { origin: 'https://app.example.com' } })
    app.register(fastifyCors)
    await assert.rejects(async () => {
      await app.ready()
    }, (error: ConfigError) => error.issues[0]!.code === 'CORS_TWICE')
  })
})

test('two sibling scopes that share a URL by host: each answers the preflights of its host', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  for (const name of ['one', 'two', 'three']) {
    await app.register(async (scope) => {
      await scope.register(fastifyIO, {
        path: `/${name}-io`,
        cors: { origin: `https://${name}.example.com`, methods: ['PUT'] }
      })
      const constraints = { host: `${name}.example` }
      scope.get('/shared', { constraints }, async () => name)
      scope.put('/shared', { constraints }, async () => name)
    })
  }
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  for (const name of ['one', 'two', 'three']) {
    for (const from of ['one', 'two', 'three']) {
      const origin = `https://${from}.example.com`
      const { headers } = await ask(Number(port), '/shared', {
        method: 'OPTIONS',
        headers: { host: `${name}.example`, origin, 'access-control-request-method': 'PUT' }
      })
      assert.equal(
        headers['access-control-allow-origin'],
        from === name ? origin : undefined,
        `${origin} for ${name}.example`
      )
    }
  }
})

test("a child can neither add a CORS layer nor take the decision's name", async () => {
  const decorate = (child: FastifyInstance, value: unknown): unknown =>
    child.decorateRequest('originDecision' as never, value as never)
  const additions: Array<[code: string, add: (child: FastifyInstance) => unknown]> = [
    ['FST_IO_CONFIG', (child) => fastifyCors(child, { origin: true, credentials: true }, () => {})],
    ['FST_IO_CONFIG', (child) => child.register(fastifyCors, { origin: true, credentials: true })],
    ['FST_ERR_DEC_ALREADY_PRESENT', (child) => decorate(child, null)],
    ['FST_ERR_DEC_ALREADY_PRESENT', (child) => decorate(child, { getter: () => ({ allowed: true }) })]
  ]
  for (const [code, add] of additions) {
    const app = Fastify()
    await app.register(fastifyIO, { cors: { origin: ORIGIN } })
    app.register(async (child) => { add(child) }, { prefix: '/api' })
    await assert.rejects(async () => await app.ready(), { code })
  }
})

test('several apps share one policy', async (t) => {
  const policy = new OriginPolicy({ origin: ORIGIN })
  const apps = [await start(t, { cors: policy }), await start(t, { cors: policy })]
  policy.update({ origin: 'https://new.example.com' })
  for (const { app, port } of apps) {
    assert.equal(app.originPolicy, policy)
    assert.equal((await ask(port, POLLING, { headers: { origin: ORIGIN } })).status, 403)
  }
})

test('every mistake at once, with paths into the options', async () => {
  const issues = await fails({
    orgin: 1,
    pth: '/x',
    pingTimeout: 'soon',
    transports: ['webtransport'],
    cors: { origin: ['https://ok.example', 'https://Bad.example/', 5], credentials: 'yes', methods: ['patch'] }
  }, (app) => app.register(fastifyCors))
  assert.deepEqual(issues.map(({ code, path }) => `${code} ${path}`), [
    'CORS_TWICE ', 'UNKNOWN_OPTION /orgin', 'UNKNOWN_OPTION /pth', 'INVALID_TYPE /pingTimeout',
    'INVALID_TYPE /transports/0', 'INVALID_TYPE /cors/origin/2', 'INVALID_TYPE /cors/credentials',
    'ORIGIN_INVALID /cors/origin/1', 'METHOD_INVALID /cors/methods/0'
  ])
  assert.match(issues.find(({ path }) => path === '/pth')!.hint!, /"path"/)
})

test('transports: once each, and no WebTransport yet', async () => {
  for (const transports of [[], ['polling', 'polling'], 'polling', ['webtransport']]) {
    const [issue] = await fails({ transports })
    assert.match(issue!.path, /^\/transports/)
  }
  assert.match((await fails({ transports: ['webtransport'] }))[0]!.message, /no Origin that could be checked/)
})

test('an invalid entry among valid ones has its own path', async () => {
  const issues = await fails({
    cors: { origin: ['https://ok.example', 'https://ok2.example', 'https://Bad.example/'] }
  })
  assert.deepEqual(issues.map(({ code, path, hint }) => [code, path, hint]), [[
    'ORIGIN_INVALID', '/cors/origin/2', 'https://bad.example'
  ]])
})

test('@fastify/cors or a second fastify-io in the same scope', async () => {
  assert.deepEqual((await fails({}, (app) => app.register(fastifyCors))).map(({ code }) => code), ['CORS_TWICE'])
  assert.deepEqual((await fails({}, (app) => app.register(fastifyIO))).map(({ code }) => code), ['CORS_TWICE'])
})

test('options that are no object', async () => {
  const settings = [
    5,
    'x',
    [],
    Object.defineProperty({}, 'cors', { enumerable: true, get () { throw new Error('trap') } })
  ]
  for (const options of settings) {
    const issues = await fails(options)
    assert.ok(issues.length > 0)
  }
})

test('options are neither changed nor kept', async (t) => {
  const options = Object.freeze({
    cors: Object.freeze({ origin: Object.freeze([ORIGIN]) as string[] }),
    connectionStateRecovery: Object.freeze({})
  })
  await start(t, options)
})

test('a route cannot widen the policy by @fastify/cors\'s config', async () => {
  const app = Fastify()
  await app.register(fastifyIO, { cors: { origin: ORIGIN } })
  assert.throws(() => app.get('/wide', { config: { cors: { origin: '*' } } as object }, async () => 'ok'), {
    name: 'ConfigError'
  })
  await app.close()
})

test('what Socket.IO\'s CORS page shows can be pasted', async (t) => {
  const snippets = [
    { cors: { origin: 'https://example.com' } },
    { cors: { origin: ['https://my-frontend.com', 'https://my-other-frontend.com'] } },
    { cors: { origin: 'https://my-frontend.com', allowedHeaders: ['my-custom-header'], credentials: true } },
    { cors: { origin: 'https://example.com', methods: ['GET', 'POST'] } },
    { cors: { origin: /\.example\.com$/ } },
    {
      cors: {
        origin: (origin: string, callback: (error: Error | null, allow?: boolean) => void) =>
          callback(null, origin === 'https://example.com')
      }
    },
    {
      allowRequest: (request: { headers: { origin?: string } }, callback: (error: null, success: boolean) => void) =>
        callback(null, request.headers.origin === undefined)
    }
  ]
  for (const options of snippets) await start(t, options as never)
})
