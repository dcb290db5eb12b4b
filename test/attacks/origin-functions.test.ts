// Origin functions written for `cors`: what they happen to return must not let anybody in, nor keep anybody out.

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { after, suite, test } from 'node:test'
import { type CorsOptions, OriginPolicy } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { ask, corsHeaders, POLLING, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

// a policy's own timer keeps no process alive
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

type Callback = (error: Error | null, answer?: unknown) => void

const EVIL = 'https://evil.example.net'
const allowed = new Set([ORIGIN])

test('emitter.emit() returns true, which allows nobody', async (t) => {
  const bus = new EventEmitter()
  bus.on('check', (origin: string, callback: Callback) => { setImmediate(callback, null, allowed.has(origin)) })
  const cors: CorsOptions = { origin: (origin, callback) => bus.emit('check', origin, callback), credentials: true }
  const { app, port } = await start(t, { cors }, (app) => { app.get('/api', async () => 'ok') })
  const headers = { origin: EVIL }
  assert.deepEqual(corsHeaders(await ask(port, '/api', { headers })), [])
  assert.equal((await ask(port, POLLING, { headers })).status, 403)
  assert.equal((await ask(port, WEBSOCKET, { headers: { ...headers, ...UPGRADE } })).status, 403)
  assert.equal(app.io.engine.clientsCount, 0)
  assert.equal((await ask(port, POLLING, { headers: { origin: ORIGIN } })).status, 200)
})

suite('a function of two parameters answers by its callback, whatever it returns', () => {
  const returned: readonly (readonly [name: string, value: () => unknown])[] = [
    ['true', () => true],
    ['false', () => false],
    ['null', () => null],
    ['a number', () => 1],
    ['a string', () => ORIGIN],
    ['an origin of somebody else', () => EVIL],
    ['*', () => '*'],
    ['a RegExp', () => /./],
    ['an array', () => [EVIL, ORIGIN]],
    ['an object', () => ({})],
    ['a timer', () => setImmediate(() => {})],
    ['a promise of nothing', async () => {}]
  ]
  for (const [name, value] of returned) {
    test(name, async () => {
      const answer = (origin: string, callback: Callback): unknown => {
        setImmediate(callback, null, allowed.has(origin))
        return value()
      }
      const policy = new OriginPolicy({ origin: answer as never })
      assert.equal((await policy.decide(ORIGIN)).reason, 'function')
      assert.equal((await policy.decide(EVIL)).reason, 'not-listed')
    })
  }
})

test('a function that declares the callback in another way may call back late', async () => {
  const late = (origin: string, callback: Callback): void => { setImmediate(callback, null, allowed.has(origin)) }
  const functions: readonly ((...args: never[]) => void)[] = [
    function (this: unknown, _tenant: string, origin: string, callback: Callback): void {
      late(origin, callback)
    }.bind(undefined, 'a') as never,
    (...[origin, callback]: [string, Callback]) => late(origin, callback)
  ]
  for (const origin of functions) {
    const policy = new OriginPolicy({ origin: origin as never })
    assert.equal((await policy.decide(ORIGIN)).reason, 'function', String(origin))
    assert.equal((await policy.decide(EVIL)).reason, 'not-listed', String(origin))
  }
})

test('undefined refuses at once where one parameter is declared; a callback that comes later is told of', async () => {
  const silent: readonly ((origin: string, callback: Callback) => unknown)[] = [
    (origin) => { if (allowed.has(origin)) return true },
    async (origin) => { if (allowed.has(origin)) return true }
  ]
  for (const origin of silent) {
    const policy = new OriginPolicy({ origin: origin as never, originTimeout: 2 ** 31 - 1 })
    const errors: unknown[] = []
    policy.onError((error) => errors.push(error))
    assert.equal((await policy.decide(ORIGIN)).reason, 'function')
    assert.equal((await policy.decide(EVIL)).reason, 'not-listed')
    assert.deepEqual(errors, [])
  }
  const late = (_origin: string, ...[callback]: Callback[]): void => { setImmediate(callback!, null, true) }
  const policy = new OriginPolicy({ origin: late as never })
  const told = new Promise((resolve) => { policy.onError(resolve) })
  assert.equal((await policy.decide(EVIL)).reason, 'not-listed')
  assert.match(String(await told), /returned undefined, which refuses, and called back later/)
})

suite('an answer of another type is refused, and its type is told', () => {
  const answers: readonly (readonly [answer: unknown, words: string])[] = [
    [{ id: 1 }, 'an object'],
    [1, 'a number'],
    [0, 'a number'],
    [new Set([ORIGIN]), 'a Set'],
    [new Date(), 'a Date'],
    [() => true, 'a function'],
    [[[ORIGIN]], 'an array with an array in it'],
    [[ORIGIN, 5], 'an array with a number in it'],
    [Symbol('yes'), 'a symbol'],
    [1n, 'a bigint']
  ]
  for (const [answer, words] of answers) {
    test(words, async () => {
      const origins = [
        (_origin: string, callback: Callback) => callback(null, answer),
        () => answer,
        async () => answer
      ]
      for (const origin of origins) {
        const policy = new OriginPolicy({ origin: origin as never })
        const errors: unknown[] = []
        policy.onError((error) => errors.push(error))
        const decision = await policy.decide(ORIGIN)
        assert.deepEqual([decision.allowed, decision.reason], [false, 'error'])
        assert.deepEqual(errors.map(String), [
          `TypeError: the origin function answered ${words}; expected a boolean, string, RegExp or array of these`
        ])
      }
    })
  }

  test('in the log', async (t) => {
    const lines: string[] = []
    const logger = { level: 'error', stream: { write: (line: string) => { lines.push(line) } } }
    const origin = ((_origin: string, callback: Callback) => callback(null, { id: 1 })) as never
    const { port } = await start(t, { cors: { origin } }, () => {}, { logger })
    assert.equal((await ask(port, POLLING, { headers: { origin: ORIGIN } })).status, 403)
    assert.ok(
      lines.some((line) => line.includes('answered an object; expected a boolean, string, RegExp or array')),
      lines.join('')
    )
  })
})

test('cb(new Error(…)) is how users of cors refuse: no fault is reported', async (t) => {
  const lines: { level: number }[] = []
  const logger = {
    level: 'warn',
    stream: { write: (line: string) => { lines.push(JSON.parse(line) as { level: number }) } }
  }
  const cors: CorsOptions = {
    origin: (origin, callback) =>
      allowed.has(origin) ? callback(null, true) : callback(new Error('Not allowed by CORS'))
  }
  const { port } = await start(t, { cors }, () => {}, { logger })
  for (let n = 0; n < 20; n++) {
    const answer = await ask(port, POLLING, { headers: { origin: EVIL } })
    assert.deepEqual([answer.status, (JSON.parse(answer.body) as { reason: string }).reason], [403, 'not-listed'])
  }
  assert.deepEqual(lines.map(({ level }) => level), [40], 'one line at warn, none at error')
})
