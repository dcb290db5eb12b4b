import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import fastifyIO from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { ask, corsHeaders, POLLING, start } from '../support/server.ts'

const EVIL = 'https://attacker.example'
const cors = { origin: ORIGIN, credentials: true }
const preflight = { 'access-control-request-method': 'PUT' }

test('headers and Vary on 200, 404, 500, 400 and 413, for allowed and refused origins', async (t) => {
  const { port } = await start(t, { cors }, (app) => {
    app.get('/ok', async () => 'ok')
    app.get('/bug', async () => { throw new Error('bug') })
    app.post('/json', { bodyLimit: 10 }, async () => 'ok')
  })
  const json = { 'content-type': 'application/json' }
  const requests = [['/ok', 200, {}], ['/nowhere', 404, {}], ['/bug', 500, {}], ['/json', 400, {
    method: 'POST',
    headers: json,
    body: '{'
  }], ['/json', 413, { method: 'POST', headers: json, body: '"0123456789"' }]] as const
  for (const [path, status, options] of requests) {
    const headers = 'headers' in options ? options.headers : {}
    const allowed = await ask(port, path, { ...options, headers: { ...headers, origin: ORIGIN } })
    assert.deepEqual([
      allowed.status,
      allowed.headers['access-control-allow-origin'],
      allowed.headers['access-control-allow-credentials'],
      allowed.headers.vary
    ], [status, ORIGIN, 'true', 'Origin'])
    const refused = await ask(port, path, { ...options, headers: { ...headers, origin: EVIL } })
    assert.deepEqual([refused.status, corsHeaders(refused), refused.headers.vary], [status, [], 'Origin'])
    const none = await ask(port, path, { ...options, headers })
    assert.deepEqual([none.status, corsHeaders(none), none.headers.vary], [status, [], 'Origin'])
  }
})

test('a bare * is the same for all: on every answer, without Vary', async (t) => {
  const { port } = await start(t, { cors: { origin: '*' } }, (app) => { app.get('/ok', async () => 'ok') })
  for (const headers of [{ origin: ORIGIN }, {}]) {
    const answer = await ask(port, '/ok', { headers })
    assert.deepEqual([answer.headers['access-control-allow-origin'], answer.headers.vary], ['*', undefined])
  }
  // what it allows depends on the headers asked for, not on the origin
  const pre = await ask(port, '/ok', { method: 'OPTIONS', headers: { origin: ORIGIN, ...preflight } })
  assert.deepEqual([pre.status, pre.headers['access-control-allow-origin'], pre.headers.vary], [
    204, '*', 'Access-Control-Request-Headers'
  ])
})

test('same-origin only varies on nothing, and writes nothing', async (t) => {
  const { port } = await start(t, {}, (app) => { app.get('/ok', async () => 'ok') })
  const answer = await ask(port, '/ok', { headers: { origin: EVIL } })
  assert.deepEqual([answer.status, corsHeaders(answer), answer.headers.vary], [200, [], undefined])
})

test('Vary that a hook has set is kept', async (t) => {
  const { port } = await start(t, { cors }, (app) => {
    app.get('/ok', async (_request, reply) => reply.header('vary', `${reply.getHeader('vary')}, Accept`).send('ok'))
  })
  assert.equal((await ask(port, '/ok')).headers.vary, 'Origin, Accept')
})

test('exposed headers, and everything a preflight can be told', async (t) => {
  const { port } = await start(t, {
    cors: {
      ...cors,
      methods: 'GET,PUT',
      allowedHeaders: ['X-A', 'X-B'],
      exposedHeaders: ['X-Total'],
      maxAge: 600,
      optionsSuccessStatus: 200,
      cacheControl: 60
    }
  }, (app) => { app.get('/ok', async () => 'ok') })
  assert.equal(
    (await ask(port, '/ok', { headers: { origin: ORIGIN } })).headers['access-control-expose-headers'],
    'X-Total'
  )
  for (const path of ['/ok', POLLING, '/nowhere']) {
    const { status, headers, body } = await ask(port, path, {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, ...preflight }
    })
    assert.deepEqual(
      [
        status,
        body,
        headers['access-control-allow-methods'],
        headers['access-control-allow-headers'],
        headers['access-control-max-age'],
        headers['cache-control'],
        headers['content-length']
      ],
      [200, '', 'GET, PUT', 'X-A, X-B', '600', 'max-age=60', '0'],
      path
    )
  }
})

test('methods: [] allows no method beyond those that need no permission, on every path', async (t) => {
  const { port } = await start(t, { cors: { ...cors, methods: [] } }, (app) => { app.get('/ok', async () => 'ok') })
  for (const path of ['/ok', POLLING, '/nowhere']) {
    const { status, headers } = await ask(port, path, { method: 'OPTIONS', headers: { origin: ORIGIN, ...preflight } })
    assert.deepEqual([status, headers['access-control-allow-origin'], headers['access-control-allow-methods']], [
      204, ORIGIN, undefined
    ], path)
  }
})

test('requested headers are reflected only if they are header names, and not too many', async (t) => {
  const { port } = await start(t, { cors })
  for (const path of ['/ok', POLLING]) {
    const reflected = async (list: string) => {
      const { headers } = await ask(port, path, {
        method: 'OPTIONS',
        headers: { origin: ORIGIN, ...preflight, 'access-control-request-headers': list }
      })
      assert.match(headers.vary!, /Access-Control-Request-Headers/)
      return headers['access-control-allow-headers']
    }
    assert.equal(await reflected('authorization,x-a'), 'authorization,x-a')
    assert.equal(await reflected('x-a, x-b'), 'x-a, x-b')
    for (const odd of ['x a', 'x-a,,x-b', '<script>', `${'x,'.repeat(3000)}x`, 'x-é']) {
      assert.equal(await reflected(odd), undefined, odd.slice(0, 20))
    }
  }
})

test('preflightContinue leaves the answer to the route, headers set', async (t) => {
  const { port } = await start(t, { cors: { ...cors, preflightContinue: true } }, (app) => {
    app.options('/own', async (_request, reply) => reply.code(299).send('mine'))
  })
  const answer = await ask(port, '/own', { method: 'OPTIONS', headers: { origin: ORIGIN, ...preflight } })
  assert.deepEqual([answer.status, answer.body, answer.headers['access-control-allow-origin']], [299, 'mine', ORIGIN])
})

test('a preflight is answered on routes that take OPTIONS themselves, and behind auth hooks', async (t) => {
  const { port } = await start(t, { cors }, (app) => {
    app.all('/proxy', async () => 'proxied')
    app.addHook('onRequest', async (_request, reply) => reply.code(401).send())
  })
  assert.equal(
    (await ask(port, '/proxy', { method: 'OPTIONS', headers: { origin: ORIGIN, ...preflight } })).status,
    204
  )
})

test('a preflight that a hook there first wants a token of is answered as behind the plugin', async (t) => {
  const ran: string[] = []
  const wantsToken = async ({ method, url }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    ran.push(`${method} ${url}`)
    return reply.code(401).header('www-authenticate', 'Basic').send({ error: 'no token' })
  }
  for (const origin of [ORIGIN, async (origin: string): Promise<boolean> => origin === ORIGIN]) {
    const answers = await Promise.all([true, false].map(async (first) => {
      const app = Fastify()
      t.after(() => app.close())
      if (first) app.addHook('onRequest', wantsToken)
      await app.register(async (scope) => {
        if (first) scope.addHook('onRequest', wantsToken)
        scope.get('/x', async () => 'ok')
      }, { prefix: '/scope' })
      await app.register(fastifyIO, { cors: { ...cors, maxAge: 60, cacheControl: 60, origin } })
      app.put('/ok', async () => 'ok')
      const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
      const all = []
      for (const path of ['/ok', '/scope/x', '/nowhere', POLLING]) {
        const headers = { origin: ORIGIN, ...preflight, 'access-control-request-headers': 'x-one' }
        // a 204 of Fastify's has no Content-Length (RFC 9110, section 8.6); @fastify/cors writes one
        const answer = await ask(port, path, { method: 'OPTIONS', headers })
        const { date, connection, 'content-length': _, ...rest } = answer.headers
        all.push([path, answer.status, answer.body, rest])
        if (!first) continue
        assert.equal(ran.at(-1), `OPTIONS ${path}`)
        const refused = await ask(port, path, { method: 'OPTIONS', headers: { ...headers, origin: EVIL } })
        assert.deepEqual([refused.status, corsHeaders(refused), refused.body], [401, [], '{"error":"no token"}'])
        const actual = await ask(port, path, { headers: { origin: ORIGIN } })
        assert.deepEqual([actual.status, actual.headers['www-authenticate']], [401, 'Basic'])
      }
      return all
    }))
    assert.deepEqual(answers[0], answers[1])
  }
})

test('strictPreflight: OPTIONS without a preflight\'s headers is 400; false answers it like one', async (t) => {
  const ownRoute = (app: import('fastify').FastifyInstance): void => { app.options('/own', async () => 'mine') }
  const strict = await start(t, { cors }, ownRoute)
  const bad = await ask(strict.port, '/own', { method: 'OPTIONS', headers: { origin: ORIGIN } })
  assert.deepEqual([bad.status, bad.headers.vary, bad.headers['access-control-allow-origin']], [400, 'Origin', ORIGIN])
  const refused = await ask(strict.port, '/own', { method: 'OPTIONS', headers: { origin: EVIL } })
  assert.deepEqual([refused.status, corsHeaders(refused)], [400, []])
  const lax = await start(t, { cors: { ...cors, strictPreflight: false, optionsSuccessStatus: 299 } }, ownRoute)
  const bare = await ask(lax.port, '/own', { method: 'OPTIONS', headers: { origin: ORIGIN } })
  assert.deepEqual([bare.status, bare.body, bare.headers['access-control-allow-origin']], [299, '', ORIGIN])
  const without = await ask(lax.port, '/nowhere', { method: 'OPTIONS' })
  const { 'access-control-allow-methods': methods, 'access-control-allow-origin': none } = without.headers
  assert.deepEqual([without.status, methods, none], [299, 'GET, HEAD, PUT, PATCH, POST, DELETE', undefined])
  assert.deepEqual(corsHeaders(await ask(lax.port, '/own', { method: 'OPTIONS', headers: { origin: EVIL } })), [])
})

test('enforce: all answers 403 to refused origins, by the app\'s own error handler', async (t) => {
  let ran = 0
  const { port } = await start(t, { cors: { ...cors, enforce: 'all' } }, (app) => {
    app.get('/ok', async () => {
      ran++
      return 'ok'
    })
  })
  const refused = await ask(port, '/ok', { headers: { origin: EVIL } })
  assert.deepEqual([refused.status, corsHeaders(refused), refused.headers.vary, JSON.parse(refused.body).code], [
    403,
    [],
    'Origin',
    'FST_IO_ORIGIN_REFUSED'
  ])
  assert.equal((await ask(port, '/ok', { headers: { origin: 'null' } })).status, 403)
  assert.equal((await ask(port, '/ok', { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403)
  assert.equal((await ask(port, '/ok', { method: 'OPTIONS', headers: { origin: EVIL, ...preflight } })).status, 403)
  assert.equal(ran, 0)
  const served = [
    { origin: ORIGIN },
    {},
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    { 'sec-fetch-site': 'same-origin' }
  ]
  for (const headers of served) {
    assert.equal((await ask(port, '/ok', { headers })).status, 200)
  }
  const top = await start(t, { cors, enforce: 'all' }, (app) => { app.get('/ok', async () => 'ok') })
  assert.equal((await ask(top.port, '/ok', { headers: { origin: EVIL } })).status, 403, "the app's own word")
})

test('emitHeaders: false enforces and writes nothing', async (t) => {
  const { port } = await start(t, { cors: { ...cors, emitHeaders: false } }, (app) => {
    app.get('/ok', async () => 'ok')
  })
  for (const path of ['/ok', POLLING]) {
    const answer = await ask(port, path, { headers: { origin: ORIGIN } })
    assert.deepEqual([answer.status, corsHeaders(answer)], [200, []])
  }
  assert.equal((await ask(port, POLLING, { headers: { origin: EVIL } })).status, 403)
  assert.deepEqual(
    corsHeaders(await ask(port, '/ok', { method: 'OPTIONS', headers: { origin: ORIGIN, ...preflight } })),
    []
  )
})

test('a hijacked stream keeps its headers', async (t) => {
  const { port } = await start(t, { cors }, (app) => {
    app.get('/events', (_request, reply) => {
      const raw = reply.hijackWithCors()
      raw.writeHead(200, { 'content-type': 'text/event-stream' })
      raw.end('data: 1\n\n')
    })
  })
  const { headers, body } = await ask(port, '/events', { headers: { origin: ORIGIN } })
  assert.deepEqual([
    headers['access-control-allow-origin'],
    headers['access-control-allow-credentials'],
    headers.vary,
    headers['content-type'],
    body
  ], [ORIGIN, 'true', 'Origin', 'text/event-stream', 'data: 1\n\n'])
  assert.deepEqual(corsHeaders(await ask(port, '/events', { headers: { origin: EVIL } })), [])
})

test('behind a proxy, trustProxy decides what the own origin is', async (t) => {
  const forwarded = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'api.example.com',
    origin: 'https://api.example.com'
  }
  const trusting = await start(t, {}, () => {}, { trustProxy: true })
  assert.equal((await ask(trusting.port, POLLING, { headers: forwarded })).status, 200)
  const wary = await start(t)
  assert.equal((await ask(wary.port, POLLING, { headers: forwarded })).status, 403, 'anyone can send X-Forwarded-Host')
})

test('pinned hosts stop DNS rebinding', async (t) => {
  const { port } = await start(t, { cors: { sameOrigin: ['api.example.com'] } })
  const rebound = { host: 'attacker.example', origin: 'http://attacker.example' }
  assert.equal((await ask(port, POLLING, { headers: rebound })).status, 403)
  assert.equal(
    (await ask(port, POLLING, { headers: { host: 'api.example.com', origin: 'http://api.example.com' } })).status,
    200
  )
})

test('an update takes effect for the next preflight, on REST and on the path of Socket.IO', async (t) => {
  const before = { origin: ORIGIN, methods: ['GET', 'PUT'], credentials: true, maxAge: 60 }
  const { app, port } = await start(t, { cors: before }, (app) => { app.get('/ok', async () => 'ok') })
  const said = async (path: string) => {
    const headers = { origin: ORIGIN, 'access-control-request-method': 'GET' }
    const answer = await ask(port, path, { method: 'OPTIONS', headers })
    const names = ['access-control-allow-methods', 'access-control-allow-credentials', 'access-control-max-age']
    return [answer.status, ...[...names, 'cache-control'].map((name) => answer.headers[name])]
  }
  for (const path of ['/ok', POLLING]) {
    assert.deepEqual(await said(path), [204, 'GET, PUT', 'true', '60', undefined], path)
  }
  app.originPolicy.update({ origin: ORIGIN, methods: ['GET'], maxAge: 61, optionsSuccessStatus: 200, cacheControl: 7 })
  for (const path of ['/ok', POLLING]) {
    assert.deepEqual(await said(path), [200, 'GET', undefined, '61', 'max-age=7'], path)
  }
})

test('an update takes effect for the next request; an invalid one changes nothing', async (t) => {
  const { app, port } = await start(t, { cors }, (app) => { app.get('/ok', async () => 'ok') })
  const allowed = async (origin: string) => [
    (await ask(port, '/ok', { headers: { origin } })).headers['access-control-allow-origin'],
    (await ask(port, POLLING, { headers: { origin } })).status
  ]
  app.originPolicy.update({ origin: 'https://new.example.com', exposedHeaders: 'X-New' })
  assert.deepEqual(await allowed('https://new.example.com'), ['https://new.example.com', 200])
  assert.deepEqual(await allowed(ORIGIN), [undefined, 403])
  const { headers } = await ask(port, '/ok', { headers: { origin: 'https://new.example.com' } })
  assert.deepEqual([headers['access-control-expose-headers'], headers['access-control-allow-credentials']], [
    'X-New',
    undefined
  ])
  assert.throws(() => app.originPolicy.update({ origin: 'nonsense/' }), { name: 'ConfigError' })
  assert.deepEqual(await allowed('https://new.example.com'), ['https://new.example.com', 200])
})
