/// <reference lib="dom" />
// Run by `npm run test:nextjs`, which installs Next.js first: `npm test` does without it.
import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type NextExample, startNext } from '../../examples/nextjs/start.ts'
import { startStranger } from '../../examples/nextjs/stranger.ts'
import { launch } from '../browser/chromium.ts'
import type { Line } from '../support/log.ts'
import { freePort, run } from '../support/program.ts'
import { ask, POLLING, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const portOf = (url: string): number => Number(new URL(url).port)
/** What the browser sends from a page of the origin `page` to the host of `to`. */
const from = (page: string, to: string) => ({ origin: page, host: new URL(to).host })

async function statusOf (to: string, headers: Record<string, string>): Promise<readonly number[]> {
  const poll = await ask(portOf(to), POLLING, { headers })
  const upgrade = await ask(portOf(to), WEBSOCKET, { headers: { ...headers, ...UPGRADE } })
  return [poll.status, upgrade.status]
}

let browser: Browser
before(async () => { browser = await launch() })
after(() => browser?.close())

async function open (t: TestContext, url: string, prepare: (page: Page) => unknown = () => {}): Promise<Page> {
  const page = await browser.newPage()
  t.after(() => page.close())
  await prepare(page)
  await page.goto(url)
  return page
}

/** The page is connected, by a WebSocket in the end, and hears the server. */
async function connects (page: Page): Promise<void> {
  await page.waitForSelector('[data-status=connected][data-detail=websocket]')
  await page.waitForSelector('li:text-is("The server says hello.")')
}

/** None of the connections that the stranger's page tries is made. */
async function isRefused (t: TestContext, stranger: string, servers: readonly string[]): Promise<void> {
  const page = await open(t, stranger)
  await until(async () => await page.locator('li:not([data-status=connecting])').count() === servers.length * 2,
    'each connection has its end')
  assert.deepEqual(await page.locator('li').allTextContents(), servers.flatMap((server) =>
    [`${server} polling: failed xhr poll error`, `${server} websocket: failed websocket error`]))
}

for (const production of [false, true]) {
  suite(production ? 'next build and next start, in front of the back end' : 'next dev, in front of it', () => {
    const lines: Line[] = []
    let running: NextExample
    let backend: string

    before(async () => {
      const stream = { write: (line: string) => { lines.push(JSON.parse(line) as Line) } }
      const ports = { backend: await freePort(), pages: await freePort(), stranger: await freePort() }
      backend = `http://localhost:${ports.backend}`
      running = await startNext(ports, { production, quiet: true, logger: { level: 'warn', stream } })
    })
    after(() => running?.close())

    const connections = (): number => running.app.io.engine.clientsCount

    test('the page behind the rewrite: Host is the back end\'s, X-Forwarded-Host the page\'s', async (t) => {
      const page = await open(t, running.pages)
      await connects(page)
      const [socket] = running.app.io.of('/').sockets.values()
      const { host, origin, 'x-forwarded-host': forwarded } = socket!.handshake.headers
      assert.deepEqual({ host, origin, forwarded },
        { host: new URL(backend).host, origin: running.pages, forwarded: new URL(running.pages).host })
      await page.close()
      await until(() => connections() === 0, 'Next.js ends the connection when the page does')
    })

    test('the page that connects to the back end', async (t) => {
      const page = await open(t, `${running.pages}/direct`)
      await connects(page)
      const [socket] = running.app.io.of('/').sockets.values()
      const { host, origin } = socket!.handshake.headers
      assert.deepEqual({ host, origin }, { host: new URL(backend).host, origin: running.pages })
      await page.close()
      await until(() => connections() === 0, 'the connection has ended')
    })

    test('a stranger\'s page gets in on neither way', async (t) => {
      await isRefused(t, running.stranger, [backend, running.pages])
      assert.equal(connections(), 0)
      const refused = lines.filter(({ origin }) => origin === running.stranger)
      assert.deepEqual(refused.map(({ reason }) => reason), ['not-listed', 'not-listed'])
    })

    test('nor does a name that was led here, or X-Forwarded-Host of a client', { timeout: 120_000 }, async () => {
      const { pages, stranger } = running
      assert.deepEqual(await statusOf(pages, from(pages, pages)), [200, 101])
      assert.deepEqual(await statusOf(pages, { ...from(stranger, pages), 'x-forwarded-host': new URL(stranger).host }),
        [403, 403])

      // DNS rebinding: Next.js passes every Host on, and the pinned name is what refuses it
      const rebound = `http://attacker.example:${portOf(pages)}`
      const theirs = { origin: rebound, host: new URL(rebound).host }
      assert.deepEqual(await statusOf(pages, theirs), [403, 403])
      const own = { host: theirs.host, 'sec-fetch-site': 'same-origin' }
      assert.equal((await ask(portOf(pages), POLLING, { headers: own })).status, 403)
      running.app.originPolicy.update({ origin: pages })
      assert.deepEqual(await statusOf(pages, theirs), [200, 101])

      // the page behind the rewrite needs no `origin`, and TLS may end in front of Next.js
      running.app.originPolicy.update({ sameOrigin: [new URL(pages).host] })
      assert.deepEqual(await statusOf(pages, from(pages, pages)), [200, 101])
      const secure = from(pages.replace('http:', 'https:'), pages)
      assert.deepEqual(await statusOf(pages, secure), [403, 403])
      assert.deepEqual(await statusOf(pages, { ...secure, 'x-forwarded-proto': 'https' }), [200, 101])
      assert.deepEqual(await statusOf(backend, theirs), [403, 403])
    })
  })

  suite(production ? 'Fastify as the server of a build' : 'Fastify as the development server', () => {
    const ended: Array<() => unknown> = []
    let own: string
    let port: number

    before(async () => {
      port = await freePort()
      own = `http://localhost:${port}`
      await run({ after: (end: () => unknown) => { ended.push(end) } } as TestContext, 'env', [
        `PORT=${port}`, ...production ? ['NODE_ENV=production'] : [],
        process.execPath, '--import', 'tsx', 'examples/nextjs/custom-server.ts'
      ], port, 'SIGINT')
    })
    after(async () => { for (const end of ended) await end() }, { timeout: 120_000 })

    test('page and Socket.IO have one origin', async (t) => {
      await connects(await open(t, own))
      assert.ok(JSON.parse((await ask(port, '/api/time')).body).now > 0, 'a route of Fastify')
    })

    test('a stranger\'s page is refused, and a name that was led here', { timeout: 120_000 }, async (t) => {
      const other = await freePort()
      const stranger = await startStranger(other, [own])
      t.after(() => stranger.close())
      await isRefused(t, `http://localhost:${other}`, [own])
      assert.deepEqual(await statusOf(own, from(own, own)), [200, 101])
      const rebound = `http://attacker.example:${port}`
      assert.deepEqual(await statusOf(own, from(rebound, rebound)), [403, 403])
    })

    test('upgrades that nobody wants are answered', { timeout: 120_000 }, async () => {
      assert.equal((await ask(port, '/other', { headers: { ...from(own, own), ...UPGRADE } })).status, 404)
    })

    if (!production) {
      test('hot reloading works beside Socket.IO, and no stranger listens to it', async (t) => {
        const heard: string[] = []
        const page = await open(t, own, (page) => page.on('websocket', (socket) => {
          if (!new URL(socket.url()).pathname.startsWith('/_next/')) return
          socket.on('framereceived', ({ payload }) => heard.push(String(payload)))
        }))
        await connects(page)
        await until(() => heard.some((frame) => frame.includes('"turbopack-connected"')), 'Next.js has greeted')
        const headers = { ...from('http://attacker.example', own), ...UPGRADE }
        // Next.js refuses in words that are no HTTP
        await assert.rejects(ask(port, '/_next/hmr?id=stranger', { headers }), { code: 'HPE_INVALID_CONSTANT' })
      })
    }
  })
}
