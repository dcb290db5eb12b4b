import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type CorsOptions, type Decision, OriginPolicy } from '../../lib/index.ts'
import type { Reason } from '../../lib/policy/origin/decision.ts'
import { cpuTime } from '../support/pace.ts'

const APP = 'https://app.example.com'

suite('hints: a sentence for each reason, which says what to change', () => {
  const rows: readonly (readonly [cors: CorsOptions, origin: string | undefined, reason: Reason, text: RegExp])[] = [
    [
      { origin: APP },
      'http://app.example.com',
      'not-listed',
      /the scheme differs\. Add it to cors\.origin if it is yours; .* behind a proxy, set trustProxy\.$/
    ],
    [{ origin: APP, sameOrigin: ['api.example.com'] },
      'https://rebound.example', 'not-listed', /if it is this server's own, add its host to cors\.sameOrigin\.$/],
    [{ origin: APP, sameOrigin: false }, 'https://api.example.com', 'not-listed', /refused by sameOrigin: false\.$/],
    [{ sameOrigin: false }, APP, 'not-listed', /: no origin is\./],
    [{}, APP, 'not-listed', /no other origin than the server's own is\./],
    [{ origin: () => false }, APP, 'not-listed', /the origin function does not allow it\. Let the function allow it/],
    [{ origin: () => { throw new Error('x') } }, APP, 'error', /The origin function failed/],
    [{ origin: () => new Promise(() => {}), originTimeout: 1 }, APP, 'timeout', /originTimeout \(1 ms\)/],
    [{ origin: APP }, 'null', 'null', /sandboxed frame/],
    [{ origin: APP }, `${APP}/`, 'malformed', /did you mean https:\/\/app\.example\.com\? No browser sends this/],
    [{ origin: APP }, 'file://', 'malformed', /loaded from a file .* dangerously: \{ fileOrigin: true \}\.$/],
    [{ origin: APP }, `${APP}, ${APP}`, 'malformed', /^[^[]*$/],
    [{ missingOrigin: 'refuse' }, undefined, 'missing', /missingOrigin is "refuse"/]
  ]
  for (const [cors, origin, reason, text] of rows) {
    test(`${reason}: ${String(text)}`, async () => {
      const policy = new OriginPolicy(cors)
      const held = setTimeout(() => {}, 10_000)
      const decision = await policy.decide(origin)
      clearTimeout(held)
      assert.equal(decision.reason, reason)
      assert.match(policy.hint(origin, decision), text)
    })
  }
  test('cross-site', () => {
    const policy = new OriginPolicy()
    const decision = policy.decide(undefined, { headers: { 'sec-fetch-site': 'cross-site' } }) as Decision
    assert.match(policy.hint(undefined, decision), /without an Origin .* Let it use fetch/)
  })
})

suite('explain', () => {
  test('names the pattern', () => {
    const policy = new OriginPolicy({
      origin: ['https://*.example.com:8443', 'http://localhost:*', 'https://*.dev.example:*']
    })
    const covers = [['https://a.b.example.com:8443', 'https://*.example.com:8443'], [
      'http://localhost',
      'http://localhost:*'
    ], ['https://x.dev.example:1', 'https://*.dev.example:*']]
    for (const [origin, pattern] of covers) {
      assert.equal(policy.explain(origin!), `${origin!} is allowed: ${pattern!} covers it.`)
    }
  })

  test('schemes that objects inherit', () => {
    assert.match(
      new OriginPolicy({ origin: 'constructor://a.example' }).explain('constructor://a.example:5'),
      /\(5, not none\)\.$/
    )
  })

  test('whatever it is given', () => {
    const odds = [
      Object.create(null),
      { toString () { throw new Error('x') } },
      Symbol.iterator,
      5,
      undefined
    ] as never[]
    for (const odd of odds) {
      assert.match(new OriginPolicy({ origin: APP }).explain(odd), /is not allowed/)
    }
  })

  const list = Array.from({ length: 100_000 }, (_, n) => `https://app-${n}.example${n % 977}.com`)
  const policy = new OriginPolicy({ origin: list })
  for (const [origin, text] of [
    ['http://app-99999.example345.com', /; https:\/\/app-99999\.example345\.com is: the scheme differs/],
    ['https://app-99999.example345.co', /; https:\/\/app-99999\.example345\.com is: the spelling differs slightly/],
    ['https://example345.com', /a subdomain is missing/],
    ['https://com', /no allowed origin is like it/]
  ] as const) test(`among 100,000: ${origin}`, () => { assert.match(policy.explain(origin), text) })

  test('among 100,000, no origin makes it slow', () => {
    const median = (origin: string): number => Array.from({ length: 9 }, () => {
      const begun = cpuTime()
      policy.explain(origin)
      return cpuTime() - begun
    }).sort((a, b) => a - b)[4]!
    const least = median('https://attacker.test')
    const origins = [
      'https://com',
      'https://a',
      'https://e',
      'https://example1.com',
      'https://app-1.example1.co',
      `https://${'a.'.repeat(120)}com`
    ]
    for (const origin of origins) {
      const took = median(origin)
      assert.ok(took < 50 && took < least * 8 + 5, `${origin}: ${took} ms, beside ${least} ms`)
    }
  })
})
