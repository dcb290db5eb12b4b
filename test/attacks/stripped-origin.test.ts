import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { ask, POLLING, UPGRADE, WEBSOCKET } from '../support/server.ts'

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0'
const cors = { origin: ORIGIN }

suite('a proxy that removes Origin (nginx: proxy_set_header Origin "") takes the protection away', () => {
  for (const agent of [CHROME, FIREFOX]) {
    test(`the log says so, once a minute: ${agent.slice(-12)}`, async (t) => {
      const { port, lines } = await logging(t, { cors })
      const headers = { ...UPGRADE, 'user-agent': agent, cookie: 'session=1' }
      for (let n = 0; n < 3; n++) assert.equal((await ask(port, WEBSOCKET, { headers })).status, 101)
      const [{ level, transport, reason, userAgent, msg }] = lines as [typeof lines[number]]
      assert.deepEqual([lines.length, level, transport, reason], [1, 40, 'websocket', 'origin-stripped'])
      assert.equal(userAgent, agent)
      assert.match(msg, /a proxy removes Origin, and with it the protection.*proxy_set_header Origin "".*native client/)
    })
  }

  test('missingOrigin: "refuse" refuses it, and the line of the refusal says so', async (t) => {
    const { port, lines } = await logging(t, { cors: { ...cors, missingOrigin: 'refuse' } })
    const { status } = await ask(port, WEBSOCKET, { headers: { ...UPGRADE, 'user-agent': CHROME } })
    assert.deepEqual([status, lines.map(({ reason }) => reason)], [403, ['missing']])
    assert.match(lines[0]!.msg, /missingOrigin is "refuse"\. .*a proxy removes Origin/)
  })

  test('no false alarm: native clients, crawlers, polling, browsers with an Origin, a policy of "*"', async (t) => {
    const { port, lines } = await logging(t, { cors })
    const native = ['okhttp/4.9.2', 'MyApp/1 CFNetwork/1410.0.3 Darwin/22.6.0', 'Mozilla/5.0 (compatible; Bot/1.0)']
    for (const agent of native) await ask(port, WEBSOCKET, { headers: { ...UPGRADE, 'user-agent': agent } })
    await ask(port, WEBSOCKET, { headers: UPGRADE })
    await ask(port, WEBSOCKET, { headers: { ...UPGRADE, 'user-agent': CHROME, origin: ORIGIN } })
    await ask(port, POLLING, { headers: { 'user-agent': CHROME } })
    assert.deepEqual(lines, [])
    const everybody = await logging(t, { cors: { origin: '*' } })
    await ask(everybody.port, WEBSOCKET, { headers: { ...UPGRADE, 'user-agent': CHROME } })
    assert.deepEqual(everybody.lines, [])
  })

  test('a User-Agent that would break the line', async (t) => {
    const { port, lines } = await logging(t, { cors })
    await ask(port, WEBSOCKET, { headers: { ...UPGRADE, 'user-agent': `Mozilla/5.0 \u009b31m${'x'.repeat(1000)}` } })
    assert.match(String(lines[0]!.userAgent), /^Mozilla\/5\.0 \\u009b31mx+…$/)
  })
})
