// What routes, hooks, upstreams and middlewares write into an answer must not widen, narrow or double the policy.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import httpProxy from '@fastify/http-proxy'
import replyFrom from '@fastify/reply-from'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import fastifyIO from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { type Answer, ask, corsHeaders, POLLING, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

const EVIL = 'https://attacker.example'
const cors = { origin: ORIGIN, credentials: true, exposedHeaders: 'X-Total' }
const OPEN = {
  'access-control-allow-origin': '*',
  'Access-Control-Allow-Credentials': 'true',
  'access-control-allow-private-network': 'true'
}

/** An HTTP server that is no part of the app. */
async function upstream (
  t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void
): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What an answer says about CORS, sorted. */
function said (answer: Answer): Record<string, unknown> {
  return Object.fromEntries(
    [...corsHeaders(answer), 'vary'].sort().map((name) => [name.replace('access-control-', ''), answer.headers[name]])
  )
}

const allowed = { 'allow-credentials': 'true', 'allow-origin': ORIGIN, 'expose-headers': 'X-Total' }

async function checkBoth (port: number, path: string, vary = 'Origin'): Promise<void> {
  const good = await ask(port, path, { headers: { origin: ORIGIN } })
  assert.deepEqual(said(good), { ...allowed, vary }, `${path}, an allowed origin`)
  for (const headers of [{ origin: EVIL }, { origin: 'null' }, {}]) {
    assert.deepEqual(said(await ask(port, path, { headers })), { vary }, `${path}, ${JSON.stringify(headers)}`)
  }
}

const writers: Record<string, (app: FastifyInstance) => unknown> = {
  'a route with reply.header': (app) => app.get('/x', async (_request, reply) => reply.headers(OPEN).send('ok')),
  'a route with reply.raw.setHeader': (app) => app.get('/x', async (_request, reply) => {
    for (const [name, value] of Object.entries(OPEN)) reply.raw.setHeader(name, value)
    return 'ok'
  }),
  'a preHandler hook': (app) => {
    app.addHook('preHandler', async (_request, reply) => { reply.headers(OPEN) })
    app.get('/x', async () => 'ok')
  },
  'an onSend hook behind ours': (app) => {
    app.addHook('onSend', async (_request, reply) => { reply.headers(OPEN) })
    app.get('/x', async () => 'ok')
  },
  'an onSend hook of a child': (app) =>
    app.register(async (child) => {
      child.addHook('onSend', async (_request, reply) => { reply.headers(OPEN) })
      child.get('/x', async () => 'ok')
    }),
  'an onSend hook of a route': (app) =>
    app.get('/x',
      { onSend: async (_request: unknown, reply: FastifyReply) => { reply.headers(OPEN) } }, async () => 'ok'),
  'a web Response': (app) => app.get('/x', async () => new Response('ok', { headers: OPEN })),
  'an error handler': (app) => {
    app.setErrorHandler((_error, _request, reply) => reply.code(500).headers(OPEN).send('bug'))
    app.get('/x', async () => { throw new Error('bug') })
  },
  'a not-found handler': (app) =>
    app.setNotFoundHandler((_request, reply) => { reply.code(404).headers(OPEN).send('none') }),
  'a stream': (app) =>
    app.get('/x', async (_request, reply) => {
      reply.headers(OPEN)
      return new Response('ok').body
    }),
  'a hijacked reply': (app) =>
    app.get('/x', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, 'Fine', { ...OPEN }).end('ok')
    }),
  'a hijacked reply, header by header': (app) =>
    app.get('/x', (_request, reply) => {
      reply.hijack()
      for (const [name, value] of Object.entries(OPEN)) reply.raw.setHeader(name, value)
      reply.raw.end('ok')
    }),
  'a hijacked reply with a list of headers': (app) =>
    app.get('/x', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, Object.entries(OPEN).flat()).end('ok')
    }),
  'a frozen object that is used again': (app) => {
    const headers = Object.freeze({ ...OPEN })
    app.get('/x', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, headers).end('ok')
    })
  },
  hijackWithCors: (app) => app.get('/x', (_request, reply) => {
    const raw = reply.headers(OPEN).hijackWithCors()
    raw.writeHead(200)
    raw.end('ok')
  })
}

suite('the policy has the last word on CORS headers', () => {
  for (const [name, setUp] of Object.entries(writers)) {
    test(name, async (t) => {
      const { port } = await start(t, { cors }, setUp)
      await checkBoth(port, '/x')
    })
    test(`${name}, plugin not awaited and registered last`, async (t) => {
      const app = Fastify()
      t.after(() => app.close())
      setUp(app)
      app.register(fastifyIO, { cors })
      await app.listen({ port: 0, host: '127.0.0.1' })
      // there is no hijackWithCors yet when such a route is made, but there is when it runs
      await checkBoth((app.server.address() as AddressInfo).port, '/x')
    })
  }
})

suite('proxied answers', () => {
  const open = (_request: IncomingMessage, response: ServerResponse): void => {
    const origin = _request.headers.origin ?? '*'
    response.writeHead(200, {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'Accept-Encoding'
    }).end('ok')
  }
  for (const order of ['before', 'after'] as const) {
    test(`@fastify/http-proxy, registered ${order}`, async (t) => {
      const url = await upstream(t, open)
      const app = Fastify()
      t.after(() => app.close())
      if (order === 'before') await app.register(httpProxy, { upstream: url, prefix: '/proxy' })
      await app.register(fastifyIO, { cors })
      if (order === 'after') await app.register(httpProxy, { upstream: url, prefix: '/proxy' })
      await app.listen({ port: 0, host: '127.0.0.1' })
      const { port } = app.server.address() as AddressInfo
      await checkBoth(port, '/proxy/x', 'Accept-Encoding, Origin')
      const preflight = await ask(port, '/proxy/x', {
        method: 'OPTIONS',
        headers: { origin: EVIL, 'access-control-request-method': 'PUT' }
      })
      assert.deepEqual(corsHeaders(preflight), [])
    })
  }

  test('@fastify/reply-from', async (t) => {
    const url = await upstream(t, open)
    const { port } = await start(t, { cors }, async (app) => {
      await app.register(replyFrom, { base: url })
      app.get('/x', (_request, reply) => reply.from('/'))
    })
    await checkBoth(port, '/x', 'Accept-Encoding, Origin')
  })

  test('what fetch() answered, whose headers cannot be changed', async (t) => {
    const url = await upstream(t, open)
    const { port } = await start(
      t,
      { cors },
      (app) =>
        app.get('/x', async (request) => await fetch(url, { headers: { origin: request.headers.origin ?? EVIL } }))
    )
    await checkBoth(port, '/x', 'Accept-Encoding, Origin')
  })
})

test('Vary is merged, whoever sets it', async (t) => {
  const { port } = await start(t, { cors }, (app) => {
    app.get('/one', async (_request, reply) => reply.header('vary', 'Accept-Language').send('ok'))
    app.get('/many', async (_request, reply) => reply.header('vary', ['Accept', 'ORIGIN']).send('ok'))
    app.get('/all', async (_request, reply) => reply.header('vary', '*').send('ok'))
    app.get('/raw', async (_request, reply) => {
      reply.raw.setHeader('Vary', 'Accept')
      reply.header('vary', 'Cookie')
      return 'ok'
    })
    app.get('/hijacked', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, [['Vary', 'Accept'], ['vary', 'Cookie']].flat()).end('ok')
    })
  })
  const varies = [
    ['/one', 'Accept-Language, Origin'],
    ['/many', 'Accept, ORIGIN'],
    ['/all', '*'],
    ['/raw', 'Accept, Cookie, Origin'],
    ['/hijacked', 'Accept, Cookie, Origin']
  ] as const
  for (const [path, vary] of varies) {
    for (const origin of [ORIGIN, EVIL]) {
      assert.equal((await ask(port, path, { headers: { origin } })).headers.vary, vary, path)
    }
  }
})

test('an answer of a hook before ours: the headers of the decision', async (t) => {
  for (const origin of [ORIGIN, async (origin: string) => origin === ORIGIN]) {
    const app = Fastify()
    t.after(() => app.close())
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers.authorization === undefined) await reply.code(401).headers(OPEN).send('who?')
    })
    await app.register(fastifyIO, { cors: { ...cors, origin } })
    app.get('/x', async () => 'ok')
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    assert.equal((await ask(port, '/x')).status, 401)
    await checkBoth(port, '/x')
    await checkBoth(port, POLLING)
  }
})

test('emitHeaders: false: nothing leaves, whoever wrote it', async (t) => {
  const { port } = await start(t, { cors, emitHeaders: false }, writers['a route with reply.header']!)
  for (const origin of [ORIGIN, EVIL]) {
    assert.deepEqual(said(await ask(port, '/x', { headers: { origin } })), { vary: undefined })
  }
})

test('a bare *: the literal on every REST answer, and no Vary', async (t) => {
  const { port } = await start(t, { cors: { origin: '*' } }, (app) => {
    app.get('/x', async () => 'ok')
    app.get('/bug', async () => { throw new Error('bug') })
    app.get(
      '/own',
      async (_request, reply) => reply.headers({ 'access-control-allow-origin': EVIL, vary: 'Accept' }).send('ok')
    )
  })
  const sent = [{ origin: EVIL }, { origin: 'null' }, { origin: 'nonsense/' }, {}, { 'sec-fetch-site': 'cross-site' }, {
    'sec-fetch-site': 'same-site',
    'sec-fetch-mode': 'no-cors'
  }, { 'sec-fetch-site': 'same-origin' }]
  for (const headers of sent) {
    const routes = [['/x', undefined], ['/bug', undefined], ['/nowhere', undefined], ['/own', 'Accept']] as const
    for (const [path, vary] of routes) {
      assert.deepEqual(
        said(await ask(port, path, { headers })),
        { 'allow-origin': '*', vary },
        `${path} ${JSON.stringify(headers)}`
      )
    }
  }
  const preflight = await ask(port, '/x', {
    method: 'OPTIONS',
    headers: { origin: EVIL, 'access-control-request-method': 'PUT' }
  })
  assert.equal(preflight.headers.vary, 'Access-Control-Request-Headers')
})

test('Socket.IO\'s answers: hooks, middlewares of the engine and its events cannot widen them', async (t) => {
  const { app, port } = await start(t, { cors, statelessHandshake: false }, (app) => {
    app.addHook('onSend', async (_request, reply) => { reply.headers(OPEN) })
  })
  app.io.engine.use((_request: IncomingMessage, response: ServerResponse, next: () => void) => {
    for (const [name, value] of Object.entries(OPEN)) response.setHeader(name, value)
    next()
  })
  app.io.engine.on('headers', (headers: Record<string, string>) => { Object.assign(headers, OPEN) })
  for (const path of [POLLING, WEBSOCKET]) {
    const upgrade = path === WEBSOCKET ? UPGRADE : {}
    const good = await ask(port, path, { headers: { ...upgrade, origin: ORIGIN } })
    assert.deepEqual([good.status, said(good)], [path === WEBSOCKET ? 101 : 200, { ...allowed, vary: 'Origin' }])
    const own = await ask(port, path, { headers: { ...upgrade } })
    assert.deepEqual([own.status, said(own)], [good.status, { vary: 'Origin' }])
    assert.deepEqual(said(await ask(port, path, { headers: { ...upgrade, origin: EVIL } })), { vary: 'Origin' })
  }
})

test('after a narrower refusal no CORS header leaves, whatever wrote it', async (t) => {
  const { port } = await start(t, { cors: { ...cors, origin: [ORIGIN, 'https://admin.example.com'] } }, (app) => {
    app.setErrorHandler((error: Error & { statusCode: number }, _request, reply) =>
      reply.code(error.statusCode).headers(OPEN).send('no')
    )
    const { route } = app.narrowOrigin({ origin: 'https://admin.example.com' })
    for (const hook of ['onRequest', 'preHandler']) app.get(`/${hook}`, { [hook]: route }, async () => 'ok')
  })
  for (const path of ['/onRequest', '/preHandler']) {
    const refused = await ask(port, path, { headers: { origin: ORIGIN } })
    assert.deepEqual([refused.status, said(refused)], [403, { vary: 'Origin' }])
    assert.equal(
      (await ask(port, path, { headers: { origin: 'https://admin.example.com' } }))
        .headers['access-control-allow-origin'],
      'https://admin.example.com'
    )
  }
})

test('a header that was taken off is told, once', async (t) => {
  const { port, lines } = await logging(t, { cors: { origin: ORIGIN } }, writers['a route with reply.header']!)
  for (let at = 0; at < 3; at++) await ask(port, '/x')
  assert.equal(lines.length, 1)
  assert.match(lines[0]!.msg, /^access-control-allow-origin: \* was not written by the origin policy/)
})

test('a hook that was there first and answers on the raw response', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  app.addHook('onRequest', (request, reply, done) => {
    const { way } = request.headers
    if (way === undefined) return done()
    reply.hijack()
    if (way === 'setHeader') for (const [name, value] of Object.entries(OPEN)) reply.raw.setHeader(name, value)
    reply.raw.writeHead(401, way === 'writeHead' ? OPEN : {}).end('who are you?')
  })
  await app.register(fastifyIO, { cors })
  app.get('/x', async () => 'ok')
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  for (const path of ['/x', '/nowhere', POLLING]) {
    for (const way of ['writeHead', 'setHeader']) {
      for (const origin of [ORIGIN, EVIL]) {
        const answer = await ask(Number(port), path, { headers: { origin, way } })
        assert.deepEqual([answer.status, corsHeaders(answer)], [401, []], `${path}, ${way}, ${origin}`)
      }
    }
  }
  await checkBoth(Number(port), '/x')
})

test('over HTTP/2', async (t) => {
  const app = Fastify({ http2: true })
  await app.register(fastifyIO, { cors })
  app.get('/x', async (_request, reply) => reply.headers(OPEN).header('vary', 'Accept').send('ok'))
  app.get('/raw', (_request, reply) => {
    reply.hijack()
    for (const [name, value] of Object.entries(OPEN)) reply.raw.setHeader(name, value)
    reply.raw.end('ok')
  })
  const session = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.after(async () => {
    // Fastify waits http2SessionTimeout (72 s) for a session that its client keeps
    session.close()
    await app.close()
  })
  for (const path of ['/x', '/raw', '/nowhere']) {
    for (const origin of [ORIGIN, EVIL]) {
      const request = session.request({ ':path': path, origin })
      const [headers] = await once(request, 'response')
      request.resume()
      await once(request, 'end')
      const names = corsHeaders({ headers } as never)
      assert.deepEqual(
        [headers['access-control-allow-origin'], names.length],
        origin === ORIGIN ? [ORIGIN, 3] : [undefined, 0],
        path
      )
      assert.equal(headers.vary, path === '/x' ? 'Accept, Origin' : 'Origin')
    }
  }
})
