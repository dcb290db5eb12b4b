import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { ConfigError } from '../../lib/index.ts'
import { client, connect, ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { ask, corsHeaders, start } from '../support/server.ts'
import { until } from '../support/until.ts'

const ADMIN = 'https://admin.example.com'
const cors = { origin: [ORIGIN, ADMIN, 'https://*.preview.example.com'], credentials: true }

test('a namespace: connect_error with a stable code; the other namespaces go on', async (t) => {
  const { app, own } = await start(t, { cors })
  app.io.of('/admin').use(app.narrowOrigin({ origin: ADMIN }).namespace)
  for (const transports of [['polling'], ['websocket']]) {
    await connect(t, `${own}/admin`, { transports, extraHeaders: { origin: ADMIN } })
    const refused = client(t, `${own}/admin`, { transports })
    const [error] = await once(refused as never, 'connect_error')
    assert.deepEqual(error.data, { code: 'ORIGIN_REFUSED', reason: 'not-listed' })
    await connect(t, own, { transports })
  }
})

test('a route and a scope: 403 without CORS headers', async (t) => {
  const { port } = await start(t, { cors }, async (app) => {
    const admin = app.narrowOrigin({ origin: ADMIN, missingOrigin: 'refuse' })
    app.get('/admin', { onRequest: admin.route }, async () => 'ok')
    app.get('/open', async () => 'ok')
    await app.register(async (scope) => {
      scope.addHook('onRequest', admin.route)
      scope.get('/scoped', async () => 'ok')
    })
  })
  for (const path of ['/admin', '/scoped']) {
    const allowed = await ask(port, path, { headers: { origin: ADMIN } })
    assert.deepEqual([allowed.status, allowed.headers['access-control-allow-origin']], [200, ADMIN])
    const refused = await ask(port, path, { headers: { origin: ORIGIN } })
    assert.deepEqual([refused.status, corsHeaders(refused), refused.headers.vary], [403, [], 'Origin'])
    assert.equal((await ask(port, path)).status, 403)
  }
  assert.equal((await ask(port, '/open', { headers: { origin: ORIGIN } })).status, 200)
})

test('an update of its policy: who is not let in any more leaves, is told, and keeps the session', async (t) => {
  const { app, own, port } = await start(t, { cors }, (app) => {
    app.get('/admin', { onRequest: app.narrowOrigin({ origin: ADMIN }).route }, async () => 'ok')
  })
  const admin = app.narrowOrigin({ origin: [ADMIN, ORIGIN] })
  app.io.of('/admin').use(admin.namespace)
  const extraHeaders = { origin: ADMIN }
  for (const transports of [['polling'], ['websocket']]) {
    admin.policy.update({ origin: [ADMIN, ORIGIN] })
    const joined = await connect(t, `${own}/admin`, { transports, extraHeaders })
    const stays = await connect(t, `${own}/admin`, { transports })
    const main = joined.io.socket('/')
    const told = once(joined as never, 'origin_revoked')
    const left = once(joined as never, 'disconnect')
    await once(main as never, 'connect')
    admin.policy.update({ origin: ORIGIN })
    assert.deepEqual(await told, [{ code: 'ORIGIN_REVOKED', reason: 'not-listed' }])
    assert.deepEqual((await left)[0], 'io server disconnect')
    assert.deepEqual([main.connected, stays.connected, app.io.of('/admin').sockets.size], [true, true, 1])
    stays.disconnect()
    main.disconnect()
    await until(() => app.io.engine.clientsCount === 0, 'both have left')
  }
  assert.equal((await ask(port, '/admin', { headers: extraHeaders })).status, 200, 'another part')
})

test('its warnings and the failures of its function are in the log', async (t) => {
  const { app, port, lines } = await logging(t, { cors }, (app) => {
    const origin = (): never => { throw new Error('the database is down') }
    app.get('/admin', { onRequest: app.narrowOrigin({ origin, maxAge: 86_400 }).route }, async () => 'ok')
  })
  assert.deepEqual(lines.map(({ code, msg }) => [code, /^narrowOrigin\.maxAge: /.test(msg)]), [['MAX_AGE_CAPPED', true]])
  assert.equal((await ask(port, '/admin', { headers: { origin: ADMIN } })).status, 403)
  assert.equal((lines[1]!.err as Error).message, 'the database is down')
  assert.match(lines[2]!.msg, /^rest request refused \(error\)/)
  assert.equal(app.originPolicy.warnings.length, 0)
})

test('what the server refuses stays refused, whatever a part allows', async (t) => {
  const { app, port } = await start(t, { cors }, (app) => {
    app.get('/part',
      { onRequest: app.narrowOrigin({ origin: /^https:\/\/[a-z]+\.example\.com$/ }).route }, async () => 'ok')
  })
  const answer = await ask(port, '/part', { headers: { origin: 'https://evil.example.com' } })
  assert.deepEqual(corsHeaders(answer), [])
  app.originPolicy.update({ origin: ORIGIN })
  assert.deepEqual(corsHeaders(await ask(port, '/part', { headers: { origin: ADMIN } })), [])
})

test('a broader one is a ConfigError', async (t) => {
  const { app } = await start(t, { cors: { origin: cors.origin, missingOrigin: 'refuse', sameOrigin: false } })
  const broader: readonly (readonly [Parameters<typeof app.narrowOrigin>[0], string])[] = [
    [{ origin: 'https://other.example.com' }, '/origin'],
    [{ origin: [ADMIN, 'https://other.example.com'] }, '/origin/1'],
    [{ origin: '*' }, '/origin'],
    [{ origin: true }, '/origin'],
    [{ origin: 'https://*.example.com' }, '/origin'],
    [{ origin: 'https://*.preview.example.com:*' }, '/origin'],
    [{ origin: ADMIN, credentials: true }, '/credentials'],
    [{ origin: ADMIN, sameOrigin: true }, '/sameOrigin'],
    [{ origin: ADMIN, missingOrigin: 'allow' }, '/missingOrigin']
  ]
  for (const [options, path] of broader) {
    assert.throws(() => app.narrowOrigin(options), (error: ConfigError) => {
      assert.deepEqual(error.issues.map((issue) => [issue.code, issue.path]), [['ORIGIN_BROADER', path]])
      return true
    })
  }
  const origins = [
    ADMIN, 'https://a.preview.example.com', 'https://*.preview.example.com', 'https://*.a.preview.example.com'
  ]
  for (const origin of origins) {
    app.narrowOrigin({ origin })
  }
})
