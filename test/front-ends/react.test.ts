/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type ReactExample, startReact } from '../../examples/react/start.ts'
import { launch } from '../browser/chromium.ts'
import type { Line } from '../support/log.ts'
import { freePort } from '../support/program.ts'
import { ask, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

interface Logged extends ReactExample { readonly lines: Line[], readonly port: number, readonly proxy: number }

async function example (changeOrigin = false): Promise<Logged> {
  const lines: Line[] = []
  const stream = { write: (line: string) => { lines.push(JSON.parse(line) as Line) } }
  const [backend, proxied, allowed, stranger] =
    [await freePort(), await freePort(), await freePort(), await freePort()] as const
  const running = await startReact({ backend, proxied, allowed, stranger },
    { changeOrigin, logger: { level: 'warn', stream }, quiet: true })
  return { ...running, lines, port: backend, proxy: proxied }
}

suite('examples/react', () => {
  let browser: Browser
  let running: Logged

  before(async () => { [browser, running] = await Promise.all([launch(), example()]) })
  after(async () => {
    await browser?.close()
    await running?.close()
  })

  async function open (t: TestContext, url: string): Promise<Page> {
    const page = await browser.newPage()
    t.after(() => page.close())
    await page.goto(url)
    return page
  }
  const shows = async (page: Page, status: string): Promise<string> => {
    await page.waitForSelector(`[data-status=${status}]`)
    return (await page.textContent('[role=status]'))!
  }
  const connections = (): number => running.app.io.engine.clientsCount
  const ended = (): Promise<boolean> => until(() => connections() === 0, 'all connections have ended')
  /** All handshakes so far, also those that made no session. */
  const handshakes = (): number => {
    const { answered, opened, refused } = running.app.io.stats().handshakes
    return answered + opened + refused
  }

  for (const place of ['proxied', 'allowed'] as const) {
    test(`the ${place} page: one handshake under StrictMode, one more for another token`, async (t) => {
      await ended()
      const begun = handshakes()
      const page = await open(t, running[place])
      await shows(page, 'connected')
      assert.deepEqual([handshakes() - begun, connections(), running.app.io.of('/').sockets.size], [1, 1, 1])

      await page.fill('input', 'hello')
      await page.click('form button')
      await page.waitForSelector('li:text-is("Ann: hello")')

      const first = [...running.app.io.of('/').sockets.keys()]
      await page.selectOption('select', 'token-of-bob')
      await until(() => {
        const now = [...running.app.io.of('/').sockets.keys()]
        return now.length === 1 && now[0] !== first[0] && connections() === 1
      }, 'the socket of the new token has replaced that of the old one')
      await shows(page, 'connected')
      assert.equal(handshakes() - begun, 2)
      await page.fill('input', 'I am back')
      await page.click('form button')
      await page.waitForSelector('li:text-is("Bob: I am back")')
      assert.equal(await page.locator('li:text-is("Bob: I am back")').count(), 1, 'one listener')

      await page.click('button:text-is("Unmount")')
      await ended()
      assert.equal(handshakes() - begun, 2)
      const { redeemed } = running.app.io.stats().tokens
      assert.ok(redeemed > 0, 'the sessions were counted')
    })
  }

  test('an error of the middleware is shown with its data, and not tried again', async (t) => {
    const page = await open(t, running.proxied)
    await page.selectOption('select', 'expired')
    const shown = await shows(page, 'failed')
    assert.equal(shown,
      'failed this token is not valid data {"code":"BAD_TOKEN"} The client does not try again.')
    // a page that is closed between two polls would leave its session until the ping timeout, 45 s
    await ended()
  })

  test('the page of a stranger gets no socket, and is not told the status', async (t) => {
    await ended()
    const page = await open(t, running.stranger)
    assert.equal(await shows(page, 'failed'), 'failed xhr poll error status 0 The client tries again.')
    assert.equal(connections(), 0)
    const line = (): Line | undefined => running.lines.find(({ origin }) => origin === running.stranger)
    await until(line, 'a line')
    assert.equal(line()!.reason, 'not-listed')
    assert.match(line()!.msg, /is not allowed/)
  })

  test('nor does it through the proxy, which leaves its Origin as it is', async () => {
    const host = new URL(running.proxied).host
    const refused = { ...UPGRADE, host, origin: running.stranger }
    assert.equal((await ask(running.proxy, WEBSOCKET, { headers: refused })).status, 403)
    const own = { ...refused, origin: running.proxied }
    assert.equal((await ask(running.proxy, WEBSOCKET, { headers: own })).status, 101)
  })

  test('with changeOrigin the own page is another origin, and the log says which part differs', async (t) => {
    const changed = await example(true)
    t.after(() => changed.close())
    const page = await open(t, changed.proxied)
    assert.equal(await shows(page, 'disconnected'), 'disconnected transport error status 403')
    // the upgrade, which may come first, has no Sec-Fetch-Site
    const line = (): Line | undefined =>
      changed.lines.find(({ origin, transport }) => origin === changed.proxied && transport === 'polling')
    await until(line, 'a line')
    assert.ok(line()!.msg.endsWith(`${changed.proxied} is this server's own page, as the browser says ` +
      `(Sec-Fetch-Site: same-origin), but this server takes itself for http://localhost:${changed.port}: ` +
      'the port differs. The proxy puts another port into Host (nginx: proxy_set_header Host $http_host).'))
    assert.equal(changed.app.io.of('/').sockets.size, 0)

    // where Host cannot be passed on: the page's origin is listed, and the first request is a WebSocket
    changed.app.originPolicy.update({ origin: changed.proxied })
    const headers = { ...UPGRADE, host: new URL(changed.proxied).host, origin: changed.proxied }
    assert.equal((await ask(changed.proxy, WEBSOCKET, { headers })).status, 101)
    // after a poll without Origin the session is another origin's, as the page says
    await shows(page, 'connected')
    await until(() => changed.lines.some(({ reason }) => reason === 'session'), 'the upgrade is refused')
  })
})
