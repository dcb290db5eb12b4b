import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { audienceOf, BlockKey } from '../../lib/sockets/handshake/block-key.ts'
import { StatelessHandshake } from '../../lib/sockets/handshake/handshake.ts'
import { ReplayGuard } from '../../lib/sockets/handshake/replay.ts'
import { TokenIssuer } from '../../lib/sockets/handshake/token.ts'

const WINDOW = 1 << 20

test('a token is good for one binding, and says who issued it, when, and in which order', () => {
  const issuer = new TokenIssuer()
  const tokens = ['', 'https://a.example'].map((binding) => issuer.issue(binding, 1000))
  assert.deepEqual(tokens.map((token) => token.length), [44, 44])
  const [own, other] = [issuer.verify(tokens[0]!, ''), issuer.verify(tokens[1]!, 'https://a.example')]
  assert.deepEqual([own!.instance, own!.issued, other!.count - own!.count], [issuer.instance, 1000, 1])
  for (const binding of ['https://a.example', '\n', 'https://a.example\n']) {
    assert.equal(issuer.verify(tokens[0]!, binding), undefined)
  }
  assert.equal(issuer.verify(tokens[1]!, ''), undefined)
})

test('tokens are made ahead, but each is a new one, for its ms and its origin', () => {
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
  for (let length = 0; length < token.length; length++) {
    assert.equal(issuer.verify(token.slice(0, length), ''), undefined)
  }
  assert.equal(issuer.verify(token + token, ''), undefined)
})

test('who comes back at once costs no cipher; who comes later is as welcome; a long origin is kept nowhere', (t) => {
  const issuer = new TokenIssuer()
  const tags = t.mock.method(BlockKey.prototype, 'tags').mock
  const [short, long] = ['https://a.example', `https://${'a'.repeat(248)}`]
  /** @returns how often the cipher was asked */
  const verify = (token: string, binding: string): number => {
    const before = tags.callCount()
    assert.equal(issuer.verify(token, binding)?.issued, 1000)
    return tags.callCount() - before
  }
  const [first, other] = [issuer.issue(short, 1000), issuer.issue(long, 1000)]
  assert.deepEqual([verify(first, short), verify(other, long)], [0, 1])
  assert.equal(issuer.verify(first, long), undefined)
  const tokens = Array.from({ length: 5000 }, () => issuer.issue(short, 1000))
  assert.equal(verify(first, short), 1, 'another has its place')
  const asked = tokens.map((token) => verify(token, short))
  assert.deepEqual(asked.slice(-3900), Array(3900).fill(0))
  assert.ok(asked[0] === 1)
})

test('numbers go on above 32 bits', (t) => {
  const issuer = new TokenIssuer()
  const counts = Array.from({ length: 3 }, () => issuer.verify(issuer.issue('', 1000), '')!.count)
  t.diagnostic(`from ${counts[0]}`)
  const guard = new ReplayGuard(45)
  for (const count of counts) assert.equal(guard.take(issuer.instance, count, 1000), true)
  // 5 random bytes: 1 in 256 starts below
  const starts = Array.from({ length: 40 }, () => new TokenIssuer()).map((one) =>
    one.verify(one.issue('', 1000), '')!.count
  )
  assert.ok(
    starts.some((start) => start > 2 ** 32) && starts.every((start) =>
      Number.isSafeInteger(start) && start < 2 ** 40 + 64
    )
  )
})

test('any other spelling of a token is none: base64 has several for the same bytes', () => {
  const issuer = new TokenIssuer()
  const token = issuer.issue('', 1000)
  // the alphabet of base64, which Buffer reads as well
  const standard = token.replaceAll('-', '+').replaceAll('_', '/')
  const spellings = [
    `${token}=`,
    standard === token ? `${token} ` : standard,
    ` ${token.slice(1)}`, `${token.slice(0, -1)}\u0100`, `${token.slice(0, 20)}${'é'.repeat(24)}`
  ]
  for (const other of spellings) {
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
  assert.equal(guard.take(2, first, 0), true, 'another process counts separately')
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

test('a fleet of any size: each process has a window, sized by what it issues', () => {
  const guard = new ReplayGuard(45_000)
  const fleet = Array.from({ length: 2000 }, (_, instance) => instance)
  const before = process.memoryUsage().arrayBuffers
  for (const instance of fleet) assert.equal(guard.take(instance, 2 ** 39 + instance, 100), true)
  assert.ok(process.memoryUsage().arrayBuffers - before < 2000 * 2048, 'no window of its full size')
  for (const instance of fleet) {
    assert.equal(guard.take(instance, 2 ** 39 + instance, 45_099), false, 'none was forgotten')
  }
})

test('a process is forgotten only when a token from a clock that goes ahead has expired too', () => {
  const guard = new ReplayGuard(45_000)
  assert.equal(guard.take(1, 7, 0), true)
  assert.equal(guard.take(2, 7, 90_000), true, 'a new process: time to forget old ones')
  assert.equal(guard.take(1, 7, 90_000), false)
  assert.equal(guard.take(3, 7, 180_002), true)
  assert.equal(guard.take(1, 7, 180_002), true, 'forgotten')
})

suite('what a handshake is good for', () => {
  const options = {
    pingInterval: 300,
    pingTimeout: 200,
    maxHttpBufferSize: 1e6,
    allowUpgrades: true,
    transports: ['polling', 'websocket']
  }
  const secrets = ['a secret that is long enough: 32+']
  const make = (audience = audienceOf('/socket.io/'), given: object = options) =>
    new StatelessHandshake(given as never, audience, secrets)
  const opened = (handshake: StatelessHandshake, binding = '') =>
    JSON.parse(handshake.open(binding).slice(1)) as Record<string, unknown> & { sid: string }

  for (const [name, ms, slack] of [['short', 250, 0], ['default', 22_500, 4]] as const) {
    test(`a lifetime is exact: not a ms less, and ${slack} ms more at most (${name})`, (t) => {
      const handshake = make(undefined, { ...options, pingInterval: ms, pingTimeout: ms })
      let now = 1_800_000_000_000
      t.mock.method(Date, 'now', () => now)
      for (let at = 0; at < 20; at++) {
        now = 1_800_000_000_000 + at
        const [early, late] = [opened(handshake).sid, opened(handshake).sid]
        now += 2 * ms
        assert.equal(handshake.redeem(early, ''), 'redeemed', `issued at ${at}`)
        now += slack + 1
        assert.equal(handshake.redeem(late, ''), 'expired', `issued at ${at}`)
      }
    })
  }

  test('a token from a clock that goes ahead is good once, also when its process was forgotten meanwhile', (t) => {
    let now = 1_800_000_000_000
    t.mock.method(Date, 'now', () => now)
    const [ahead, here] = [make(), make()]
    now += 490
    const { sid } = opened(ahead)
    now -= 490
    assert.equal(here.redeem(sid, ''), 'foreign')
    for (const later of [501, 400]) {
      now += later
      // another process, for which old ones are forgotten
      assert.equal(here.redeem(opened(make()).sid, ''), 'foreign')
      assert.equal(here.redeem(sid, ''), 'replayed')
    }
  })

  test('the 65th process of a fleet is served too', () => {
    const here = make()
    const fleet = Array.from({ length: 200 }, () => make())
    for (const other of fleet) assert.equal(here.redeem(opened(other).sid, ''), 'foreign')
  })

  test('a token is good on one server: path and name go into the key, apart from each other and the origin', () => {
    const audiences = [
      audienceOf('/a/socket.io/'),
      audienceOf('/b/socket.io/'),
      audienceOf('/socket.io/'),
      audienceOf('/socket.io'),
      audienceOf('/socket.io/', 'a'),
      audienceOf('/socket.io/', 'b'),
      audienceOf('a', '/socket.io/'),
      audienceOf('","', ''),
      audienceOf('', '","')
    ]
    const servers = audiences.map((audience) => make(audience))
    for (const [at, from] of servers.entries()) {
      for (const [other, to] of servers.entries()) {
        assert.equal(to.redeem(opened(from).sid, ''), at === other ? 'redeemed' : 'unknown')
      }
    }
    assert.equal(
      make('["","/a"]\n').redeem(opened(make('["","/a"]\nhttp://x'), '').sid, 'http://x'),
      'foreign',
      'why the text ends in a line feed'
    )
    assert.match(audienceOf('/a\nb', 'c\nd'), /^[^\n]*\n$/)
  })

  test('the open packet says what the options say now', () => {
    const given = { ...options }
    const handshake = make(undefined, given)
    const said = () => { const { sid: _, ...rest } = opened(handshake); return rest }
    assert.deepEqual(said(), { upgrades: ['websocket'], pingInterval: 300, pingTimeout: 200, maxPayload: 1e6 })
    Object.assign(given, { pingInterval: 1000, pingTimeout: 2000, maxHttpBufferSize: 5 })
    assert.deepEqual(said(), { upgrades: ['websocket'], pingInterval: 1000, pingTimeout: 2000, maxPayload: 5 })
    given.allowUpgrades = false
    assert.deepEqual(said().upgrades, [])
    Object.assign(given, { allowUpgrades: true, transports: ['polling'] })
    assert.deepEqual(said().upgrades, [])
  })
})
