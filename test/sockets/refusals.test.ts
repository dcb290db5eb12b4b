import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { logging as listen } from '../support/log.ts'
import { ask, POLLING, UPGRADE, WEBSOCKET } from '../support/server.ts'

const EVIL = 'https://attacker.example'

const logging = (t: TestContext, options: FastifyIOOptions): ReturnType<typeof listen> =>
  listen(t, options, (app) => { app.get('/api', async () => 'ok') })

test('JSONP is told of, with the option that brings it back', async (t) => {
  const { port, lines } = await logging(t, { cors: { origin: ORIGIN } })
  await ask(port, `${POLLING}&j=0`)
  assert.deepEqual(
    lines.map(({ level, transport, reason, count, origin }) => [level, transport, reason, count, origin]),
    [[40, 'polling', 'jsonp', 1, undefined]]
  )
  assert.match(lines[0]!.msg, /jsonp: true/)
})

test('one line for each transport of a client that polls, upgrades and calls REST', async (t) => {
  const { port, lines } = await logging(t, { cors: { origin: ORIGIN } })
  for (const path of [POLLING, '/api', '/socket.io/socket.io.js', '/nowhere']) {
    await ask(port, path, { headers: { origin: EVIL } })
  }
  await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin: EVIL } })
  await ask(port, '/api', { method: 'OPTIONS', headers: { origin: EVIL, 'access-control-request-method': 'PUT' } })
  assert.deepEqual(lines.map(({ transport, count }) => [transport, count]), [['polling', 1], ['rest', 1], [
    'websocket',
    1
  ]])
})

test('REST: what another site\'s page cannot read is told of; what nobody was to read is not', async (t) => {
  const listed = await logging(t, { cors: { origin: ORIGIN } })
  await ask(listed.port, '/api', { headers: { 'sec-fetch-site': 'cross-site' } })
  assert.equal(listed.lines.length, 0, 'an image, or a link')
  await ask(listed.port, '/api', { headers: { origin: EVIL } })
  assert.deepEqual(listed.lines.map(({ transport, reason }) => [transport, reason]), [['rest', 'not-listed']])
  const own = await logging(t, {})
  await ask(own.port, '/api', { headers: { origin: EVIL } })
  assert.equal(own.lines.length, 0, 'no cross-origin client was ever meant')
  const enforced = await logging(t, { enforce: 'all' })
  await ask(enforced.port, '/api', { headers: { 'sec-fetch-site': 'cross-site' } })
  await ask(enforced.port, '/api', { headers: { origin: EVIL } })
  assert.deepEqual(enforced.lines.map(({ reason }) => reason), ['cross-site', 'not-listed'])
})

test('allowed requests, and those without an Origin, write nothing', async (t) => {
  const { port, lines, own } = await logging(t, { cors: { origin: ORIGIN } })
  for (const headers of [{ origin: ORIGIN }, {}, { origin: own }]) {
    await ask(port, '/api', { headers })
    await ask(port, POLLING, { headers })
    await ask(port, WEBSOCKET, { headers: { ...headers, ...UPGRADE } })
  }
  assert.deepEqual(lines, [])
})

test('once the minute is over, other origins are told of again', async (t) => {
  let clock = 1_000_000
  t.mock.method(performance, 'now', () => clock)
  const { app, lines } = await logging(t, { cors: { origin: ORIGIN } })
  const refuse = (n: number) => app.inject({ url: POLLING, headers: { origin: `https://a${n}.attacker.example` } })
  for (let n = 0; n < 150; n++) await refuse(n)
  assert.equal(lines.length, 101)
  clock += 61_000
  for (let n = 1000; n < 1010; n++) await refuse(n)
  assert.equal(lines.length, 111)
  assert.equal(lines.at(-1)!.origin, 'https://a1009.attacker.example')
})

test('what is not ASCII, or would move a terminal\'s cursor', async (t) => {
  const { app, lines } = await logging(t, { cors: { origin: ORIGIN } })
  const nasty = [
    'https://\u001b[2Jx.example', 'https://x\u202e.example', 'https://x\r\nlevel=60.example',
    'https://x\u009b31m.example', 'https://x\u2028.example', 'https://x\u0000.example'
  ]
  for (const origin of nasty) await app.inject({ url: POLLING, headers: { origin } })
  assert.equal(lines.length, nasty.length)
  for (const { origin, msg } of lines) {
    // eslint-disable-next-line no-control-regex
    for (const text of [origin, msg]) assert.doesNotMatch(String(text), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
  }
})
