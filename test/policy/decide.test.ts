import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type CorsOptions, OriginPolicy } from '../../lib/index.ts'
import { origins } from '../cases/origins.ts'

// a policy's own timer keeps no process alive
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

const own = 'http://127.0.0.1:3000'

for (const { name, cors, origin: given, headers = {}, allowed, reason, allowOrigin } of origins) {
  test(`${name}: ${allowed ? 'allowed' : 'refused'} (${reason})`, async () => {
    const origin = typeof given === 'function' ? given(own) : given
    const decision = await new OriginPolicy(cors).decide(origin, { protocol: 'http', host: '127.0.0.1:3000', headers })
    assert.deepEqual({ ...decision }, { allowed, reason, allowOrigin: allowOrigin === 'origin' ? origin : allowOrigin })
  })
}

test('own origin: default ports and the case of Host do not matter', () => {
  const policy = new OriginPolicy()
  const ask = (origin: string, protocol: string, host: string) => policy.decide(origin, { protocol, host, headers: {} })
  assert.equal(
    (ask('https://api.example.com', 'https', 'API.example.com:443') as { reason: string }).reason,
    'same-origin'
  )
  assert.equal(
    (ask('http://api.example.com', 'http', 'api.example.com:80') as { reason: string }).reason,
    'same-origin'
  )
  assert.equal((ask('https://api.example.com', 'http', 'api.example.com') as { allowed: boolean }).allowed, false)
  assert.equal((ask('http://', 'http', '') as { allowed: boolean }).allowed, false)
})

test('the caller\'s list and RegExps are copied', () => {
  const list: string[] = ['https://a.example']
  const policy = new OriginPolicy({ origin: list })
  list.push('https://attacker.example')
  assert.equal((policy.decide('https://attacker.example') as { allowed: boolean }).allowed, false)
})

test('only a function that takes its time answers by a promise', () => {
  assert.equal(new OriginPolicy({ origin: () => true }).decide('https://a.example') instanceof Promise, false)
  assert.equal(new OriginPolicy({ origin: async () => true }).decide('https://a.example') instanceof Promise, true)
})

test('hosts that the own origin is pinned to: with a port, with the default one, or for every port', () => {
  const ask = (pinned: string, protocol: string, host: string): boolean =>
    (new OriginPolicy({ sameOrigin: [pinned] }).decide(`${protocol}://${host}`, { protocol, host, headers: {} }) as {
      allowed: boolean
    }).allowed
  const hosts = [
    ['api.example.com', 'https', 'api.example.com', true],
    ['api.example.com', 'http', 'api.example.com:8080', true],
    ['API.example.com', 'https', 'api.example.com', true],
    ['api.example.com:443', 'https', 'api.example.com', true],
    ['api.example.com:80', 'http', 'api.example.com', true],
    ['api.example.com:8080', 'http', 'api.example.com:8080', true],
    ['api.example.com:443', 'http', 'api.example.com', false],
    ['api.example.com:8080', 'http', 'api.example.com', false],
    ['api.example.com:8080', 'http', 'api.example.com:8081', false],
    ['[::1]', 'http', '[::1]:3000', true],
    ['[::1]:3000', 'http', '[::1]:3000', true],
    ['[::1]:3000', 'http', '[::1]', false],
    ['api.example.com', 'https', 'rebound.example', false]
  ] as const
  for (const [pinned, protocol, host, allowed] of hosts) {
    assert.equal(ask(pinned, protocol, host), allowed, `${pinned} ${protocol} ${host}`)
  }
})

test('decisions are frozen, and those of exact, missing and refused origins are made once', () => {
  const policy = new OriginPolicy({ origin: ['https://a.example', 'https://*.b.example'] })
  for (const origin of ['https://a.example', 'https://x.b.example', 'https://c.example', 'null', 'x', undefined]) {
    assert.ok(Object.isFrozen(policy.decide(origin)))
  }
  for (const origin of ['https://a.example', 'https://c.example', 'null', 'x', undefined]) {
    assert.equal(policy.decide(origin), policy.decide(origin))
  }
})

test('what a narrower policy may list: what only a RegExp could tell counts as allowed', () => {
  const pattern = 'https://*.preview.example.com'
  const regexp = /^https:\/\/app\.example\.com$/
  const covers = (origin: NonNullable<CorsOptions['origin']>, entry: string | true): boolean =>
    new OriginPolicy({ origin }).covers(entry)
  assert.equal(covers(regexp, pattern), true)
  assert.equal(covers(() => false, pattern), true)
  assert.equal(covers('https://app.example.com', pattern), false)
  assert.deepEqual([covers(regexp, '*'), covers(regexp, true)], [false, false])
  assert.deepEqual([covers('*', '*'), covers('*', true), covers(true, pattern)], [true, true, true])
})
