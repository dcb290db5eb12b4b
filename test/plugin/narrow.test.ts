import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { ConfigError } from '../../lib/index.ts'
import { client, connect, ORIGIN } from '../support/client.ts'
import { ask, corsHeaders, start } from '../support/server.ts'

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
