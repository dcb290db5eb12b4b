import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { type CorsOptions, OriginPolicy } from '../../lib/index.ts'
import { answerPreflight } from '../../lib/policy/preflight-answer.ts'

const answer = (cors: CorsOptions, requested?: string) => answerPreflight(new OriginPolicy(cors).options, requested)

suite('preflights (Fetch, "CORS-preflight fetch")', () => {
  test('methods are answered whole, whatever is asked', () => {
    assert.equal(answer({}).methods, 'GET, HEAD, PUT, PATCH, POST, DELETE')
    assert.equal(answer({ methods: 'GET,PUT , CUSTOM' }).methods, 'GET, PUT, CUSTOM')
    assert.equal(answer({ methods: ['*'] }).methods, '*')
    assert.equal(answer({ methods: [] }).methods, undefined)
  })

  test('listed headers are answered whole, and do not depend on what is asked', () => {
    for (const asked of [undefined, '', 'x-a', 'x-evil', '\u0000'.repeat(9000)]) {
      assert.deepEqual([
        answer({ allowedHeaders: ['X-A', 'X-B'] }, asked).headers,
        answer({ allowedHeaders: ['X-A'] }, asked).reflects
      ], ['X-A, X-B', false])
    }
    assert.equal(answer({ allowedHeaders: [] }, 'x-a').headers, undefined)
  })

  test('* never covers Authorization: it stands there beside it or not at all', () => {
    assert.equal(answer({ allowedHeaders: '*' }, 'authorization').headers, '*')
    assert.equal(answer({ allowedHeaders: '*, Authorization' }, 'authorization').headers, '*, Authorization')
  })

  test('without a list, what is asked for is reflected when it is a list of names', () => {
    const listed = [
      'x-a', 'authorization,content-type,x-a', 'x-a, x-b', 'x-a\t,x-b', 'a'.repeat(4096),
      Array(1000).fill('x-a').join(',')
    ]
    for (const asked of listed) {
      assert.equal(answer({}, asked).headers, asked)
    }
    const odd = [
      undefined, '', ',', 'x-a,', 'x-a,,x-b', 'x a', 'x-a\r\nset-cookie: x', 'x-a;q=1', 'x-ä', '"x"', 'a'.repeat(4097),
      ','.repeat(16_000), Array(2000).fill('x-a').join(',')
    ]
    for (const asked of odd) {
      assert.equal(answer({}, asked).headers, undefined, String(asked).slice(0, 40))
    }
    assert.equal(answer({}).reflects, true)
  })

  test('what is reflected can stand in a header, whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(fc.stringMatching(/^[ \ta-z0-9*-]{0,9}$/)).map((names) => names.join(','))
        ),
        (asked) => {
          const { headers } = answer({}, asked)
          assert.doesNotThrow(() => headers === undefined || new Headers({ 'access-control-allow-headers': headers }))
        }
      )
    )
  })
})
