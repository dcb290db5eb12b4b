import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { suite, test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { ask, POLLING, sidOf, UPGRADE, WEBSOCKET } from '../support/server.ts'

const cors = { origin: [ORIGIN, 'https://*.preview.example.com'], credentials: true }
/** What Chromium sends with a handshake when it blocks third-party cookies. */
const blocked = { origin: ORIGIN, 'sec-fetch-site': 'cross-site', 'sec-fetch-storage-access': 'none' }

suite('third-party cookies that the browser keeps back', () => {
  for (const [transport, path, more] of [['polling', POLLING, {}], ['websocket', WEBSOCKET, UPGRADE]] as const) {
    test(`the log says so, and what to do: ${transport}`, async (t) => {
      const { port, lines } = await logging(t, { cors })
      assert.equal((await ask(port, path, { headers: { ...blocked, ...more } })).status, more === UPGRADE ? 101 : 200)
      assert.equal(lines.length, 1)
      const { level, origin, reason, count, msg, ...line } = lines[0]!
      assert.deepEqual([level, origin, line.transport, reason, count], [40, ORIGIN, transport, 'cookies-withheld', 1])
      assert.match(msg, /Partitioned \(CHIPS\).*document\.requestStorageAccess\(\) \(Storage Access API\).*one site/)
    })
  }

  test('a client that floods with the header, and makes up origins, gets one line a minute', async (t) => {
    let clock = 1_000_000
    t.mock.method(performance, 'now', () => clock)
    const { port, lines } = await logging(t, { cors })
    for (let n = 0; n < 150; n++) {
      await ask(port, POLLING, { headers: { ...blocked, origin: `https://n${n}.preview.example.com` } })
    }
    assert.equal(lines.length, 1)
    clock += 61_000
    await ask(port, POLLING, { headers: blocked })
    assert.deepEqual(lines.map(({ count }) => count), [1, 150])
    // nor does it take a line from a refusal
    await ask(port, POLLING, { headers: { ...blocked, origin: 'https://attacker.example' } })
    assert.equal(lines.at(-1)!.reason, 'not-listed')
  })

  const quiet: readonly (readonly [what: string, headers: OutgoingHttpHeaders])[] = [
    ['a request that carries a Cookie, as a partitioned one', { ...blocked, cookie: 'sessionId=1' }],
    ['no such header', { ...blocked, 'sec-fetch-storage-access': undefined }],
    ['access that the browser could give', { ...blocked, 'sec-fetch-storage-access': 'inactive' }],
    ['access', { ...blocked, 'sec-fetch-storage-access': 'active' }],
    ['a native client', { 'sec-fetch-storage-access': 'none' }]
  ]
  for (const [what, headers] of quiet) {
    test(`no line for ${what}`, async (t) => {
      const { port, lines } = await logging(t, { cors })
      const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
      assert.equal((await ask(port, POLLING, { headers: sent })).status, 200)
      assert.equal((await ask(port, WEBSOCKET, { headers: { ...sent, ...UPGRADE } })).status, 101)
      assert.deepEqual(lines, [])
    })
  }

  test('no line for a stranger, who is refused, nor with enforce: "report"', async (t) => {
    for (const enforce of ['sockets', 'report'] as const) {
      const { port, lines } = await logging(t, { cors: { ...cors, enforce } })
      await ask(port, POLLING, { headers: { ...blocked, origin: 'https://attacker.example' } })
      assert.deepEqual(lines.flatMap(({ reason }) => reason ?? []), ['not-listed'])
    }
  })

  test('no line without credentials, for a poll, for the client\'s file, for REST', async (t) => {
    const without = await logging(t, { cors: { origin: ORIGIN } })
    await ask(without.port, POLLING, { headers: blocked })
    assert.deepEqual(without.lines, [])
    const { port, lines } = await logging(t, { cors }, (app) => { app.get('/api', async () => 'ok') })
    const sid = sidOf(await ask(port, POLLING, { headers: { origin: ORIGIN } }))
    const polled = await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: blocked, body: '40' })
    assert.equal(polled.status, 200)
    assert.equal((await ask(port, '/socket.io/socket.io.js', { headers: blocked })).status, 200)
    assert.equal((await ask(port, '/api', { headers: blocked })).status, 200)
    assert.deepEqual(lines, [])
  })
})
