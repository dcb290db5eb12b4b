import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFile } from 'node:fs/promises'
import type { OutgoingHttpHeaders } from 'node:http'
import { suite, test, type TestContext } from 'node:test'
import type { Refusal } from '../../lib/log/refusal.ts'
import type { CorsOptions } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { logging as listen } from '../support/log.ts'
import { ask, POLLING, sidOf, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const logging = (t: TestContext, cors: CorsOptions): ReturnType<typeof listen> =>
  listen(t, { cors }, (app) => { app.get('/api', async () => 'ok') })

test('a refusal is one line: origin, transport, reason, what to change', async (t) => {
  const { port, lines } = await logging(t, { origin: 'https://localhost:3000' })
  await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin: 'http://localhost:3000' } })
  const { level, origin, transport, reason, count, msg } = lines[0]!
  assert.equal(lines.length, 1)
  assert.deepEqual({ level, origin, transport, reason, count }, {
    level: 40,
    origin: 'http://localhost:3000',
    transport: 'websocket',
    reason: 'not-listed',
    count: 1
  })
  assert.match(
    msg,
    /: http:\/\/localhost:3000 is not allowed; https:\/\/localhost:3000 is: the scheme differs\. Add it to cors\.origin/
  )
  assert.equal(JSON.stringify(lines[0]).split('is not allowed').length, 2, 'the sentence stands in the line once')
})

test('the line in the README is what pino writes', async (t) => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const sample = /^\{"level":40,.*\}$/m.exec(readme)![0]
  const { port, lines } = await logging(t, { origin: 'https://localhost:3000' })
  await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin: 'http://localhost:3000', host: 'localhost:3001' } })
  const { time, pid, hostname, ...line } = lines[0]!
  assert.equal(JSON.stringify(line), sample)
})

test('every reason says what to change', async (t) => {
  const cases: readonly (readonly [CorsOptions, Record<string, string>, string, RegExp])[] = [
    [{ origin: ORIGIN }, { origin: 'null' }, 'null', /allow-same-origin/],
    [{ origin: ORIGIN }, { origin: `${ORIGIN}/` }, 'malformed', /did you mean https:\/\/app\.example\.com\?/],
    [{ origin: ORIGIN, missingOrigin: 'refuse' }, {}, 'missing', /missingOrigin/],
    [{ origin: ORIGIN }, { 'sec-fetch-site': 'cross-site' }, 'cross-site', /crossorigin/],
    [{ origin: () => { throw new Error('bug') } }, { origin: ORIGIN }, 'error', /function failed/],
    [{ origin: (_origin, _callback) => {}, originTimeout: 5 }, { origin: ORIGIN }, 'timeout', /originTimeout \(5 ms\)/]
  ]
  for (const [cors, headers, reason, hint] of cases) {
    const { port, lines } = await logging(t, cors)
    await ask(port, POLLING, { headers })
    const line = lines.find((one) => one.reason === reason)!
    assert.match(line.msg, hint)
  }
})

suite('the server\'s own page behind a proxy: the line says what the proxy lacks', () => {
  const page = 'https://app.example.com:10444'
  const proxied = {
    origin: page,
    host: 'app.example.com:10444',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '192.0.2.1'
  }
  const self = 'this server takes itself for'
  const rows: readonly (readonly [what: string, trustProxy: boolean, headers: OutgoingHttpHeaders, says?: string])[] = [
    ['nothing', true, proxied],
    ['trustProxy', false, proxied, `${self} http://app.example.com:10444: the scheme differs. Set trustProxy`],
    ['X-Forwarded-Proto', true, { ...proxied, 'x-forwarded-proto': undefined },
      `${self} http://app.example.com:10444: the scheme differs. The proxy does not send X-Forwarded-Proto`],
    ['the port', true, { ...proxied, host: 'app.example.com' },
      `${self} https://app.example.com: the port differs. The port is missing: the proxy drops it from Host`],
    ['Host', true, { ...proxied, host: '127.0.0.1:4001' },
      `${self} https://127.0.0.1:4001: the host differs. The proxy does not pass Host`],
    ['Host, and the browser does not say whose page it is', true,
      { ...proxied, host: '127.0.0.1:4001', 'sec-fetch-site': undefined },
      `if it is this server's own, a proxy does not pass Host: ${self} https://127.0.0.1:4001.`],
    ['nothing, but Host is no name of loopback', false, { host: 'app.test:4001', origin: 'http://app.test:4001' },
      'set cors.sameOrigin: [\'app.test\']; behind a proxy, set trustProxy.']
  ]
  for (const [what, trustProxy, headers, says] of rows) {
    test(what, async (t) => {
      const { port, lines } = await listen(t, {}, undefined, { trustProxy })
      const sent = Object.entries({ 'sec-fetch-site': 'same-origin', ...headers }).filter(([, value]) =>
        value !== undefined
      )
      const { status } = await ask(port, POLLING, { headers: Object.fromEntries(sent) })
      assert.equal(status, says === undefined ? 200 : 403)
      assert.deepEqual(lines.map(({ reason }) => reason), says === undefined ? [] : ['not-listed'])
      if (says !== undefined) assert.ok(lines[0]!.msg.includes(says), lines[0]!.msg)
    })
  }
})

test('a stolen session ID is told of', async (t) => {
  const { port, lines } = await logging(t, { origin: [ORIGIN, 'https://other.example'] })
  const sid = sidOf(await ask(port, POLLING, { headers: { origin: ORIGIN } }))
  await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: { origin: ORIGIN }, body: '40' })
  await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { ...UPGRADE, origin: 'https://other.example' } })
  assert.deepEqual([lines.length, lines[0]!.origin, lines[0]!.transport, lines[0]!.reason], [
    1, 'https://other.example', 'websocket', 'session'
  ])
})

test('an origin function\'s error is logged', async (t) => {
  const { port, lines } = await logging(t, { origin: async () => { throw new Error('no database') } })
  await ask(port, '/api', { headers: { origin: ORIGIN } })
  assert.ok(lines.some(({ level, err }) => level === 50 && (err as { message: string }).message === 'no database'))
})

test('control characters are escaped and the length is bounded', async (t) => {
  const { port, lines } = await logging(t, { origin: ORIGIN })
  await ask(port, POLLING, { headers: { origin: `https://a.example\t${'x'.repeat(5000)}` } })
  const { origin, msg } = lines[0]!
  assert.match(String(origin), /^https:\/\/a\.example\\u0009x+…$/)
  assert.ok(String(origin).length < 220 && msg.length < 1000)
})

test('what differs in transport or reason has a line; the same again has none', async (t) => {
  const { port, lines } = await logging(t, { origin: ORIGIN })
  const headers = { origin: 'https://attacker.example' }
  for (let n = 0; n < 2; n++) {
    await ask(port, POLLING, { headers })
    await ask(port, WEBSOCKET, { headers: { ...UPGRADE, ...headers } })
    await ask(port, '/api', { headers })
    await ask(port, '/api', { headers: { origin: 'null' } })
  }
  assert.deepEqual(lines.map(({ transport, reason }) => `${String(transport)} ${String(reason)}`), [
    'polling not-listed', 'websocket not-listed', 'rest not-listed', 'rest null'
  ])
})

test('one line a minute for the same refusal, which then counts the rest', async (t) => {
  let clock = 1_000_000
  t.mock.method(performance, 'now', () => clock)
  const { port, lines } = await logging(t, { origin: ORIGIN })
  for (let n = 0; n < 200; n++) await ask(port, POLLING, { headers: { origin: 'https://attacker.example' } })
  assert.equal(lines.length, 1)
  clock += 61_000
  await ask(port, POLLING, { headers: { origin: 'https://attacker.example' } })
  assert.deepEqual(lines.map(({ count }) => count), [1, 200])
})

test('made-up origins cannot flood the log, nor fill memory', async (t) => {
  const { app, lines } = await logging(t, { origin: ORIGIN })
  for (let n = 0; n < 3000; n++) {
    await app.inject({ url: POLLING, headers: { origin: `https://a${n}.attacker.example` } })
  }
  assert.equal(lines.length, 101)
  assert.match(lines.at(-1)!.msg, /more than 100 distinct origins/)
})

test('the fastify-io:refused channel', async (t) => {
  const { port } = await logging(t, { origin: ORIGIN })
  const seen: Refusal[] = []
  const listener = (message: unknown): void => { seen.push(message as Refusal) }
  subscribe('fastify-io:refused', listener)
  t.after(() => { unsubscribe('fastify-io:refused', listener) })
  for (let n = 0; n < 2; n++) await ask(port, POLLING, { headers: { origin: 'https://attacker.example' } })
  assert.deepEqual(seen.map(({ reason, transport }) => [reason, transport]), Array(2).fill(['not-listed', 'polling']))
  assert.match(seen[1]!.hint, /^https:\/\/attacker\.example is not allowed/)
  assert.equal((JSON.parse(JSON.stringify(seen[1])) as Refusal).hint, seen[1]!.hint)
})

test('a refused REST request is told of too', async (t) => {
  const { port, lines } = await logging(t, { origin: ORIGIN })
  await ask(port, '/api', { headers: { origin: 'https://attacker.example' } })
  assert.deepEqual([lines[0]!.transport, lines[0]!.reason], ['rest', 'not-listed'])
})

test('warnings of the policy are logged at registration, and the attack on functions', async (t) => {
  const { lines } = await logging(t, { origin: ORIGIN, maxAge: 86400 })
  assert.match(lines[0]!.msg, /cors\.maxAge/)
  const attacked = await logging(t, {
    origin: (origin: string) => origin.endsWith('example.com'),
    originExamples: ['https://app.example.com']
  })
  await until(() => attacked.lines.length > 0, 'the attack is logged')
  assert.equal(attacked.lines[0]!.code, 'FUNCTION_UNSAFE')
})
