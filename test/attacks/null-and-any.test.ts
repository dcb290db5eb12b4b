// A bare `*` is for everybody, so that a cache cannot keep an answer which somebody else could not use (Fetch, "CORS
// protocol and HTTP caches"); everything else refuses the origin `null`, which any site can have.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CorsOptions, OriginPolicy } from '../../lib/index.ts'
import { ask, POLLING, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

const EVERYBODY: readonly Record<string, string>[] = [
  {},
  { origin: 'null' },
  { origin: 'https://whoever.example' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'same-origin' },
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
]

const policies = [{ origin: '*' }, { origin: ['*', 'https://app.example.com'] }, { origin: '*', enforce: 'all' }, {
  origin: '*',
  sameOrigin: false
}] as CorsOptions[]
for (const cors of policies) {
  test(`${JSON.stringify(cors)}: everybody, with one answer`, async (t) => {
    const { port } = await start(t, { cors }, (app) => { app.get('/api', async () => 'ok') })
    for (const headers of EVERYBODY) {
      const rest = await ask(port, '/api', { headers })
      const words = JSON.stringify(headers)
      assert.deepEqual([rest.status, rest.headers['access-control-allow-origin'], rest.headers.vary], [
        200, '*', undefined
      ], words)
      const polling = await ask(port, POLLING, { headers })
      assert.deepEqual([polling.status, polling.headers['access-control-allow-origin']], [200, '*'], words)
      assert.equal((await ask(port, WEBSOCKET, { headers: { ...headers, ...UPGRADE } })).status, 101, words)
    }
  })
}

test('every other policy refuses null, unless it is listed with its flag', async (t) => {
  const refusing: readonly CorsOptions[] = [
    {},
    { origin: true },
    { origin: 'https://app.example.com' },
    { origin: /^https:\/\/pr-\d+\.example\.com$/ },
    { origin: () => true },
    { origin: '*', credentials: true, dangerously: { anyOriginWithCredentials: true } },
    { origin: true, dangerously: { nullOrigin: true } }
  ]
  for (const cors of refusing) {
    const { port } = await start(t, { cors })
    assert.equal((await ask(port, POLLING, { headers: { origin: 'null' } })).status, 403, JSON.stringify(cors))
  }
  const { port } = await start(t, { cors: { origin: [true, 'null'], dangerously: { nullOrigin: true } } })
  assert.equal((await ask(port, POLLING, { headers: { origin: 'null' } })).status, 200)
})

test('the advice on "null" beside any origin is right: what is said to be covered is allowed without it', async () => {
  for (const any of ['*', true] as const) {
    const policy = new OriginPolicy({ origin: [any, 'null'], dangerously: { nullOrigin: true } })
    const advised = policy.warnings.some(({ code, value }) => code === 'ORIGIN_REDUNDANT' && value === 'null')
    assert.equal(advised, any === '*')
    if (advised) assert.equal((await new OriginPolicy({ origin: [any] }).decide('null')).allowed, true)
  }
})
