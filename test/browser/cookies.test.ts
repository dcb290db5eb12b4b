/// <reference lib="dom" />
// Which cookies Chromium sends from a page of another site, over https: docs/authentication.md has the table.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { RequestListener, createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Browser, Page } from 'playwright-core'
import { makeCertificate } from '../support/certificate.ts'
import { type Line, logging } from '../support/log.ts'
import { listening } from '../support/proxy.ts'
import { launch } from './chromium.ts'
import { servePage } from './page.ts'

const tls = makeCertificate(['app.shop.example', 'api.shop.example', 'api.chat.example', 'app.evil.example'])
const COOKIES = {
  none: 'none=1; Path=/; HttpOnly; Secure; SameSite=None',
  partitioned: 'partitioned=1; Path=/; HttpOnly; Secure; SameSite=None; Partitioned',
  lax: 'lax=1; Path=/; HttpOnly; Secure; SameSite=Lax'
}

/** The setting "Block third-party cookies"; this Chromium still asks for all three. */
const BLOCK = {
  enableThirdPartyCookieRestriction: true,
  disableThirdPartyCookieMetadata: true,
  disableThirdPartyCookieHeuristics: true
}

interface Handshake {
  readonly cookies: readonly string[]
  readonly storageAccess: unknown
}
interface Site {
  readonly app: FastifyInstance
  readonly port: number
  readonly handshakes: Handshake[]
  readonly lines: Line[]
}
type IO = (url: string, options: object) => {
  on (event: string, listener: (error?: Error) => void): void
  close (): void
}

/** Opens a socket from the page. @returns `connected`, or the message of `connect_error` */
const open = ([base, transport]: readonly [string, string]): Promise<string> => new Promise((resolve) => {
  const options = { transports: [transport], withCredentials: true, reconnection: false, forceNew: true }
  const socket = (globalThis as unknown as { io: IO }).io(base, options)
  socket.on('connect', () => { socket.close(); resolve('connected') })
  socket.on('connect_error', (error) => resolve(error!.message))
})

const login = (base: string): Promise<number> =>
  fetch(`${base}/login`, { method: 'POST', credentials: 'include' }).then(({ status }) => status)

suite('cookies across sites, over https, in a real browser', () => {
  let browser: Browser
  let pages: number
  const closing: (() => unknown)[] = []

  before(async () => {
    const serve: RequestListener = (request, response) => {
      if (!servePage(request, response)) response.writeHead(404).end()
    }
    const server = createTlsServer(tls, serve) as ReturnType<typeof createServer>
    pages = await listening({ after: (close: () => unknown) => { closing.push(close) } }, server)
    browser = await launch([
      '--host-resolver-rules=MAP *.example 127.0.0.1',
      `--ignore-certificate-errors-spki-list=${tls.spki}`
    ])
  })
  after(async () => {
    await browser?.close()
    for (const close of closing) await close()
  })

  /** A server whose login sets cookies of each kind, and that keeps what its handshakes came with. */
  async function serve (t: TestContext): Promise<Site> {
    const handshakes: Handshake[] = []
    const cors = { origin: `https://app.shop.example:${pages}`, credentials: true }
    const { app, lines } = await logging(t, { cors }, (app) => {
      app.post('/login', async (_request, reply) => reply.header('set-cookie', Object.values(COOKIES)).send('in'))
      app.addHook('onRequest', async ({ routeOptions, query, headers }) => {
        if (routeOptions.url !== '/socket.io/' || (query as { sid?: string }).sid !== undefined) return
        handshakes.push({
          cookies: (headers.cookie ?? '').split('; ').map((pair) => pair.split('=')[0]!).filter(Boolean).sort(),
          storageAccess: headers['sec-fetch-storage-access']
        })
      })
    // Chromium opens connections ahead, and a server that closes waits for them
    }, { https: tls, forceCloseConnections: true } as object)
    return { app, port: (app.server.address() as AddressInfo).port, handshakes, lines }
  }

  /** @param block whether the browser blocks third-party cookies, as its setting does */
  async function visit (t: TestContext, host: string, block = false): Promise<Page> {
    const context = await browser.newContext()
    t.after(() => context.close())
    const page = await context.newPage()
    if (block) {
      const devtools = await context.newCDPSession(page)
      await devtools.send('Network.enable')
      await devtools.send('Network.setCookieControls', BLOCK)
    }
    await page.goto(`https://${host}:${pages}/https`)
    return page
  }

  async function openBoth (page: Page, base: string): Promise<string[]> {
    const polling = await page.evaluate(open, [base, 'polling'] as const)
    return [polling, await page.evaluate(open, [base, 'websocket'] as const)]
  }
  const connected = ['connected', 'connected']

  test('one site, two hosts: all cookies are sent, SameSite=Lax too', async (t) => {
    const { port, handshakes } = await serve(t)
    const page = await visit(t, 'app.shop.example', true)
    const base = `https://api.shop.example:${port}`
    assert.equal(await page.evaluate(login, base), 200)
    assert.deepEqual(await openBoth(page, base), connected)
    assert.deepEqual(handshakes.map(({ cookies }) => cookies), Array(2).fill(['lax', 'none', 'partitioned']))
  })

  test('two sites: SameSite=None and Partitioned are sent, SameSite=Lax is not', async (t) => {
    const { port, handshakes, lines } = await serve(t)
    const page = await visit(t, 'app.shop.example')
    const base = `https://api.chat.example:${port}`
    assert.equal(await page.evaluate(login, base), 200)
    assert.deepEqual(await openBoth(page, base), connected)
    assert.deepEqual(handshakes.map(({ cookies }) => cookies), Array(2).fill(['none', 'partitioned']))
    assert.equal(handshakes[0]!.storageAccess, 'active')
    assert.deepEqual(lines, [])
  })

  test('two sites, third-party cookies blocked: only Partitioned is sent, and the log tells why', async (t) => {
    const { port, handshakes, lines } = await serve(t)
    const page = await visit(t, 'app.shop.example', true)
    const base = `https://api.chat.example:${port}`
    assert.deepEqual(await openBoth(page, base), connected)
    assert.deepEqual(handshakes.map(({ cookies }) => cookies), [[], []])
    assert.equal(handshakes[0]!.storageAccess, 'none')
    assert.deepEqual(lines.map(({ reason, transport }) => [reason, transport]), [['cookies-withheld', 'polling']])
    const docs = readFileSync(new URL('../../docs/authentication.md', import.meta.url), 'utf8')
    assert.ok(docs.includes(lines[0]!.msg), `docs/authentication.md does not quote: ${lines[0]!.msg}`)

    assert.equal(await page.evaluate(login, base), 200)
    assert.deepEqual(await openBoth(page, base), connected)
    assert.deepEqual(handshakes.slice(2).map(({ cookies }) => cookies), [['partitioned'], ['partitioned']])
    assert.equal(lines.length, 1)
  })

  test('a stranger\'s page sends the visitor\'s SameSite=None cookie, and gets 403', async (t) => {
    const { app, port, handshakes } = await serve(t)
    const page = await visit(t, 'app.shop.example')
    const base = `https://api.chat.example:${port}`
    assert.equal(await page.evaluate(login, base), 200)
    const sent: unknown[] = []
    app.server.on('request', (request, response) => {
      response.on('finish', () => sent.push([request.headers.cookie, response.statusCode]))
    })
    const evil = await page.context().newPage()
    await evil.goto(`https://app.evil.example:${pages}/https`)
    assert.equal(await evil.evaluate(open, [base, 'polling'] as const), 'xhr poll error')
    assert.deepEqual(sent, [['none=1', 403]], 'nor is the partitioned cookie sent from another site')
    assert.equal(await evil.evaluate(open, [base, 'websocket'] as const), 'websocket error')
    assert.deepEqual(handshakes, [], 'no hook of the app ran')
  })
})
