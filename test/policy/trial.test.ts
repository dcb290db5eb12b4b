import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { ConfigError, type CorsOptions, OriginPolicy, type TrialDifference } from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { ask, POLLING, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const NEW = 'https://new.example.com'
const EVIL = 'https://attacker.example'

const seenBy = (policy: OriginPolicy, cors: CorsOptions): { seen: TrialDifference[], end: () => object } => {
  const seen: TrialDifference[] = []
  return { seen, end: policy.trial(cors, (difference) => { seen.push(difference) }) }
}

suite('a trial', () => {
  test('tells of what differs, in both directions, and of nothing else', () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const { seen, end } = seenBy(policy, { origin: NEW })
    for (const origin of [ORIGIN, NEW, EVIL, 'null', undefined]) policy.decide(origin)
    assert.deepEqual(seen.map(({ trial, origin, now, next }) => [trial, origin, now.reason, next.reason]), [
      [1, ORIGIN, 'exact', 'not-listed'],
      [1, NEW, 'not-listed', 'exact']
    ])
    assert.match(seen[0]!.hint, /^https:\/\/app\.example\.com is not allowed.*Add it to cors\.origin/)
    assert.equal(seen[1]!.hint, '')
    assert.deepEqual(end(), { compared: 5, opened: 1, closed: 1, skipped: 0 })
  })

  test('has no say', () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    policy.trial({ origin: '*' })
    assert.equal((policy.decide(EVIL) as { allowed: boolean }).allowed, false)
    assert.equal((policy.decide(ORIGIN) as { allowOrigin: string }).allowOrigin, ORIGIN)
    assert.equal(policy.options.enforce, 'sockets')
    assert.deepEqual(policy.snapshot(), { origin: ORIGIN })
  })

  test('with mistakes does not begin, and changes nothing', () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const { seen, end } = seenBy(policy, { origin: NEW })
    assert.throws(() => policy.trial({ origin: 'https://Example.com/' }), (error) =>
      error instanceof ConfigError && error.issues[0]!.path === '/origin')
    policy.decide(NEW)
    assert.equal(seen.length, 1)
    assert.deepEqual(end(), { compared: 1, opened: 1, closed: 0, skipped: 0 })
  })

  test('ends, once and for all', async () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const answers: ((allowed: boolean) => void)[] = []
    const { seen, end } = seenBy(policy, { origin: () => new Promise<boolean>((resolve) => { answers.push(resolve) }) })
    policy.decide(EVIL)
    const result = end()
    answers[0]!(true)
    await new Promise(setImmediate)
    policy.decide(NEW)
    assert.equal(answers.length, 1, 'nothing is asked any more')
    assert.deepEqual([seen, end()], [[], result])
    assert.deepEqual(result, { compared: 0, opened: 0, closed: 0, skipped: 0 })
  })

  test('outlives an update, and compares with what is then in force', () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const { seen } = seenBy(policy, { origin: NEW })
    policy.update({ origin: NEW })
    policy.decide(NEW)
    assert.deepEqual(seen, [])
    policy.update({ origin: EVIL })
    policy.decide(NEW)
    assert.deepEqual(seen.map(({ origin }) => origin), [NEW])
  })

  test('several have their numbers', () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const all: number[] = []
    const ends = [NEW, EVIL].map((origin) => policy.trial({ origin }, ({ trial }) => { all.push(trial) }))
    policy.decide(NEW)
    ends[0]!()
    policy.decide(ORIGIN)
    assert.deepEqual(all, [1, 2])
  })
})

suite('a function on trial cannot harm', () => {
  test('by being slow: the decision does not wait', async () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const { seen } = seenBy(policy, { origin: (_origin, _callback) => {}, originTimeout: 20 })
    assert.ok(!(policy.decide(EVIL) instanceof Promise))
    assert.ok(!(policy.decide(ORIGIN) instanceof Promise))
    // its timer does not keep the process alive
    const alive = setInterval(() => {}, 1000)
    await until(() => seen.length > 0, 'the timeout is a difference')
    clearInterval(alive)
    assert.deepEqual(seen.map(({ next }) => next.reason), ['timeout'])
  })

  test('by throwing, or rejecting, in its listener too', async (t) => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const failed: unknown[] = []
    policy.onError((error) => failed.push(error))
    const reasons: string[] = []
    const note = ({ next }: TrialDifference): void => { reasons.push(next.reason) }
    policy.trial({ origin: () => { throw new Error('bug') } }, note)
    policy.trial({ origin: async () => { throw new Error('no database') } }, note)
    policy.trial({ origin: NEW }, () => { throw new Error('listener') })
    const warned = once(process, 'warning')
    assert.equal((policy.decide(ORIGIN) as { allowed: boolean }).allowed, true)
    assert.deepEqual(policy.decide(EVIL), { allowed: false, reason: 'not-listed', allowOrigin: undefined })
    await until(() => reasons.length >= 2, 'both have failed')
    assert.deepEqual(reasons.sort(), ['error', 'error'])
    assert.deepEqual(failed, [], 'the policy in force has not failed')
    assert.equal(((await warned)[0] as Error).message, 'listener')
    assert.ok(t)
  })

  test('by piling up questions', async () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const answers: ((allowed: boolean) => void)[] = []
    const { seen, end } = seenBy(policy, {
      origin: () => new Promise<boolean>((resolve) => { answers.push(resolve) })
    })
    for (let n = 0; n < 1000; n++) policy.decide(`https://a${n}.attacker.example`)
    assert.equal(answers.length, 256)
    for (const answer of answers) answer(true)
    await until(() => seen.length === 256, 'those that were asked are compared')
    assert.deepEqual(end(), { compared: 256, opened: 256, closed: 0, skipped: 744 })
  })
})

test('a function in force that takes its time is compared too', async () => {
  const policy = new OriginPolicy({ origin: async (origin: string) => origin === ORIGIN })
  const { seen } = seenBy(policy, { origin: NEW })
  const decisions = await Promise.all([policy.decide(ORIGIN), policy.decide(NEW)])
  assert.deepEqual(decisions.map(({ allowed }) => allowed), [true, false])
  await until(() => seen.length === 2, 'both are told of')
})

suite('under the plugin', () => {
  test('one line a minute for each origin and direction, and a message for each', async (t) => {
    const { app, port, lines } = await logging(t, { cors: { origin: ORIGIN } })
    const heard: TrialDifference[] = []
    const listener = (message: unknown): void => { heard.push(message as TrialDifference) }
    subscribe('fastify-io:trial', listener)
    t.after(() => { unsubscribe('fastify-io:trial', listener) })
    const end = app.originPolicy.trial({ origin: NEW })
    for (let n = 0; n < 3; n++) {
      assert.equal((await ask(port, POLLING, { headers: { origin: ORIGIN } })).status, 200)
      assert.equal((await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin: NEW } })).status, 403)
    }
    const told = lines.filter(({ trial }) => trial !== undefined)
    assert.deepEqual(told.map(({ level, origin, now, next, count }) => [level, origin, now, next, count]), [
      [40, ORIGIN, 'exact', 'not-listed', 1],
      [40, NEW, 'not-listed', 'exact', 1]
    ])
    assert.match(told[0]!.msg, /^trial: allowed now \(exact\), and would be refused \(not-listed\): https:\/\/app\.ex/)
    assert.equal(told[1]!.msg, 'trial: refused now (not-listed), and would be allowed (exact)')
    assert.equal(heard.length, 6)
    assert.deepEqual(end(), { compared: 6, opened: 3, closed: 3, skipped: 0 })
  })

  test('live sessions, which an update asks about, are no requests', async (t) => {
    const { app, own } = await logging(t, { cors: { origin: ORIGIN } })
    app.io.of('/admin').use(app.narrowOrigin({ origin: ORIGIN }).namespace)
    await connect(t, `${own}/admin`, { transports: ['websocket'] })
    const end = app.originPolicy.trial({ origin: NEW })
    app.originPolicy.update({ origin: [ORIGIN, EVIL] })
    assert.deepEqual(end(), { compared: 0, opened: 0, closed: 0, skipped: 0 })
    assert.equal(app.io.of('/admin').sockets.size, 1)
  })

  test('two apps with one policy: each logs its own requests', async (t) => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const one = await logging(t, { cors: policy })
    const two = await logging(t, { cors: policy })
    policy.trial({ origin: NEW })
    await ask(one.port, POLLING, { headers: { origin: ORIGIN } })
    assert.deepEqual([one.lines.length, two.lines.length], [1, 0])
    await one.app.close()
    await ask(two.port, POLLING, { headers: { origin: ORIGIN } })
    assert.deepEqual([one.lines.length, two.lines.length], [1, 1])
  })

  test('made-up origins cannot flood the log', async (t) => {
    const { app, lines } = await logging(t, { cors: { origin: '*' } })
    app.originPolicy.trial({ origin: NEW })
    for (let n = 0; n < 300; n++) {
      await app.inject({ url: POLLING, headers: { origin: `https://a${n}.attacker.example` } })
    }
    assert.equal(lines.filter(({ trial }) => trial !== undefined).length, 100)
  })
})
