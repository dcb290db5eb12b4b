import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import Fastify from 'fastify'
import fastifyIO, { type Decision, OriginPolicy } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { ask, POLLING, start } from '../support/server.ts'

// a policy's own timer keeps no process alive
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

const settled = async (decision: Decision | Promise<Decision>): Promise<string> => (await decision).reason

test('concurrent look-ups of one origin share one call', async () => {
  let calls = 0
  const answers = new Map<string, (error: null, allowed: boolean) => void>()
  const policy = new OriginPolicy({ origin: (origin, callback) => { calls++; answers.set(origin, callback) } })
  const asked = [policy.decide(ORIGIN), policy.decide(ORIGIN), policy.decide(ORIGIN)]
  const other = policy.decide('https://other.example')
  assert.equal(calls, 2)
  answers.get('https://other.example')!(null, true)
  assert.equal(await settled(other), 'function')
  const again = policy.decide(ORIGIN)
  assert.equal(calls, 2, 'still the first call')
  answers.get(ORIGIN)!(null, true)
  policy.update({ origin: () => true })
  assert.equal(await settled(policy.decide(ORIGIN)), 'function')
  for (const decision of [...asked, again]) assert.equal(await settled(decision), 'function')
})

test('a function that takes the request is asked for each', async () => {
  const seen: (string | undefined)[] = []
  const policy = new OriginPolicy({
    origin: (_origin, callback, request) => {
      seen.push(request?.headers['x-tenant'] as string | undefined)
      setImmediate(callback, null, true)
    }
  })
  await Promise.all(['a', 'b'].map((tenant) => policy.decide(ORIGIN, { headers: { 'x-tenant': tenant } })))
  assert.deepEqual(seen, ['a', 'b'])
})

test('originCache keeps answers for ttl ms, max of them, and no failures', async (t) => {
  let calls = 0
  let clock = 1_000
  t.mock.method(performance, 'now', () => clock)
  const policy = new OriginPolicy({
    origin: async (origin) => {
      calls++
      if (origin.includes('bug')) throw new Error('bug')
      return true
    },
    originCache: { max: 2, ttl: 100 }
  })
  await policy.decide(ORIGIN)
  await policy.decide(ORIGIN)
  assert.equal(calls, 1)
  clock += 150
  await policy.decide(ORIGIN)
  assert.equal(calls, 2)
  await policy.decide('https://bug.example')
  await policy.decide('https://bug.example')
  assert.equal(calls, 4)
  for (const name of ['b', 'c']) await policy.decide(`https://${name}.example`)
  await policy.decide(ORIGIN)
  assert.equal(calls, 7, 'pushed out')
})

test('later answers are ignored; a failure is told once', async () => {
  let back: ((error: Error | null, allowed?: unknown) => void) | undefined
  const policy = new OriginPolicy({
    origin: ((_origin: string, callback: typeof back) => { back = callback }) as never
  })
  const errors: unknown[] = []
  policy.onError((error) => errors.push(error))
  const decision = policy.decide(ORIGIN)
  back!(null, 1)
  back!(null, true)
  back!(null, new Set())
  assert.equal(await settled(decision), 'error')
  assert.deepEqual(errors.map(String), [
    'TypeError: the origin function answered a number; expected a boolean, string, RegExp or array of these'
  ])
})

test('an error called back refuses, is no fault, and is not kept', async () => {
  let calls = 0
  const policy = new OriginPolicy({
    origin: (_origin, callback) => callback(++calls < 3 ? new Error('Not allowed by CORS') : null, true),
    originCache: { max: 9, ttl: 60_000 }
  })
  const errors: unknown[] = []
  policy.onError((error) => errors.push(error))
  assert.equal(await settled(policy.decide(ORIGIN)), 'not-listed')
  assert.equal(await settled(policy.decide(ORIGIN)), 'not-listed')
  assert.equal(await settled(policy.decide(ORIGIN)), 'function', 'a database may be back')
  assert.deepEqual(errors, [])
})

test('odd functions fail closed', async () => {
  const odd: readonly (readonly [unknown, string])[] = [
    [(origin: string) => { if (origin === '') return true }, 'not-listed'],
    [async (_origin: string) => {}, 'not-listed'],
    [(..._args: unknown[]) => {}, 'timeout'],
    [async (_origin: string, _callback: unknown) => {}, 'timeout'],
    [() => 'https://*.example.com', 'function'],
    [() => null, 'not-listed'],
    [() => 1, 'error'],
    [() => ({}), 'error'],
    [() => ({ get then () { throw new Error('trap') } }), 'error'],
    [() => ({ get [Symbol.toStringTag] () { throw new Error('trap') } }), 'error'],
    [() => [{ toString: () => ORIGIN }], 'error'],
    [() => [ORIGIN, null], 'error'],
    [() => [], 'not-listed'],
    [() => /app/g, 'function'],
    [() => new Promise(() => {}), 'timeout'],
    [class {}, 'error'],
    [() => { throw null }, 'error'] // eslint-disable-line no-throw-literal
  ]
  for (const [origin, reason] of odd) {
    const policy = new OriginPolicy({ origin: origin as never, originTimeout: 10 })
    for (let n = 0; n < 2; n++) assert.equal(await settled(policy.decide(ORIGIN)), reason, String(origin))
  }
})

test('an answer in time stops the clock', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const policy = new OriginPolicy({ origin: (_origin, callback) => { setImmediate(callback, null, true) } })
  const errors: unknown[] = []
  policy.onError((error) => errors.push(error))
  assert.equal(await settled(policy.decide(ORIGIN)), 'function')
  t.mock.timers.tick(6000)
  assert.deepEqual(errors, [])
})

test('`this` is the Fastify instance, and the request is the third argument', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  app.decorate('tenants', new Set([ORIGIN]))
  await app.register(fastifyIO, {
    cors: {
      origin: function (this: unknown, origin, callback, request) {
        callback(null, (this as { tenants: Set<string> }).tenants.has(origin) && request?.headers['x-ok'] === '1')
      }
    }
  })
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  const port = Number(new URL(own).port)
  assert.equal((await ask(port, POLLING, { headers: { origin: ORIGIN, 'x-ok': '1' } })).status, 200)
  assert.equal((await ask(port, POLLING, { headers: { origin: ORIGIN } })).status, 403)
})

test('a slow function holds up nobody else', async (t) => {
  let wake: ((answer: (error: null, allowed: boolean) => void) => void) | undefined
  const called = new Promise<(error: null, allowed: boolean) => void>((resolve) => { wake = resolve })
  const { port } = await start(t, {
    cors: { origin: (origin, callback) => { if (origin === ORIGIN) wake!(callback) } }
  }, (app) => { app.get('/ok', async () => 'ok') })
  const waiting = ask(port, '/ok', { headers: { origin: ORIGIN } })
  const answer = await called
  assert.equal((await ask(port, '/ok')).status, 200)
  answer(null, true)
  assert.equal((await waiting).headers['access-control-allow-origin'], ORIGIN)
})
