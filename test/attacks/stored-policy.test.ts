// Whoever can write to the store of a policy, and does not have the secret, changes nothing. Neither do old values.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { allows, follow, has, secret, text } from '../support/stored.ts'
import { until } from '../support/until.ts'

const EVIL = 'https://attacker.example'
const B = 'https://b.example'
const other = 'another secret that is long enough'

class Elsewhere extends MemoryStore {
  override readonly name: string = 'memory:staging'
}

suite('with a secret', () => {
  const forged = text({ origin: EVIL }, 2 ** 50)
  const signature = (key: string, body: string): string =>
    `hmac-sha256=${createHmac('sha256', key).update(body).digest('base64url')}`
  const WRONG = 'has a wrong HMAC: its writer has another `secret`, or none and wrote it all the same'
  const UNSIGNED = 'is not signed, and this process has a `secret`; give every process the same'

  const attacks: Record<string, [(signed: string) => string | Promise<string>, string]> = {
    'a text without an HMAC': [() => forged, UNSIGNED],
    'an HMAC by another secret': [
      () => `${forged}\n${signature(other, `fastify-io policy\nmemory:origins\n${forged}`)}`,
      WRONG
    ],
    'an HMAC of the policy alone': [() => `${forged}\n${signature(secret, forged)}`, WRONG],
    'the HMAC of what is stored': [(signed) => `${forged}\n${signed.split('\n')[1]}`, WRONG],
    'an HMAC of nothing': [() => `${forged}\nhmac-sha256=`, WRONG],
    'a part of the HMAC': [(signed) => `${signed.slice(0, -10)}`, WRONG],
    'another prefix': [(signed) => signed.replace('hmac-sha256', 'hmac-sha512'), WRONG],
    'a version that is altered': [(signed) => signed.replace(/"version":\d+/, '"version":9007199254740991'), WRONG],
    'an origin that is altered': [(signed) => signed.replace(ORIGIN, EVIL), WRONG],
    'a signed text of another store': [async () => {
      const staging = new Elsewhere()
      const { shared } = await follow({ after: () => {} }, staging, { secret })
      await shared.publish({ origin: EVIL })
      await shared.close()
      return staging.text!
    }, WRONG]
  }
  for (const [what, [forge, line]] of Object.entries(attacks)) {
    test(`${what} changes nothing, and is logged once`, async (t) => {
      const store = new MemoryStore()
      const member = await follow(t, store, { secret, pollInterval: 100 })
      const signed = store.text!
      store.put(await forge(signed))
      assert.notEqual(store.text, signed)
      await until(() => member.errors.length > 0, 'it is logged')
      const { reads } = store
      await until(() => store.reads > reads + 2, 'it is read again')
      assert.deepEqual(member.errors, [`origin policy kept: memory:origins ${line}`])
      assert.deepEqual([member.shared.version, allows(member.shared, EVIL)], [1, false])
      await assert.rejects(follow(t, store, { secret }), {
        message: new RegExp(`^fastify-io: memory:origins ${line.slice(0, 20)}`)
      })
      await member.shared.publish({ origin: B })
      assert.match(store.text!, /b\.example/)
    })
  }

  test('an older text with a right HMAC is ignored, and the policy in force is stored again', async (t) => {
    const store = new MemoryStore()
    const [a, b] = [await follow(t, store, { secret }), await follow(t, store, { secret })]
    const first = store.text!
    await a.shared.publish({ origin: EVIL })
    const evil = store.text!
    const version = await a.shared.publish({ origin: B })
    await has(b, B)
    const current = store.text!
    for (const old of [evil, first]) {
      const before = a.errors.length + b.errors.length
      store.put(old)
      await until(() => store.text === current, 'it is put back')
      await until(() => a.errors.length + b.errors.length > before, 'it is logged')
      assert.deepEqual([allows(a.shared, EVIL), allows(b.shared, EVIL), allows(a.shared, B)], [false, false, true])
    }
    assert.deepEqual([a.shared.version, b.shared.version], [version, version])
    assert.ok([...a.errors, ...b.errors].includes(
      `origin policy kept: memory:origins held version 1, which is older; version ${version} is stored again`))
    // a start in between
    store.put(first)
    await until(() => store.text === current, 'it is put back')
    assert.equal((await follow(t, store, { secret })).shared.version, version)
  })

  test('a secret is changed without a gap: the first signs, all verify', async (t) => {
    const store = new MemoryStore()
    const [old, both] = [await follow(t, store, { secret: other }), await follow(t, store, { secret: [other, secret] })]
    const last = await follow(t, store, { secret: [secret, other] })
    await old.shared.publish({ origin: B })
    await has(last, B)
    await last.shared.publish({ origin: EVIL })
    await has(both, EVIL)
    await follow(t, store, { secret })
    assert.deepEqual([...both.errors, ...last.errors], [])
  })
})

suite('without a secret', () => {
  test('a process that has one trusts nothing, and one that has none does not drop a signature', async (t) => {
    const store = new MemoryStore()
    await follow(t, store)
    await assert.rejects(follow(t, store, { secret }), /memory:origins is not signed/)
    const signed = new MemoryStore()
    await follow(t, signed, { secret })
    await assert.rejects(follow(t, signed), /memory:origins is signed, and this process has no `secret`/)
  })
})

suite('a flood', () => {
  test('of announcements is no flood of reads', async (t) => {
    const store = new MemoryStore()
    const { shared } = await follow(t, store)
    const began = performance.now()
    const { reads } = store
    await until(() => {
      for (let n = 0; n < 1000; n++) store.announce()
      return store.reads > reads + 3
    }, 'some reads')
    assert.ok(store.reads - reads <= (performance.now() - began) / 100 + 2)
    const version = await shared.publish({ origin: B })
    assert.equal(shared.version, version)
  })

  test('of texts that are not valid fills no log, and hides no policy', async (t) => {
    const store = new MemoryStore()
    const { shared, errors } = await follow(t, store, { pollInterval: 100 })
    let n = 0
    await until(() => {
      const { reads } = store
      if (reads > n) store.put(`junk ${n = reads}`)
      return n > 16
    }, 'many texts')
    assert.ok(errors.length > 5 && errors.length <= 10, `${errors.length} lines`)
    assert.match(errors[9] ?? '', /^$|; no more lines of this kind for a minute$/)
    store.put(text({ origin: B }, 5))
    await until(() => shared.version === 5, 'the policy')
  })

  test('of line breaks and escapes stays in one line', async (t) => {
    const store = new MemoryStore()
    const { errors } = await follow(t, store)
    store.put(text({ 'a\n\u001b[2J\u2028b': true }))
    await until(() => errors.length > 0, 'it is logged')
    assert.doesNotMatch(errors[0]!, /\p{Cc}|\p{Zl}/u)
  })
})

test('a text is not parsed before its HMAC is right', async (t) => {
  const store = new MemoryStore()
  const { errors } = await follow(t, store, { secret })
  const { parse } = JSON
  t.mock.method(JSON, 'parse', (source: string) => {
    assert.doesNotMatch(source, /attacker/)
    return parse(source)
  })
  store.put(`${text({ origin: EVIL })}\nhmac-sha256=${'x'.repeat(43)}`)
  await until(() => errors.length > 0, 'it is logged')
  assert.match(errors[0]!, /wrong HMAC/)
})
