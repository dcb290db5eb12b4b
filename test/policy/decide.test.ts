import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OriginPolicy } from '../../lib/index.ts'
import { origins } from '../cases/origins.ts'

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
  assert.equal((ask('https://api.example.com', 'https', 'API.example.com:443') as { reason: string }).reason, 'same-origin')
  assert.equal((ask('http://api.example.com', 'http', 'api.example.com:80') as { reason: string }).reason, 'same-origin')
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
