import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReplayGuard } from '../../lib/sockets/replay.ts'
import { TokenIssuer } from '../../lib/sockets/token.ts'

const WINDOW = 1 << 20

test('a token is good for one binding, and says who issued it, when, and in which order', () => {
  const issuer = new TokenIssuer()
  const tokens = ['', 'https://a.example'].map((binding) => issuer.issue(binding, 1000))
  assert.deepEqual(tokens.map((token) => token.length), [44, 44])
  const [own, other] = [issuer.verify(tokens[0]!, ''), issuer.verify(tokens[1]!, 'https://a.example')]
  assert.deepEqual([own!.instance, own!.issued, other!.count - own!.count], [issuer.instance, 1000, 1])
  for (const binding of ['https://a.example', '\n', 'https://a.example\n']) assert.equal(issuer.verify(tokens[0]!, binding), undefined)
  assert.equal(issuer.verify(tokens[1]!, ''), undefined)
})

test('tokens are made ahead, but each is a new one, of its own second and its own origin', () => {
  const issuer = new TokenIssuer()
  const bindings = Array.from({ length: 200 }, (_, i) => `https://${i}.example`)
  const counts = new Set<number>()
  let issued = 0
  const issue = (binding: string, now: number): void => {
    const token = issuer.issue(binding, now)
    assert.equal(issuer.verify(token, ''), undefined)
    const claims = issuer.verify(token, binding)!
    assert.equal(claims.issued, now)
    counts.add(claims.count)
    issued++
  }
  for (let i = 0; i < 300; i++) issue('https://a.example', 1000)
  for (let i = 0; i < 5; i++) issue('https://a.example', 1001)
  for (const binding of [...bindings, ...bindings]) issue(binding, 1001)
  assert.equal(counts.size, issued)
  // what the replay window can tell apart must not be spent on tokens that nobody gets
  const all = [...counts]
  assert.ok(Math.max(...all) - Math.min(...all) <= 1.25 * issued)
})

test('what was made ahead is kept for the last 256 origins only', () => {
  const issuer = new TokenIssuer()
  const next = (binding: string): number => issuer.verify(issuer.issue(binding, 1000), binding)!.count
  const first = Array.from({ length: 100 }, () => next('https://a.example')).at(-1)!
  assert.equal(next('https://a.example'), first + 1)
  const others = Array.from({ length: 255 }, (_, i) => next(`https://${i}.example`))
  assert.equal(next('https://a.example'), first + 2, 'one of 256')
  next('https://257.example')
  assert.ok(next('https://a.example') > Math.max(...others), 'made anew')
})

test('a part of a token is none, at any length', () => {
  const issuer = new TokenIssuer()
  const token = issuer.issue('', 1000)
  for (let length = 0; length < token.length; length++) assert.equal(issuer.verify(token.slice(0, length), ''), undefined)
  assert.equal(issuer.verify(token + token, ''), undefined)
})

test('numbers go on above 32 bits', (t) => {
  const issuer = new TokenIssuer()
  const counts = Array.from({ length: 3 }, () => issuer.verify(issuer.issue('', 1000), '')!.count)
  t.diagnostic(`from ${counts[0]}`)
  const guard = new ReplayGuard(45)
  for (const count of counts) assert.equal(guard.take(issuer.instance, count, 1000), true)
  // 5 random bytes: 1 in 256 starts below
  const starts = Array.from({ length: 40 }, () => new TokenIssuer()).map((one) => one.verify(one.issue('', 1000), '')!.count)
  assert.ok(starts.some((start) => start > 2 ** 32) && starts.every((start) => Number.isSafeInteger(start) && start < 2 ** 40 + 64))
})

test('any other spelling of a token is none: base64 has several for the same bytes', () => {
  const issuer = new TokenIssuer()
  const token = issuer.issue('', 1000)
  for (const other of [`${token}=`, token.replaceAll('-', '+').replaceAll('_', '/') === token ? `${token} ` : token.replaceAll('-', '+').replaceAll('_', '/'), ` ${token.slice(1)}`, `${token.slice(0, -1)}\u0100`, `${token.slice(0, 20)}${'é'.repeat(24)}`]) {
    assert.equal(issuer.verify(other, ''), undefined, other)
  }
})

test('a token of another key is none, whatever its key id says', () => {
  const issuers = Array.from({ length: 300 }, () => new TokenIssuer())
  const token = issuers[0]!.issue('', 1000)
  for (const other of issuers.slice(1)) assert.equal(other.verify(token, ''), undefined)
})

test('used once, in any order, within the window', () => {
  const guard = new ReplayGuard(45)
  const first = 1_000_000_000
  for (const count of [first, first + 5, first + 2, first + 3]) assert.equal(guard.take(1, count, 0), true)
  for (const count of [first, first + 5, first + 2, first + 3]) assert.equal(guard.take(1, count, 0), false)
  assert.equal(guard.take(2, first, 0), true, 'another process counts by itself')
})

test('the window slides: what it passes is forgotten as used, never as new', () => {
  const guard = new ReplayGuard(45)
  assert.equal(guard.take(1, 10, 0), true)
  assert.equal(guard.take(1, 10 + WINDOW - 1, 0), true, 'the last number beside 10')
  assert.equal(guard.take(1, 10, 0), false)
  assert.equal(guard.take(1, 9, 0), false, 'older than the window: refused, though never used')
  assert.equal(guard.take(1, 10 + WINDOW, 0), true, 'the slot of 10, cleared by then')
  assert.equal(guard.take(1, 10, 0), false)
  assert.equal(guard.take(1, 11, 0), true, 'not used, and within')
  assert.equal(guard.take(1, 10 + 5 * WINDOW, 0), true, 'a leap clears it all')
  assert.equal(guard.take(1, 10 + 5 * WINDOW - 1, 0), true)
  assert.equal(guard.take(1, 10 + 4 * WINDOW, 0), false)
})

test('windows are bounded: a process is forgotten only when its tokens have expired', () => {
  const guard = new ReplayGuard(45)
  for (let instance = 0; instance < 64; instance++) assert.equal(guard.take(instance, 1, 100), true)
  assert.equal(guard.take(64, 1, 145), false, 'no room while all may still be used')
  assert.equal(guard.take(0, 1, 145), false, 'and nothing was forgotten for it')
  assert.equal(guard.take(64, 1, 191), true, 'room by then')
})
