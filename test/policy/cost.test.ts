import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OriginPolicy } from '../../lib/index.ts'
import { cpuTime } from '../support/pace.ts'

// A large policy beside a small one, in CPU time: neither a busy machine nor a slow one fails. The figures themselves
// are in the benchmark (npm run bench).

const exact = Array.from({ length: 100_000 }, (_, n) => `https://app-${n}.example-${n % 977}.com`)
const patterns = Array.from({ length: 10_000 }, (_, n) => `https://*.tenant-${n}.example.org`)

/** ns, of the best of several rounds */
function costOf (policy: OriginPolicy, origin: string): number {
  let best = Infinity
  for (let round = 0; round < 15; round++) {
    const begun = cpuTime()
    for (let n = 0; n < 5000; n++) policy.decide(origin)
    best = Math.min(best, cpuTime() - begun)
  }
  return best * 200
}

/** ms of CPU for the making of a policy, of the best of three */
function compileCost (origin: string[]): number {
  return Math.min(...Array.from({ length: 3 }, () => {
    const begun = cpuTime()
    new OriginPolicy({ origin, credentials: true }) // eslint-disable-line no-new
    return cpuTime() - begun
  }))
}

test('100,000 origins and 10,000 patterns compile at the cost, for each, of a tenth as many', () => {
  const few = compileCost([...exact.slice(0, 10_000), ...patterns.slice(0, 1000)])
  const many = compileCost([...exact, ...patterns])
  assert.ok(many < few * 10 * 2 + 100, `${many.toFixed(0)} ms, and ${few.toFixed(0)} ms for a tenth`)
})

test('a decision among them costs no more than among three', () => {
  const large = new OriginPolicy({ origin: [...exact, ...patterns] })
  const small = new OriginPolicy({ origin: [exact[7]!, exact[8]!, patterns[7]!] })
  const origins = [
    exact[7]!,
    'https://a.b.tenant-7.example.org',
    'https://attacker.test',
    `https://${'a.'.repeat(120)}example.org`,
    `${exact[7]!}/`,
    'x'.repeat(8000)
  ]
  for (const origin of origins) {
    const [few, many] = [costOf(small, origin), costOf(large, origin)]
    assert.ok(
      many < few * 2 + 100,
      `${origin.slice(0, 40)}: ${many.toFixed(0)} ns among many, ${few.toFixed(0)} ns among three`
    )
  }
})

test("an attacker's long origin costs no more than the parser's bound", () => {
  const policy = new OriginPolicy({ origin: patterns })
  const bound = costOf(policy, `https://${'a.'.repeat(120)}example.org`)
  const answered = [
    `https://${'a.'.repeat(100_000)}example.org`,
    `https://${'a'.repeat(200_000)}`,
    '['.repeat(200_000),
    `https://[${':'.repeat(200_000)}]`,
    'https://'.repeat(20_000)
  ]
  for (const origin of answered) {
    assert.ok(costOf(policy, origin) < bound + 100, origin.slice(0, 40))
  }
})
