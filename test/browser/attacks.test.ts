/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type Playground, startPlayground } from '../../playground/server/playground.ts'
import { ANY } from '../../playground/server/ports.ts'
import { type FastifyIOSocket, loadPolicy } from '../../lib/index.ts'
import { slowdown } from '../support/pace.ts'
import { start } from '../support/server.ts'
import { launch } from './chromium.ts'
import { measured } from './pages.ts'

// What the browser itself allows and refuses: nothing here trusts the server's word.
suite('a real browser', () => {
  let browser: Browser
  let playground: Playground

  before(async () => {
    [browser, playground] = await Promise.all([launch(), startPlayground(ANY)])
  })
  after(async () => {
    await browser?.close()
    await playground?.close()
  })

  async function open (url: string, bypassCSP = false): Promise<Page> {
    const page = await (await browser.newContext({ bypassCSP })).newPage()
    await page.goto(url)
    return page
  }

  test('a sandboxed frame, whose Origin is null, may do nothing, even on the allowed page', async () => {
    // the page's own CSP would keep the frame's script out, and prove nothing
    const page = await open(`${playground.allowed}/api/places`, true)
    const outcome = await page.evaluate(async (backend) => {
      const frame = document.createElement('iframe')
      frame.setAttribute('sandbox', 'allow-scripts')
      frame.srcdoc = `<script>
        const attempt = (promise) => promise.then(() => 'read', () => 'refused')
        const socket = new Promise((resolve, reject) => { const ws = new WebSocket('${
        backend.replace('http', 'ws')
      }/socket.io/?EIO=4&transport=websocket'); ws.onopen = resolve; ws.onerror = reject })
        const get = (path, options) => attempt(fetch('${backend}' + path, options))
        Promise.all([origin, get('/api/time'), get('/api/me', { credentials: 'include' }),
          get('/socket.io/?EIO=4&transport=polling'), attempt(socket)])
          .then((seen) => parent.postMessage(seen, '*'))
      </script>`
      const seen = new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data), { once: true }))
      document.body.append(frame)
      return seen
    }, playground.backend)
    assert.deepEqual(outcome, ['null', 'refused', 'refused', 'refused', 'refused'])
    await page.context().close()
  })

  test('a JSONP script on the refused page gets nothing, and leaves no session', async () => {
    const page = await open(`${playground.refused}/api/places`, true)
    const before = playground.app.io.engine.clientsCount
    const outcome = await page.evaluate((backend) => new Promise((resolve) => {
      const called: unknown[] = []
      ;(window as unknown as { ___eio: unknown[] }).___eio = [(data: unknown) => called.push(data)]
      const script = document.createElement('script')
      script.src = `${backend}/socket.io/?EIO=4&transport=polling&j=0`
      script.onload = () => resolve({ event: 'load', called })
      script.onerror = () => resolve({ event: 'error', called })
      document.head.append(script)
    }), playground.backend)
    assert.deepEqual(outcome, { event: 'error', called: [] })
    assert.equal(playground.app.io.engine.clientsCount, before)
    await page.context().close()
  })

  test('cross-site WebSocket hijacking: the visitor\'s cookie opens no socket from another page', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(playground.allowed)
    await measured({ page })
    const cookies = await context.cookies(playground.backend)
    assert.ok(cookies.some(({ name, httpOnly }) => name === 'visitor' && httpOnly), 'the allowed page left a cookie')

    const sent: (string | undefined)[] = []
    const onConnection = (socket: FastifyIOSocket): void => { sent.push(socket.handshake.headers.cookie) }
    playground.app.io.on('connection', onConnection)
    const attempt = (url: string): Promise<unknown> => new Promise((resolve) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
      // joining the namespace is what makes `connection` happen
      socket.onmessage = ({ data }) => {
        if (String(data).startsWith('0')) socket.send('40')
        else if (String(data).startsWith('40')) resolve('opened')
      }
      socket.onerror = () => resolve('refused')
    })
    assert.equal(await page.evaluate(attempt, playground.backend), 'opened')
    assert.equal(sent.length, 1)
    assert.match(sent[0] ?? '', /visitor=/, 'the browser does send it with a WebSocket')

    const attacker = await context.newPage()
    // another site, not just another origin
    await attacker.goto(playground.refused.replace('localhost', '127.0.0.1')).catch(() =>
      attacker.goto(playground.refused)
    )
    assert.equal(await attacker.evaluate(attempt, playground.backend), 'refused')
    assert.equal(sent.length, 1, 'no connection was made')
    assert.equal(await attacker.evaluate(attempt, playground.stock), 'opened', 'stock Socket.IO opens it')
    playground.app.io.off('connection', onConnection)
    await context.close()
  })

  test('a policy edited on disk cuts off a live socket of the browser within a second', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fastify-io-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'cors.json')
    writeFileSync(file, JSON.stringify({ origin: [playground.refused] }))
    const ending = new AbortController()
    t.after(() => ending.abort())
    const { own } = await start(t, {
      cors: loadPolicy(file, { watch: true, signal: ending.signal, log: { info () {}, error () {} } })
    })
    const page = await open(`${playground.refused}/api/places`, true)
    await page.evaluate(async ([client, url]) => {
      const { io } = await import(client!) as {
        io: (url: string, options: object) => { on(event: string, listener: (value: unknown) => void): void }
      }
      const seen: unknown[] = []
      Object.assign(globalThis, { seen })
      const socket = io(url!, { transports: ['websocket'] })
      socket.on('origin_revoked', (why) => seen.push(why))
      socket.on('disconnect', (reason) => seen.push(reason))
      await new Promise((resolve) => socket.on('connect', resolve))
    }, [`${playground.refused}/socket.io.js`, own])
    const begun = performance.now()
    writeFileSync(file, JSON.stringify({ origin: ['https://other.example'] }))
    await page.waitForFunction(() => (globalThis as unknown as { seen: unknown[] }).seen.length === 2, undefined, {
      polling: 20
    })
    assert.ok(performance.now() - begun < 1000 * slowdown())
    assert.deepEqual(await page.evaluate(() => (globalThis as unknown as { seen: unknown[] }).seen), [{
      code: 'ORIGIN_REVOKED',
      reason: 'not-listed'
    }, 'io server disconnect'])
    await page.context().close()
  })

  test('web security is on in this browser', async () => {
    const page = await open(`${playground.refused}/api/places`)
    const outcome = await page.evaluate(
      (url) => fetch(url).then(() => 'read', () => 'refused'),
      `${playground.allowed}/api/places`
    )
    assert.equal(outcome, 'refused', 'another origin without CORS headers is not readable')
    await page.context().close()
  })
})
