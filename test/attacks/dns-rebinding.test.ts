// DNS rebinding: a page of evil.example has its name resolve to this server, and its origin is then the server's own.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import fastifyIO, { type FastifyIOOptions, OriginPolicy } from '../../lib/index.ts'
import { ask, POLLING, type Running, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

const withApi = (app: Running['app']): void => { app.get('/api', async () => 'a secret') }

/** Statuses of a handshake, a post, a poll, an upgrade and a REST request. */
async function statuses (port: number, headers: Record<string, string>): Promise<number[]> {
  const answers = [
    await ask(port, POLLING, { headers }),
    await ask(port, `${POLLING}&sid=x`, { method: 'POST', headers, body: '40' }),
    await ask(port, `${POLLING}&sid=x`, { headers }),
    await ask(port, WEBSOCKET, { headers: { ...headers, ...UPGRADE } }),
    await ask(port, '/api', { headers })
  ]
  return answers.map(({ status }) => status)
}

const REFUSED = [403, 403, 403, 403, 403]
/** The sid is made up. */
const ALLOWED = [200, 400, 400, 101, 200]

suite('a server that listens on loopback', () => {
  const hosts = [
    'evil.example', 'localhost.evil.example', 'notlocalhost', '127.0.0.1.evil.example', '127.evil.example', '10.0.0.1',
    '[::2]', '0.0.0.0'
  ]
  for (const host of hosts) {
    test(`${host} is not its own`, async (t) => {
      const { app, port } = await start(t, { enforce: 'all' }, withApi)
      const rebound = { host: `${host}:${port}`, origin: `http://${host}:${port}` }
      assert.deepEqual(await statuses(port, rebound), REFUSED)
      // browsers send no Origin with a page's GET to its own server
      const get = { host: `${host}:${port}`, 'sec-fetch-site': 'same-origin' }
      assert.deepEqual(await statuses(port, get), REFUSED)
      assert.equal(app.io.engine.clientsCount, 0)
    })
  }

  const loopback = [
    'localhost', 'LOCALHOST', 'localhost.', 'app.localhost', 'app.localhost.', '127.0.0.1', '127.1.2.3', '[::1]'
  ]
  for (const host of loopback) {
    test(`${host} is its own`, async (t) => {
      const { port } = await start(t, { enforce: 'all' }, withApi)
      assert.deepEqual(
        await statuses(port, { host: `${host}:${port}`, origin: `http://${host.toLowerCase()}:${port}` }),
        ALLOWED
      )
      assert.deepEqual(await statuses(port, { host: `${host}:${port}`, 'sec-fetch-site': 'same-origin' }), ALLOWED)
    })
  }

  test('on both families: every address is loopback', async (t) => {
    const app = Fastify()
    t.after(() => app.close())
    await app.register(fastifyIO)
    await app.listen({ port: 0, host: 'localhost' })
    const { port } = app.addresses()[0] as { port: number }
    assert.equal(
      (await ask(port, POLLING, { headers: { host: 'evil.example', origin: 'http://evil.example' } })).status,
      403
    )
    assert.equal((await ask(port, POLLING, { headers: { host: 'localhost', origin: 'http://localhost' } })).status, 200)
  })

  test('REST of a rebound page is served without CORS headers, unless enforce is all', async (t) => {
    const { port } = await start(t, {}, withApi)
    assert.deepEqual(await statuses(port, { host: 'evil.example', origin: 'http://evil.example' }), [
      403, 403, 403, 403, 200
    ])
  })

  const own = { host: 'dev.example', origin: 'http://dev.example' }
  const owners = [
    ['a name that is pinned', { sameOrigin: ['dev.example'] }, {}, own],
    ['a name that is listed', { origin: 'http://dev.example' }, {}, own],
    ['a trusted proxy', {}, { trustProxy: true }, own],
    ['a trusted proxy that says the Host', {}, { trustProxy: true }, {
      host: 'backend',
      'x-forwarded-host': 'dev.example',
      origin: 'http://dev.example'
    }]
  ] as const
  for (const [name, options, server, headers] of owners) {
    test(`${name} is its own`, async (t) => {
      const { port } = await start(
        t,
        { cors: options as FastifyIOOptions['cors'] & object, enforce: 'all' },
        withApi,
        server
      )
      assert.deepEqual(await statuses(port, headers), ALLOWED)
    })
  }

  test('a page that is listed, behind a proxy which hides its name, sends its GETs too', async (t) => {
    const { port } = await start(t, { cors: { origin: 'https://app.example' }, enforce: 'all' }, withApi)
    const page = { host: 'app.example', 'sec-fetch-site': 'same-origin' }
    assert.deepEqual(await statuses(port, page), ALLOWED)
    assert.deepEqual(await statuses(port, { ...page, origin: 'https://app.example' }), ALLOWED)
    assert.deepEqual(await statuses(port, { ...page, origin: 'http://app.example' }), REFUSED)
  })

  test('a native client, which sends neither Origin nor Sec-Fetch-Site, is served under any name', async (t) => {
    const { port } = await start(t, { enforce: 'all' }, withApi)
    assert.deepEqual(await statuses(port, { host: 'backend.internal' }), ALLOWED)
  })
})

test('a server that listens on every address has whatever name it is called by', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(fastifyIO)
  await app.listen({ port: 0, host: '0.0.0.0' })
  const { port } = app.addresses()[0] as { port: number }
  assert.equal(
    (await ask(port, POLLING, { headers: { host: 'app.example', origin: 'http://app.example' } })).status,
    200
  )
})

test('inject() has no listener, and no connection that could be rebound', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(fastifyIO)
  const answer = await app.inject({ url: POLLING, headers: { host: 'app.example', origin: 'http://app.example' } })
  assert.equal(answer.statusCode, 200)
})

suite('sameOrigin holds for requests without an Origin too', () => {
  test('a pinned host: whatever comes by another name is refused, also without Sec-Fetch-Site', async (t) => {
    const { app, port } = await start(t, { cors: { sameOrigin: ['api.example.com'] }, enforce: 'all' }, withApi)
    assert.deepEqual(await statuses(port, { host: 'evil.example' }), REFUSED)
    assert.deepEqual(await statuses(port, { host: 'evil.example', 'sec-fetch-site': 'same-origin' }), REFUSED)
    assert.equal(app.io.engine.clientsCount, 0)
    assert.deepEqual(await statuses(port, { host: 'api.example.com:8080' }), ALLOWED)
    assert.deepEqual(await statuses(port, { host: 'API.example.com', 'sec-fetch-site': 'same-origin' }), ALLOWED)
  })

  test('sameOrigin: false refuses the own page\'s GET, and no native client', async (t) => {
    const { app, port } = await start(t, { cors: { sameOrigin: false }, enforce: 'all' }, withApi)
    assert.deepEqual(await statuses(port, { 'sec-fetch-site': 'same-origin' }), REFUSED)
    assert.equal(app.io.engine.clientsCount, 0)
    assert.deepEqual(await statuses(port, {}), ALLOWED)
    assert.deepEqual(await statuses(port, { 'sec-fetch-site': 'none' }), ALLOWED)
  })

  test('without Fastify too', () => {
    const headers = { 'sec-fetch-site': 'same-origin' }
    const policy = new OriginPolicy({ sameOrigin: ['api.example.com'] })
    const reasons = [
      [{ protocol: 'https', host: 'api.example.com', headers }, 'missing'],
      [{ protocol: 'https', host: 'evil.example', headers }, 'not-listed'],
      [{ protocol: 'https', host: 'evil.example', headers: {} }, 'not-listed'],
      [{ protocol: 'https', host: 'Evil@', headers: {} }, 'not-listed'],
      [{ headers }, 'not-listed'],
      [{ headers: {} }, 'missing'],
      [undefined, 'missing']
    ] as const
    for (const [request, reason] of reasons) {
      assert.equal((policy.decide(undefined, request) as { reason: string }).reason, reason, JSON.stringify(request))
    }
    assert.equal(
      (new OriginPolicy({ sameOrigin: false }).decide(undefined, { headers }) as { reason: string }).reason,
      'not-listed'
    )
  })
})

suite('behind Traefik, which sends X-Forwarded-Proto: wss for upgrades', () => {
  const upgrades = [
    ['wss', 'https://app.example.com', true],
    ['ws', 'http://app.example.com', true],
    ['https', 'https://app.example.com', true],
    ['wss', 'http://app.example.com', false],
    ['ws', 'https://app.example.com', false],
    ['wss', 'https://evil.example', false]
  ] as const
  for (const [protocol, origin, allowed] of upgrades) {
    test(`${protocol}: ${origin} is ${allowed ? '' : 'not '}the server's own`, async (t) => {
      const { port } = await start(t, {}, () => {}, { trustProxy: true })
      const headers = { ...UPGRADE, origin, 'x-forwarded-host': 'app.example.com', 'x-forwarded-proto': protocol }
      assert.equal((await ask(port, WEBSOCKET, { headers })).status, allowed ? 101 : 403)
    })
  }
})
