import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ConfigError, OriginPolicy, PolicyConflictError, type PolicyStore } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { allows, follow, has, initial, secret, text } from '../support/stored.ts'
import { until } from '../support/until.ts'

const B = 'https://b.example'
const C = 'https://c.example'

suite('what is stored', () => {
  test('is initial, when nothing was; two that begin at once agree', async (t) => {
    const store = new MemoryStore()
    const [a, b] = await Promise.all([follow(t, store), follow(t, store, { initial: { origin: B } })])
    assert.equal(store.writes, 1)
    assert.deepEqual([a.shared.version, b.shared.version], [1, 1])
    assert.deepEqual(b.shared.policy.snapshot(), { origin: ORIGIN })
    assert.deepEqual(a.infos, ['origin policy: version 1 from memory:origins is in force'])
  })

  test('counts more than initial, and outlives all who knew it', async (t) => {
    const store = new MemoryStore()
    const first = await follow(t, store)
    const version = await first.shared.publish({ origin: B, credentials: true })
    await first.shared.close()
    const { shared } = await follow(t, store)
    assert.deepEqual([shared.version, shared.policy.snapshot()], [version, { origin: B, credentials: true }])
  })

  test('is readable: one line of JSON, and with a secret one with its HMAC', async (t) => {
    const store = new MemoryStore()
    const { shared } = await follow(t, store)
    const { time, ...others } = JSON.parse(store.text!)
    assert.deepEqual(others, { version: 1, policy: initial })
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000)
    await shared.close()
    const signed = new MemoryStore()
    await follow(t, signed, { secret })
    assert.match(signed.text!, /^\{"version":1,.*\}\nhmac-sha256=[\w-]{43}$/)
  })

  test('needs no name: read and write are enough', async (t) => {
    const memory = new MemoryStore()
    const store: PolicyStore = {
      read: () => memory.read(),
      write: (text, revision) => memory.write(text, revision)
    }
    const first = await follow(t, store, { secret })
    assert.deepEqual(first.infos, ['origin policy: version 1 from policy store is in force'])
    await first.shared.publish({ origin: B })
    const second = await follow(t, store, { secret })
    assert.deepEqual(second.shared.policy.snapshot(), { origin: B })
  })

  test('keeps every option, and RegExps with their flags', async (t) => {
    const store = new MemoryStore()
    const [a, b] = [await follow(t, store), await follow(t, store)]
    const cors = {
      origin: [ORIGIN, 'https://*.example.org', /^https:\/\/PR-\d+\.example\.com$/iu, /^https:\/\/x\/?\.example\.com$/],
      credentials: true,
      methods: ['GET'],
      maxAge: -1,
      sameOrigin: ['api.example.com'],
      originCache: { max: 1, ttl: 2 },
      dangerously: { unsafeRegExp: true }
    }
    await a.shared.publish(cors)
    await has(b, 'https://pr-12.example.com')
    assert.deepEqual(b.shared.policy.snapshot(), cors)
    assert.deepEqual(b.shared.policy.options, new OriginPolicy(cors).options)
    await a.shared.publish({ origin: /^https:\/\/single\.example$/ })
    await has(b, 'https://single.example')
    // what has travelled can be published again, as a policy too
    await b.shared.publish(b.shared.policy)
    assert.deepEqual(b.shared.policy.snapshot(), { origin: /^https:\/\/single\.example$/ })
  })
})

suite('publish', () => {
  test('is in force here when it resolves, and soon everywhere; listeners see the new version', async (t) => {
    const store = new MemoryStore()
    const [a, b] = [await follow(t, store), await follow(t, store)]
    const seen: number[] = []
    for (const { shared } of [a, b]) shared.policy.onChange(() => { seen.push(shared.version) })
    const version = await a.shared.publish({ origin: B })
    assert.deepEqual([a.shared.version, allows(a.shared, B), allows(a.shared, ORIGIN)], [version, true, false])
    await has(b, B)
    assert.deepEqual([b.shared.version, seen], [version, [version, version]])
    assert.ok(await b.shared.publish({ origin: C }) > version)
  })

  test('writes nothing for what is not valid, a function included; every mistake is named', async (t) => {
    const store = new MemoryStore()
    const { shared } = await follow(t, store)
    const before = store.text
    const paths = async (cors: unknown): Promise<string[]> => {
      const error: unknown = await shared.publish(cors as never).then(() => assert.fail('published'), (error) => error)
      assert.ok(error instanceof ConfigError)
      return error.issues.map(({ path, code }) => `${path} ${code}`)
    }
    assert.deepEqual(await paths({ origin: ['x/', B] }), ['/origin/0 ORIGIN_INVALID'])
    assert.deepEqual(await paths({ origin: () => true }), ['/origin INVALID_TYPE'])
    assert.deepEqual(await paths({ origin: () => true, maxAge: -5 }), ['/maxAge MAX_AGE_RANGE', '/origin INVALID_TYPE'])
    assert.deepEqual(await paths(undefined), [' INVALID_TYPE'])
    assert.deepEqual(await paths(null), [' INVALID_TYPE'])
    const many = Array.from({ length: 40_000 }, (_, at) => `https://customer-${at}.example.com`)
    assert.deepEqual(await paths({ origin: many }), [' INVALID_TYPE'])
    assert.deepEqual([store.text, shared.version, allows(shared, ORIGIN)], [before, 1, true])
  })

  test('with ifVersion, of two at once one gets a PolicyConflictError', async (t) => {
    const store = new MemoryStore()
    const [a, b] = [await follow(t, store), await follow(t, store)]
    const results = await Promise.allSettled([
      a.shared.publish({ origin: B }, { ifVersion: a.shared.version }),
      b.shared.publish({ origin: C }, { ifVersion: b.shared.version })
    ])
    const won = results.find((result) => result.status === 'fulfilled')!.value
    const { reason } = results.find((result) => result.status === 'rejected')!
    assert.ok(reason instanceof PolicyConflictError)
    assert.deepEqual([reason.code, reason.expected, reason.actual], ['FST_IO_POLICY_CONFLICT', 1, won])
    assert.match(
      reason.message,
      /^fastify-io: version 1 of the policy is not stored any more, version \d+ is; nothing was/
    )
    // the loser has not read it yet: what is stored counts, not what is in force here
    assert.ok(await b.shared.publish({ origin: C }, { ifVersion: won }) > won)
  })

  test('without ifVersion, all that are at once succeed one after the other, and all end with the same', async (t) => {
    const store = new MemoryStore()
    const members = await Promise.all(Array.from({ length: 8 }, () => follow(t, store)))
    const versions = await Promise.all(members.map(({ shared }, at) =>
      shared.publish({ origin: `https://n${at}.example` })))
    assert.equal(new Set(versions).size, 8)
    const last = Math.max(...versions)
    await until(() => members.every(({ shared }) => shared.version === last), 'the last version is in force')
    const origin = `https://n${versions.indexOf(last)}.example`
    assert.deepEqual(members.map(({ shared }) => shared.policy.snapshot().origin), Array(8).fill(origin))
  })

  test('a write whose answer was lost, and that is sent again, is no conflict', async (t) => {
    const store = new MemoryStore()
    const { shared } = await follow(t, store)
    const { write } = store
    // as ioredis does: the first write has been done, the second one loses against it
    store.write = async (text, revision) => {
      await write.call(store, text, revision)
      store.write = write
      return write.call(store, text, revision)
    }
    const version = await shared.publish({ origin: B }, { ifVersion: 1 })
    assert.deepEqual([JSON.parse(store.text!).version, store.writes], [version, 2])
  })

  test('gives up where others always come first', async (t) => {
    const store = new MemoryStore()
    const { shared } = await follow(t, store)
    store.write = async () => false
    await assert.rejects(shared.publish({ origin: B }), /others wrote to memory:origins 100 times meanwhile/)
  })
})

suite('a stored text that is not valid changes nothing, and is logged once', () => {
  const past = '2020-01-01T00:00:00.000Z'
  const rows: Record<string, [string, string]> = {
    'no JSON': ['{', 'holds no policy: it is not JSON: '],
    'another value': ['[]', 'holds no policy: no `version`'],
    null: ['null', 'holds no policy: no `version`'],
    'a version that is no number': [text(initial, '7'), 'holds no policy: no `version`'],
    'a version that cannot be counted on': [text(initial, 2 ** 53), 'holds no policy: no `version`'],
    'no time': [text(initial, 7, 'yesterday'), 'holds no policy: no `time`'],
    'no policy': [text('*', 7, past), 'holds no policy: no `policy`'],
    'three lines': [`${text(initial)}\n\n`, 'holds no policy: it has more than two lines'],
    'a signed text': [
      `${text(initial)}\nhmac-sha256=x`,
      'is signed, and this process has no `secret`; give every process the same'
    ],
    'a mistake': [
      text({ origin: ['https://x.example/', 'y'] }, 7),
      'holds a policy with a mistake: /origin/0 "https://x.example/" is not an origin'
    ],
    'no RegExp': [text({ origin: { regexp: '(', flags: '' } }, 7), 'holds a policy with a mistake: /origin must be'],
    'a RegExp that lets an attacker in': [
      text({ origin: { regexp: 'example\\.com', flags: '' } }, 7),
      'holds a policy with a mistake: /origin the regexp accepts https://example.com.attacker'
    ],
    'members of no option': [
      `{"version":7,"time":"${past}","policy":{"__proto__":{"origin":"*"}}}`,
      'holds a policy with a mistake: /__proto__ '
    ],
    'more than a policy can be': [`${text({ origin: B }, 7)}${' '.repeat(2 ** 20)}`, 'holds more than 1048576 bytes']
  }

  for (const [what, [stored, line]] of Object.entries(rows)) {
    test(what, async (t) => {
      const store = new MemoryStore()
      const member = await follow(t, store, { pollInterval: 100 })
      store.put(stored)
      await until(() => member.errors.length > 0, 'it is logged')
      const { reads } = store
      await until(() => store.reads > reads + 2, 'it is read again')
      assert.equal(member.errors.length, 1)
      assert.ok(member.errors[0]!.startsWith(`origin policy kept: memory:origins ${line}`), member.errors[0]!)
      assert.ok(!member.errors[0]!.includes('\n'))
      assert.deepEqual([member.shared.version, allows(member.shared, ORIGIN), allows(member.shared, B)], [
        1,
        true,
        false
      ])
      assert.equal(store.text, stored)
      await assert.rejects(
        follow(t, store),
        (error: Error) => error.message.startsWith(`fastify-io: memory:origins ${line}`)
      )
      // it holds up neither a publication nor a start with `initial`
      const late = await follow(t, store, { whenDown: 'initial' })
      assert.deepEqual([late.shared.version, late.errors.length], [0, 1])
      await assert.rejects(
        member.shared.publish({ origin: B }, { ifVersion: 1 }),
        (error: PolicyConflictError) =>
          error.actual ===
            (stored.includes('"version":7') && !line.includes('bytes') && !line.includes('no `') ? 7 : undefined)
      )
      const version = await member.shared.publish({ origin: B })
      await has(late, B)
      assert.equal(late.shared.version, version)
    })
  }
})
