import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { suite, test } from 'node:test'
import { OriginPolicy } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { type Line, logging } from '../support/log.ts'
import { ask, POLLING, UPGRADE, WEBSOCKET } from '../support/server.ts'

const EVIL = 'https://evil.example'

const madeUp = (n: number): string => `https://a${n}.attacker.example`

suite('nobody can fill the log from outside', () => {
  test('made-up origins: 100 lines a minute, and one that counts', async (t) => {
    const { app, lines } = await logging(t, { cors: { origin: ORIGIN } })
    for (let n = 0; n < 1000; n++) await app.inject({ url: POLLING, headers: { origin: madeUp(n) } })
    assert.equal(lines.length, 101)
    assert.match(lines.at(-1)!.msg, /^more than 100 distinct origins, transports and reasons were refused/)
  })

  test('made-up origins do not mute what fails', async (t) => {
    const fails = (origin: string): boolean => { if (origin === ORIGIN) throw new Error('no database'); return false }
    const { app, lines } = await logging(t, { cors: { origin: fails } })
    for (let n = 0; n < 200; n++) await app.inject({ url: POLLING, headers: { origin: madeUp(n) } })
    await app.inject({ url: POLLING, headers: { origin: ORIGIN } })
    assert.equal((lines.at(-1) as { err?: { message: string } }).err?.message, 'no database')
  })

  test('a function that throws is one error a minute for each origin and message, with its stack', async (t) => {
    let message = 'no database'
    const { port, lines } = await logging(t, { cors: { origin: async () => { throw new Error(message) } } })
    for (let n = 0; n < 20; n++) await ask(port, POLLING, { headers: { origin: EVIL } })
    message = 'no network'
    for (let n = 0; n < 20; n++) await ask(port, POLLING, { headers: { origin: EVIL } })
    const errors = lines.filter(({ level }) => level === 50) as (Line & { err: { message: string, stack: string } })[]
    assert.deepEqual(errors.map(({ err }) => err.message), ['no database', 'no network'])
    assert.deepEqual(errors.map(({ origin }) => origin), [EVIL, EVIL])
    assert.match(errors[0]!.err.stack, /log-flood\.test/)
    const warnings = lines.filter(({ level }) => level === 40)
    assert.deepEqual(warnings.map(({ reason, count }) => [reason, count]), [['error', 1]])
  })

  test('the snippet of the cors package: a refusal is one warning, without a stack', async (t) => {
    const list = new Set([ORIGIN])
    const { port, lines } = await logging(t, {
      cors: {
        origin (origin, callback) {
          if (list.has(origin)) callback(null, true)
          else callback(new Error('Not allowed by CORS'))
        }
      }
    })
    for (let n = 0; n < 200; n++) await ask(port, POLLING, { headers: { origin: EVIL } })
    assert.deepEqual(lines.map(({ level, reason, count }) => [level, reason, count]), [[40, 'not-listed', 1]])
    assert.ok(!('err' in lines[0]!) && !JSON.stringify(lines).includes('log-flood.test'))
  })

  test('an answer that is none is one error a minute, which names its type', async (t) => {
    const row = { id: 1 } as never
    const { port, lines } = await logging(t, { cors: { origin: (_origin, callback) => { callback(null, row) } } })
    for (let n = 0; n < 20; n++) await ask(port, POLLING, { headers: { origin: EVIL } })
    const errors = lines.filter(({ level }) => level === 50) as (Line & { err: { message: string } })[]
    assert.deepEqual(errors.map(({ origin, count }) => [origin, count]), [[EVIL, 1]])
    assert.match(errors[0]!.err.message, /answered an object/)
  })

  test('an allowRequest that throws is one error a minute', async (t) => {
    const { port, lines } = await logging(t, { allowRequest: async () => { throw new Error('no database') } })
    for (let n = 0; n < 20; n++) await ask(port, POLLING)
    const found = lines.map(({ level, reason, err }) => [level, reason ?? (err as { message: string }).message])
    assert.deepEqual(found.sort(), [[40, 'forbidden'], [50, 'no database']])
  })

  test('made-up origins, sessions, transports and methods that Engine.IO turns down', async (t) => {
    const { app, lines } = await logging(t, { cors: { origin: '*' } })
    for (let n = 0; n < 400; n++) {
      const headers = { origin: madeUp(n) }
      await app.inject({ url: `${POLLING}&sid=${n}`, headers })
      await app.inject({ url: `/socket.io/?EIO=4&transport=t${n}`, headers })
      await app.inject({ url: POLLING, method: 'DELETE', headers })
    }
    assert.equal(lines.length, 101)
    const one = await logging(t, { cors: { origin: '*' } })
    for (let n = 0; n < 400; n++) {
      await one.app.inject({ url: `/socket.io/?EIO=${n % 7}&transport=t${n}&sid=${n % 3}`, headers: { origin: EVIL } })
      await one.app.inject({ url: `${POLLING}&sid=${n}`, headers: { origin: EVIL } })
    }
    assert.deepEqual(one.lines.map(({ reason }) => reason), ['transport', 'session-unknown'])
  })

  test('one origin on every transport: one line each', async (t) => {
    const cors = { origin: ORIGIN }
    const { port, lines } = await logging(t, { cors }, (app) => { app.get('/api', async () => 'ok') })
    for (let n = 0; n < 10; n++) {
      await ask(port, POLLING, { headers: { origin: EVIL } })
      await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin: EVIL } })
      await ask(port, '/api', { headers: { origin: EVIL } })
    }
    assert.deepEqual(lines.map(({ transport }) => transport), ['polling', 'websocket', 'rest'])
  })

  test('a subscriber of fastify-io:refused does not make every refusal cost a search of the list', async (t) => {
    let searches = 0
    const { hint } = OriginPolicy.prototype
    t.mock.method(OriginPolicy.prototype, 'hint', function (this: OriginPolicy, ...args: Parameters<typeof hint>) {
      searches++
      return hint.apply(this, args)
    })
    const messages: { readonly hint: string }[] = []
    const listener = (message: unknown): void => { messages.push(message as typeof messages[number]) }
    subscribe('fastify-io:refused', listener)
    t.after(() => { unsubscribe('fastify-io:refused', listener) })
    const { port } = await logging(t, { cors: { origin: ORIGIN } })
    for (let n = 0; n < 10; n++) await ask(port, POLLING, { headers: { origin: EVIL } })
    assert.deepEqual([messages.length, searches], [10, 1], 'the one is for the line')
    assert.equal(messages[9]!.hint, messages[9]!.hint)
    assert.equal(searches, 2)
  })
})
