import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigError, type CorsOptions, type Decision, OriginPolicy } from '../../lib/index.ts'
import { parseOrigin } from '../../lib/policy/origin/origin.ts'
import { parsePattern } from '../../lib/policy/origin/pattern.ts'
import { origins } from '../cases/origins.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.webUrl(),
  fc.string().map((s) => `https://${s}`),
  fc.constantFrom(
    ...origins.map(({ origin }) => origin).filter((origin): origin is string => typeof origin === 'string')
  )
)
const label = fc.stringMatching(/^[a-z0-9_-]{1,12}$/)
const host = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => [...labels, 'example'].join('.'))
const port = fc.option(fc.integer({ min: 1, max: 65535 }).filter((n) => n !== 80 && n !== 443), { nil: undefined })
const origin = fc.tuple(fc.constantFrom('https', 'http'), host, port).map(([scheme, name, number]) =>
  `${scheme}://${name}${number === undefined ? '' : `:${number}`}`
)

const sync = (decision: Decision | Promise<Decision>): Decision => decision as Decision

test('the parser never throws, and what it takes is what it gives', () => {
  fc.assert(fc.property(text, (candidate) => {
    const parsed = parseOrigin(candidate)
    if (parsed !== undefined) {
      assert.equal(`${parsed.scheme}://${parsed.host}${parsed.port && `:${parsed.port}`}`, candidate)
    }
  }))
})

test('every web origin parses, and the URL class agrees', () => {
  fc.assert(fc.property(fc.webUrl({ validSchemes: ['http', 'https'] }), (url) => {
    const serialised = new URL(url).origin
    assert.notEqual(parseOrigin(serialised), undefined, serialised)
  }))
  fc.assert(fc.property(text, (candidate) => {
    if (!/^https?:/.test(candidate) || parseOrigin(candidate) === undefined) return
    // what is taken is already serialised: no browser would send it otherwise
    if (URL.canParse(candidate)) assert.equal(new URL(candidate).origin, candidate)
  }))
})

test('IPv4 and IPv6 as the URL class serialises them', () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6().map((ip) => `[${ip}]`)), (ip) => {
    const { origin: serialised } = new URL(`http://${ip}`)
    assert.notEqual(parseOrigin(serialised), undefined, serialised)
    assert.equal(parseOrigin(`http://${ip}`) !== undefined, `http://${ip}` === serialised)
  }))
})

test('no input makes decide, explain or hint throw', () => {
  const policies = origins.filter(({ cors }) => typeof cors.origin !== 'function').map(({ cors }) =>
    new OriginPolicy(cors)
  )
  fc.assert(fc.property(fc.constantFrom(...policies), text, (policy, candidate) => {
    const decision = sync(policy.decide(candidate, { protocol: 'http', host: candidate, headers: {} }))
    assert.equal(typeof policy.hint(candidate, decision), 'string')
    const alone = sync(policy.decide(candidate))
    assert.equal(/ is allowed/.test(policy.explain(candidate)), alone.allowed, 'explain agrees with decide')
    if (!alone.allowed) assert.equal(alone.allowOrigin, undefined)
  }))
})

test('nor does what is no string', () => {
  const policy = new OriginPolicy({ origin: '*' })
  for (const odd of [5, {}, [], true, Symbol.iterator, () => {}] as never[]) {
    assert.equal(sync(policy.decide(odd)).reason, 'malformed')
    policy.explain(odd)
  }
  assert.equal(sync(policy.decide(null as never)).reason, 'missing')
  assert.equal(sync(policy.decide(undefined, {} as never)).reason, 'missing')
})

test('an exact policy allows exactly its own strings', () => {
  fc.assert(
    fc.property(fc.uniqueArray(origin, { minLength: 1, maxLength: 20 }), fc.oneof(origin, text), (list, asked) => {
      const policy = new OriginPolicy({ origin: list })
      for (const own of list) assert.equal(sync(policy.decide(own)).allowed, true)
      assert.equal(sync(policy.decide(asked)).allowed, list.includes(asked))
    })
  )
})

test('what a pattern allows parses again, to a host under it', () => {
  fc.assert(
    fc.property(
      host,
      fc.constantFrom('', ':*', ':8443'),
      fc.oneof(origin, text, fc.tuple(label, fc.constantFrom('', ':8443', ':1')).map(([l, p]) => `${l}|${p}`)),
      (name, ports, asked) => {
        const pattern = `https://*.${name}${ports}`
        if (parsePattern(pattern) === undefined) return
        const candidate = asked.includes('|') ? `https://${asked.replace('|', `.${name}`)}` : asked
        const policy = new OriginPolicy({ origin: pattern })
        if (!sync(policy.decide(candidate)).allowed) return
        const parsed = parseOrigin(candidate)!
        assert.ok(parsed.host.endsWith(`.${name}`) && parsed.scheme === 'https')
        assert.equal(new URL(candidate).hostname.endsWith(`.${name}`), true)
        if (ports !== ':*') assert.equal(parsed.port, ports.slice(1))
      }
    ),
    { numRuns: 500 }
  )
})

test('validation throws nothing but ConfigError, whatever it is given', () => {
  const names = fc.constantFrom(
    'origin', 'credentials', 'methods', 'allowedHeaders', 'exposedHeaders', 'maxAge', 'sameOrigin', 'originCache',
    'dangerously', 'originExamples', '__proto__', 'constructor', 'x'
  )
  const value = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true
    }),
    text,
    fc.array(text)
  )
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.dictionary(names, value)), (cors) => {
      try {
        const policy = new OriginPolicy(cors as CorsOptions)
        policy.update(policy.snapshot())
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error))
      }
    }),
    { numRuns: 1000 }
  )
  const trap = new Proxy({}, {
    get () {
      throw new Error('get')
    },
    ownKeys () {
      throw new Error('ownKeys')
    },
    has () {
      throw new Error('has')
    }
  })
  const cyclic: { origin?: unknown } = {}
  cyclic.origin = [cyclic]
  const odds = [trap, { origin: trap }, { origin: [trap] }, { dangerously: trap }, cyclic, { origin: new Array(5) }]
  for (const odd of odds) {
    assert.throws(() => new OriginPolicy(odd as never), ConfigError)
  }
})

test('update(snapshot()) is the identity', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(origin, { minLength: 1 }),
      fc.option(fc.integer({ min: -1, max: 86400 }), { nil: undefined }),
      origin,
      (list, maxAge, asked) => {
        const policy = new OriginPolicy({ origin: list, ...(maxAge !== undefined && { maxAge }) })
        const before = [policy.options, policy.snapshot(), policy.decide(asked)]
        policy.update(policy.snapshot())
        assert.deepEqual([policy.options, policy.snapshot(), policy.decide(asked)], before)
      }
    )
  )
})
