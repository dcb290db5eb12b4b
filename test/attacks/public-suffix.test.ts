// Patterns below which strangers are given names, also where the public suffix lies deeper than the pattern's host.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { ConfigError, type CorsOptions, OriginPolicy } from '../../lib/index.ts'
import { fileOf, suffixesBelow } from '../../scripts/public-suffixes.ts'

function issuesOf (cors: CorsOptions): ConfigError['issues'] {
  try {
    return new OriginPolicy(cors) && []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.issues
  }
}

const stranger = (policy: OriginPolicy, origin: string): boolean =>
  (policy.decide(origin) as { allowed: boolean }).allowed

suite('refused, with an origin that a stranger can own', () => {
  const refused = [
    ['https://*.amazonaws.com', 'https://evil.s3.amazonaws.com'],
    ['https://*.railway.app', 'https://evil.up.railway.app'],
    ['https://*.windows.net', undefined],
    ['https://*.core.windows.net', undefined],
    ['https://*.on.aws', undefined],
    ['https://*.scw.cloud', undefined],
    ['https://*.elasticbeanstalk.com', undefined],
    ['https://*.digitaloceanspaces.com', undefined],
    ['https://*.run.app', undefined],
    ['https://*.amazonaws.com.cn', undefined],
    ['https://*.amazonaws.com:*', 'https://evil.s3.amazonaws.com'],
    ['https://*.amazonaws.com:8443', 'https://evil.s3.amazonaws.com:8443'],
    ['http://*.railway.app', 'http://evil.up.railway.app'],
    ['https://*.com', 'https://evil.com'],
    ['https://*.github.io', 'https://evil.github.io'],
    ['https://*.kawasaki.jp', 'https://evil.x.kawasaki.jp'],
    ['https://*.compute.amazonaws.com', 'https://evil.x.compute.amazonaws.com']
  ] as const
  for (const [pattern, proof] of refused) {
    for (const credentials of [false, true]) {
      test(`${pattern}${credentials ? ', with credentials' : ''}`, () => {
        const flags = { publicSuffixSubdomains: true, insecureOriginsWithCredentials: true }
        const { publicSuffixSubdomains: _, ...others } = flags
        const [issue, ...more] = issuesOf({ origin: ['https://a.example', pattern], credentials, dangerously: others })
        assert.deepEqual([issue!.code, issue!.path, more.length], ['ORIGIN_PUBLIC_SUFFIX', '/origin/1', 0])
        assert.ok(issue!.hint!.includes('dangerously: { publicSuffixSubdomains: true }'))
        if (proof !== undefined) assert.equal(issue!.proof, proof)
        const policy = new OriginPolicy({ origin: pattern, credentials, dangerously: flags })
        assert.equal(stranger(policy, issue!.proof!), true, 'the proof is one')
      })
    }
  }
})

test('below what somebody registered, or below no suffix at all, patterns pass', () => {
  const hosts = [
    'example.com', 'me.github.io', 'my-bucket.s3.amazonaws.com', 'app.up.railway.app', 'preview.example.co.uk',
    'internal', 'www.ck'
  ]
  for (const host of hosts) {
    assert.deepEqual(issuesOf({ origin: `https://*.${host}`, credentials: true }), [], host)
  }
})

test('every suffix of the list is found from every host above it', () => {
  const suffixes = suffixesBelow()
  assert.ok(suffixes.length > 300)
  for (const suffix of suffixes) {
    const host = suffix.slice(suffix.indexOf('.') + 1)
    assert.deepEqual(issuesOf({ origin: `https://*.${host}` }).map(({ code }) => code), ['ORIGIN_PUBLIC_SUFFIX'], host)
  }
})

test('lib/policy/audit/suffixes-below.ts is what `npm run suffixes` makes of the list installed', () => {
  assert.equal(
    readFileSync(new URL('../../lib/policy/audit/suffixes-below.ts', import.meta.url), 'utf8'),
    fileOf(suffixesBelow())
  )
})
