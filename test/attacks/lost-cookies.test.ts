// Cookies of an answer come from hooks, middlewares, Engine.IO and `headers` listeners: none must push another one out.
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

const cors = { origin: ORIGIN, credentials: true }
const headers = { origin: ORIGIN }

type SetUp = (app: FastifyInstance) => void

async function cookiesOf (t: TestContext, options: FastifyIOOptions, setUp?: SetUp, query = '') {
  const { port } = await start(t, { cors, ...options }, setUp)
  const handshake = await ask(port, `${POLLING}${query}`, { headers })
  assert.equal(handshake.status, 200)
  assert.equal(handshake.headers['access-control-allow-origin'], ORIGIN)
  const names = (found: string[] = []): string[] => found.map((cookie) => cookie.slice(0, cookie.indexOf('=')))
  const first = names(handshake.headers['set-cookie'])
  if (query !== '') return { first, later: [] }
  const later = await ask(port, `${POLLING}&sid=${sidOf(handshake)}`, { method: 'POST', headers, body: '40' })
  return { first, later: names(later.headers['set-cookie']) }
}

const byHook = (app: FastifyInstance): void => {
  app.addHook('onSend', async (_request, reply) => { reply.header('set-cookie', 'hook=1') })
}
const byMiddleware = (app: FastifyInstance): void => {
  app.io.engine.use((_req: unknown, res: { setHeader (name: string, value: string): void }, next: () => void) => {
    res.setHeader('Set-Cookie', 'middleware=1')
    next()
  })
}
const byListener = (name: string) => (app: FastifyInstance): void => {
  app.io.engine.on('headers', (given: Record<string, string | string[]>) => { given[name] = 'listener=1' })
}

suite('cookies', () => {
  for (const name of ['set-cookie', 'SET-COOKIE']) {
    test(`the option cookie, and a headers listener that sets ${name}`, async (t) => {
      const found = await cookiesOf(t, { cookie: true }, byListener(name))
      assert.deepEqual(found, { first: ['io', 'listener'], later: ['listener'] })
    })
  }

  test('the option cookie, and a hook', async (t) => {
    assert.deepEqual(await cookiesOf(t, { cookie: true }, byHook), { first: ['hook', 'io'], later: ['hook'] })
  })

  for (const statelessHandshake of [true, false]) {
    test(`a hook and a headers listener, statelessHandshake: ${statelessHandshake}`, async (t) => {
      const setUp = (app: FastifyInstance): void => { byHook(app); byListener('set-cookie')(app) }
      const both = ['hook', 'listener']
      assert.deepEqual(await cookiesOf(t, { statelessHandshake }, setUp), { first: both, later: both })
    })
  }

  test('all four, also with protocol 3', async (t) => {
    const setUp = (app: FastifyInstance): void => { byHook(app); byMiddleware(app); byListener('set-cookie')(app) }
    const { first, later } = await cookiesOf(t, { cookie: true }, setUp)
    // setHeader() replaces what was there, as in every other middleware
    assert.deepEqual([first, later], [['middleware', 'io', 'listener'], ['middleware', 'listener']])
    const old = await cookiesOf(t, { cookie: true, allowEIO3: true }, setUp, '&EIO=3')
    assert.deepEqual(old.first, ['middleware', 'io', 'listener'])
  })

  // the head of a 101 is written by `ws`
  for (const name of ['set-cookie', 'Set-Cookie']) {
    for (const [who, first] of [['hook', byHook], ['middleware', byMiddleware]] as const) {
      test(`the 101 of a WebSocket: a ${who}, and a headers listener that sets ${name}`, async (t) => {
        const { port } = await start(t, { cors }, (app) => { first(app); byListener(name)(app) })
        const sid = sidOf(await ask(port, POLLING, { headers }))
        for (const path of [WEBSOCKET, `${WEBSOCKET}&sid=${sid}`]) {
          const { status, headers: given } = await ask(port, path, { headers: { ...headers, ...UPGRADE } })
          assert.deepEqual([status, given['set-cookie']], [101, [`${who}=1`, 'listener=1']])
        }
      })
    }
  }

  test('none is made up', async (t) => {
    const setUp: SetUp = (app) => {
      app.io.engine.on('headers', (given: Record<string, string>) => { given['x-a'] = '1' })
    }
    assert.deepEqual(await cookiesOf(t, {}, setUp), { first: [], later: [] })
  })
})
