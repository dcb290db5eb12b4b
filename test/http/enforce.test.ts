import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { type Answer, ask, corsHeaders, POLLING, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

const EVIL = 'https://attacker.example'
const cors = { origin: ORIGIN, credentials: true }
const preflight = { 'access-control-request-method': 'PUT' }
const api = (app: import('fastify').FastifyInstance): void => { app.all('/ok', async () => 'ok') }

// Fetch Metadata: a form that another site posts is a navigation as well, and carries an Origin.
test('enforce: all exempts links, not forms', async (t) => {
  const { port } = await start(t, { cors, enforce: 'all' }, api)
  const navigation = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  assert.equal((await ask(port, '/ok', { headers: navigation })).status, 200)
  for (const origin of [EVIL, 'null']) {
    assert.equal((await ask(port, '/ok', { method: 'POST', headers: { ...navigation, origin } })).status, 403)
  }
  for (const mode of ['no-cors', 'cors', undefined]) {
    assert.equal(
      (await ask(port, '/ok', {
        headers: { 'sec-fetch-site': 'cross-site', ...(mode !== undefined && { 'sec-fetch-mode': mode }) }
      })).status,
      403
    )
  }
})

test('enforce: all and the server\'s own origin, behind a proxy too', async (t) => {
  const { port, own } = await start(t, { enforce: 'all' }, api, { trustProxy: true })
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example.com' }
  const status = async (headers: Record<string, string>) => (await ask(port, '/ok', { method: 'POST', headers })).status
  assert.equal(await status({ origin: own }), 200)
  assert.equal(await status({ ...forwarded, origin: 'https://api.example.com' }), 200)
  assert.equal(await status({ ...forwarded, origin: 'http://api.example.com' }), 403)
  assert.equal(await status({ ...forwarded, origin: own }), 403)
})

test('missingOrigin is about sockets: REST is served to who sends no Origin', async (t) => {
  const { port } = await start(t, { cors: { ...cors, missingOrigin: 'refuse' }, enforce: 'all' }, api)
  assert.equal((await ask(port, '/ok')).status, 200)
  assert.equal((await ask(port, POLLING)).status, 403)
  assert.equal((await ask(port, WEBSOCKET, { headers: UPGRADE })).status, 403)
})

test('REST without an Origin, of another site: served, no CORS header', async (t) => {
  const { port } = await start(t, { cors }, api)
  for (const site of ['cross-site', 'same-site']) {
    const answer = await ask(port, '/ok', { headers: { 'sec-fetch-site': site } })
    assert.deepEqual([answer.status, corsHeaders(answer), answer.headers.vary], [200, [], 'Origin'])
  }
})

test('Vary stands where the answer depends on the Origin, and nowhere else', async (t) => {
  const vary = ({ headers }: Answer) => headers.vary
  // no cross-origin policy: REST is the same for all, sockets and enforced REST are not
  const own = await start(t, {}, api)
  assert.deepEqual([
    vary(await ask(own.port, '/ok')),
    vary(await ask(own.port, POLLING)),
    vary(await ask(own.port, POLLING, { headers: { origin: EVIL } }))
  ], [undefined, 'Origin', 'Origin'])
  const all = await start(t, { enforce: 'all' }, api)
  assert.deepEqual(
    [vary(await ask(all.port, '/ok')), vary(await ask(all.port, '/ok', { headers: { origin: EVIL } }))],
    ['Origin', 'Origin']
  )
  // no header is written, so none differs; what is enforced does
  const silent = await start(t, { cors, emitHeaders: false }, api)
  assert.deepEqual([
    vary(await ask(silent.port, '/ok', { headers: { origin: ORIGIN } })),
    vary(await ask(silent.port, POLLING))
  ], [undefined, 'Origin'])
  const both = await start(t, { cors, emitHeaders: false, enforce: 'all' }, api)
  assert.equal(vary(await ask(both.port, '/ok', { headers: { origin: ORIGIN } })), 'Origin')
  // by reflection it depends on the Origin, by a literal * it does not
  const reflecting = await start(t, { cors: { origin: true } }, api)
  assert.equal(vary(await ask(reflecting.port, '/ok', { headers: { origin: EVIL } })), 'Origin')
  const any = await start(t, { cors: { origin: '*' } }, (app) => {
    api(app)
    app.get('/bug', async () => { throw new Error('bug') })
  })
  for (const path of ['/ok', '/nowhere', '/bug', POLLING]) {
    assert.equal(vary(await ask(any.port, path, { headers: { origin: EVIL } })), undefined, path)
  }
})

test('Vary: Origin on the 101, and on what is refused there', async (t) => {
  const { port } = await start(t, { cors })
  for (const [origin, status] of [[ORIGIN, 101], [EVIL, 403]] as const) {
    const answer = await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin } })
    assert.deepEqual([answer.status, answer.headers.vary], [status, 'Origin'])
  }
})

test('a Vary of a hook before ours is kept, and not doubled', async (t) => {
  const varies = [
    ['*', POLLING, '*'],
    ['Accept', POLLING, 'Accept, Origin'],
    ['accept, ORIGIN', POLLING, 'accept, ORIGIN'],
    ['Accept', '/ok', 'Accept, Origin']
  ] as const
  for (const [given, path, expected] of varies) {
    const { default: Fastify } = await import('fastify')
    const { default: fastifyIO } = await import('../../lib/index.ts')
    const app = Fastify()
    t.after(() => app.close())
    app.addHook('onRequest', async (_request, reply) => { reply.header('vary', given) })
    await app.register(fastifyIO, { cors })
    api(app)
    assert.equal((await app.inject({ url: path, headers: { origin: EVIL } })).headers.vary, expected)
  }
})

test('an update reaches Socket.IO\'s routes and their preflights', async (t) => {
  const { app, port } = await start(t, { cors })
  const headers = async (method: string) =>
    (await ask(port, POLLING, { method, headers: { origin: ORIGIN, ...(method === 'OPTIONS' && preflight) } })).headers
  assert.deepEqual([
    (await headers('GET'))['access-control-allow-credentials'],
    (await headers('OPTIONS'))['access-control-max-age']
  ], ['true', undefined])
  app.originPolicy.update({ origin: ORIGIN, exposedHeaders: 'X-New', maxAge: 60 })
  const [get, options] = [await headers('GET'), await headers('OPTIONS')]
  assert.deepEqual([
    get['access-control-allow-credentials'],
    get['access-control-expose-headers'],
    options['access-control-max-age']
  ], [undefined, 'X-New', '60'])
})

test('OPTIONS that is no preflight, where nothing is cross-origin, is the route\'s', async (t) => {
  const { port } = await start(t, {}, api)
  assert.deepEqual([
    (await ask(port, '/ok', { method: 'OPTIONS' })).body,
    (await ask(port, '/ok', { method: 'OPTIONS', headers: { origin: EVIL } })).body
  ], ['ok', 'ok'])
})

test('a refused preflight is answered like another, without a header; so is one of Socket.IO\'s', async (t) => {
  const { port } = await start(t, { cors: { ...cors, maxAge: 60, allowedHeaders: ['X-A'] } }, api)
  const rest = await ask(port, '/ok', { method: 'OPTIONS', headers: { origin: EVIL, ...preflight } })
  assert.deepEqual([rest.status, rest.body, corsHeaders(rest), rest.headers.vary], [204, '', [], 'Origin'])
  const socket = await ask(port, POLLING, { method: 'OPTIONS', headers: { origin: EVIL, ...preflight } })
  assert.deepEqual([socket.status, corsHeaders(socket), socket.headers.vary], [403, [], 'Origin'])
})

test('a stream that stays open after hijackWithCors: headers first, then what is written', async (t) => {
  let write: ((text: string) => void) | undefined
  const { port } = await start(t, { cors }, (app) => {
    app.get('/events', (_request, reply) => {
      const raw = reply.header('x-route', 'yes').hijackWithCors()
      raw.writeHead(200, { 'content-type': 'text/event-stream' })
      raw.write(': hello\n\n')
      write = (text) => raw.end(text)
    })
  })
  const request = httpRequest({ port, host: '127.0.0.1', path: '/events', headers: { origin: ORIGIN } })
  request.end()
  const [response] = await once(request, 'response')
  assert.deepEqual([
    response.headers['access-control-allow-origin'],
    response.headers.vary,
    response.headers['x-route']
  ], [ORIGIN, 'Origin', 'yes'])
  assert.equal(String((await once(response, 'data'))[0]), ': hello\n\n')
  const [more, end] = [once(response, 'data'), once(response, 'end')]
  write!('data: 1\n\n')
  assert.equal(String((await more)[0]), 'data: 1\n\n')
  await end
})
