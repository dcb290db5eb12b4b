// Origins that applications send, spelt as no web page's is. They can be listed byte for byte, and nothing near them
// passes.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ConfigError, type CorsOptions, OriginPolicy } from '../../lib/index.ts'

const reason = (cors: CorsOptions, origin: string): string =>
  (new OriginPolicy(cors).decide(origin) as { reason: string }).reason

const SAFARI = 'safari-web-extension://E3449EA7-49A3-4C1C-9AE8-4E3BDF6B5C3D'
const FILE: CorsOptions = { origin: 'file://', dangerously: { fileOrigin: true } }

suite('listed', () => {
  for (const [listed, others] of [
    ['app://.', ['app://', 'app://..', 'app://x', 'app://.x', 'APP://.', 'app://./', 'app://.:80', 'apps://.']],
    [SAFARI, [SAFARI.toLowerCase(), `${SAFARI}/`, `${SAFARI}0`, SAFARI.replace('safari', 'Safari')]]
  ] as const) {
    test(listed, () => {
      assert.equal(reason({ origin: listed }, listed), 'exact')
      assert.equal(reason({ origin: ['https://a.example', listed], credentials: true }, listed), 'exact')
      for (const other of others) {
        assert.ok(['not-listed', 'malformed'].includes(reason({ origin: listed }, other)), other)
      }
      assert.deepEqual(new OriginPolicy({ origin: listed }).warnings, [])
    })
  }

  test('file://, with its flag', () => {
    assert.equal(reason(FILE, 'file://'), 'exact')
    for (const other of ['file:///', 'file:', 'file://x', 'null', 'File://', '']) {
      assert.notEqual(reason(FILE, other), 'exact')
    }
    assert.throws(
      () => new OriginPolicy({ origin: 'file://' }),
      ({ issues: [issue] }: ConfigError) => issue!.code === 'ORIGIN_INVALID' && issue!.hint!.includes('fileOrigin')
    )
  })
})

test('not listed: refused, and asked about where anybody is', () => {
  for (const origin of ['app://.', SAFARI]) {
    assert.equal(reason({ origin: 'https://a.example' }, origin), 'not-listed')
    assert.equal(reason({ origin: '*' }, origin), 'any')
    assert.equal(reason({ origin: true }, origin), 'any')
    assert.equal(reason({ origin: (asked) => asked === origin }, origin), 'function')
  }
  assert.equal(reason({ origin: '*' }, 'file://'), 'any')
  for (const origin of [true, () => true, 'https://a.example'] as const) {
    assert.notEqual(reason({ origin, dangerously: { fileOrigin: true } }, 'file://'), 'any')
  }
})

test('the web\'s own schemes are as strict as ever', () => {
  for (const scheme of ['http', 'https', 'ws', 'wss', 'ftp']) {
    for (const host of ['.', 'A.example', 'a..example', '.a.example', 'E3449EA7']) {
      assert.throws(() => new OriginPolicy({ origin: `${scheme}://${host}` }), ConfigError, `${scheme}://${host}`)
      assert.equal(reason({ origin: true }, `${scheme}://${host}`), 'malformed')
    }
  }
  const origins = [
    'app://a b', 'app://a/b', 'app://a?b', 'app://a@b', 'app://a%2eb', 'app://*', 'app://', 'App://a', 'app:.',
    'app://a:b'
  ]
  for (const origin of origins) {
    assert.equal(reason({ origin: true }, origin), 'malformed', origin)
  }
})
