import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { ConfigError, type CorsOptions, OriginPolicy } from '../../lib/index.ts'
import { parseOptions } from '../../lib/config.ts'
import { cpuTime } from '../support/pace.ts'

const APP = 'https://app.example.com'

function mistakes (make: () => unknown): ConfigError {
  try {
    make()
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error
  }
  return assert.fail('accepted')
}

const refused = (cors: unknown): ConfigError => mistakes(() => new OriginPolicy(cors as CorsOptions))
const allows = (policy: OriginPolicy, origin: string): boolean =>
  (policy.decide(origin) as { allowed: boolean }).allowed

suite('what holds no options is not taken for empty ones', () => {
  class Other {
    readonly #origin = APP
    get origin () {
      return this.#origin
    }
  }
  const odd: Record<string, unknown> = {
    Map: new Map([['origin', APP]]),
    Set: new Set([APP]),
    URL: new URL(APP),
    Date: new Date(),
    Promise: Promise.resolve({ origin: APP }),
    RegExp: /^https/,
    instance: new Other(),
    inherited: Object.create({ origin: APP }),
    bytes: Buffer.from('x')
  }
  for (const [name, cors] of Object.entries(odd)) {
    test(name, () => {
      assert.deepEqual(refused(cors).issues.map(({ code, path }) => `${code} ${path}`), ['INVALID_TYPE '])
      assert.deepEqual(mistakes(() => parseOptions({ cors })).issues.map(({ path }) => path), ['/cors'])
    })
  }
  test('a promise is told to be awaited', () => {
    assert.equal(refused(Promise.resolve({})).issues[0]!.hint, 'await it')
  })
  test('but these do', () => {
    class Settings { origin = APP }
    const policies = [
      { origin: APP },
      Object.assign(Object.create(null), { origin: APP }),
      new Settings(),
      runInNewContext(`({ origin: ['${APP}'] })`)
    ]
    for (const cors of policies) {
      assert.equal(allows(new OriginPolicy(cors as CorsOptions), APP), true)
    }
    for (const cors of [{}, Object.create(null), runInNewContext('({})')]) {
      assert.equal(allows(new OriginPolicy(cors as CorsOptions), APP), false)
    }
  })
})

suite('values that lie, throw or change', () => {
  const throwing = new Proxy({}, { get () { throw new Error('trap') } })
  const regexp = /^https:\/\/app\.example\.com$/
  const hostile = Object.entries({
    'a proxy of a RegExp': new Proxy(regexp, {}),
    'what only looks like a RegExp': Object.create(RegExp.prototype),
    'a RegExp that throws': Object.defineProperty(/^https:\/\/a\.example$/, Symbol.match, {
      get () {
        throw new Error('match')
      }
    }),
    'a list that throws': new Proxy([APP], { get () { throw new Error('get') } }),
    'an entry that throws': [throwing],
    'a huge list': new Array(2 ** 31)
  })
  for (const [name, origin] of hostile) {
    test(name, () => { assert.match(refused({ origin }).issues[0]!.path, /^\/origin/) })
  }

  test('a RegExp of another realm is one', () => {
    assert.equal(allows(new OriginPolicy({ origin: runInNewContext(String(regexp)) as RegExp }), APP), true)
  })

  test('a RegExp is what it matches by, not what it says', () => {
    const lying = Object.defineProperty(/example\.com$/, 'source', { value: regexp.source })
    assert.equal(refused({ origin: lying }).issues[0]!.code, 'REGEXP_UNSAFE')
  })

  test('a list is read once', () => {
    let reads = 0
    const turning = new Proxy([APP], {
      get: (target, name) =>
        name === '0' ? (reads++ === 0 ? APP : 'https://attacker.example') : Reflect.get(target, name)
    })
    const policy = new OriginPolicy({ origin: turning })
    assert.deepEqual([allows(policy, APP), allows(policy, 'https://attacker.example'), reads], [true, false, 1])
  })

  test('a list without an end is not followed', () => {
    const endless = new Proxy([APP], {
      get: (target, name) => name === Symbol.iterator ? function * () { for (;;) yield APP } : Reflect.get(target, name)
    })
    assert.equal(allows(new OriginPolicy({ origin: endless }), APP), true)
  })

  test('a RegExp compiled anew changes neither the policy nor its snapshot', () => {
    const given = /^https:\/\/app\.example\.com$/
    const policy = new OriginPolicy({ origin: [given] })
    given.compile('.*')
    policy.update(policy.snapshot())
    assert.equal(allows(policy, 'https://attacker.example'), false)
    assert.equal(allows(policy, APP), true)
  })

  test('a function that does not say how many parameters it has fails closed', async () => {
    const origin = new Proxy(() => true, {
      get () {
        throw new Error('length')
      },
      apply () {
        throw new Error('apply')
      }
    })
    assert.equal((await new OriginPolicy({ origin }).decide(APP)).reason, 'error')
  })

  test('keys of a prototype are unknown options', () => {
    assert.deepEqual(
      refused(JSON.parse('{"__proto__": {"origin": "*"}, "constructor": 1}')).issues.map(({ code, path }) =>
        `${code} ${path}`
      ),
      ['UNKNOWN_OPTION /__proto__', 'UNKNOWN_OPTION /constructor']
    )
    assert.equal(({} as { origin?: string }).origin, undefined)
  })

  test('nothing of the policy can be changed from outside', () => {
    const { options, warnings } = new OriginPolicy({
      origin: '*',
      methods: ['GET'],
      sameOrigin: ['a.example'],
      maxAge: 900
    })
    const values = [
      options, options.methods, options.exposedHeaders, options.sameOrigin, options.originExamples, warnings
    ]
    for (const value of values) {
      assert.ok(Object.isFrozen(value))
    }
  })
})

suite('the message', () => {
  test('cannot steer a terminal, by keys, values or hints', () => {
    const { message } = refused({
      'a\u001b[31m\nb': 1,
      origin: ['x\u009b31m', 'https://a\u202e.example'],
      methods: ['\u001b'],
      allowedHeaders: ['\u0007']
    })
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(message, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/)
    assert.match(message, /\/a\\u001b\[31m\\u000ab /)
  })

  test('stays short, however long and many the mistakes', () => {
    const long = 'a'.repeat(100_000)
    assert.ok(
      refused({
        origin: long,
        [long]: 1,
        methods: [`${long} `, `x ${long}`],
        allowedHeaders: `sec-${long}`,
        enforce: long,
        sameOrigin: [`${long}/`],
        originExamples: [long]
      }).message.length < 5000
    )
    const error = refused({ origin: Array.from({ length: 20_000 }, (_, n) => `bad${n}/`) })
    assert.equal(error.issues.length, 20_000)
    assert.match(error.message, /^fastify-io: 20000 mistakes in the options\n[^]*\n {2}and 19950 more$/)
    assert.ok(error.message.length < 20_000)
  })

  test('a great many unknown options are told in no time', () => {
    const begun = cpuTime()
    assert.equal(
      refused(Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`unknownoption${n}`, 1]))).issues.length,
      50_000
    )
    assert.ok(cpuTime() - begun < 2000)
  })
})
