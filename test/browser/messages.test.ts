/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { after, before, suite, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { listening } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { type ConnectError, getWithCookies, overWebSocket, polling } from './acts.ts'
import { launch } from './chromium.ts'
import { servePage, tls } from './page.ts'
import { ours, type Scene, scenes, stock } from './scenes.ts'

const text = readFileSync(new URL('../../docs/why-refused.md', import.meta.url), 'utf8')

/** Comes after each message of CORS; the page says so once. */
const AFTERWARDS = 'Failed to load resource: net::ERR_FAILED'

/** By the name of its anchor: what a section quotes of what can be run here, a line each. */
const quoted = new Map(text.split(/^(?=<a id=")/m).slice(1).map((section) => [
  /^<a id="([\w-]+)"/.exec(section)![1]!,
  section.split('\n').filter((line) => /^- (Chromium|Client|Log): /.test(line))
]))

/** What is said of one run, as the page writes it: hosts without their ports, https for http, no random parts. */
function asWritten (said: string, { page }: Scene): string {
  const plain = said
    .replace(/(?<=:\/\/(?:app|api|other)\.example\.com):\d+/g, '')
    .replace(/(?<=[?&]t=)[\w.-]+/g, '…')
    .replace(/(?<=[?&]sid=)[\w-]+/g, '…')
    .replace(/(?<=&j=)\d+/g, '0')
  return page === 'https' ? plain : plain.replace(/\b(http|ws)(?=:\/\/(app|api|other)\.)/g, '$1s')
}

function code (said: string): string {
  return said.includes('`') ? `\`\` ${said} \`\`` : `\`${said}\``
}

function clientLine ({ message, description, text: body }: ConnectError): string {
  const parts = [code(message)]
  if (typeof description === 'number') parts.push(`\`err.description\` ${code(String(description))}`)
  if (body) parts.push(`\`err.context.responseText\` ${code(body)}`)
  return `- Client: ${parts.join(', ')}`
}

suite('docs/why-refused.md quotes each message word for word', () => {
  let browser: Browser
  const ports = { http: 0, https: 0 }
  const closing: (() => unknown)[] = []

  before(async () => {
    const scope = { after: (close: () => unknown) => { closing.push(close) } }
    const pages: RequestListener = (request, response) => {
      if (!servePage(request, response)) response.writeHead(404).end()
    }
    ports.http = await listening(scope, createServer(pages))
    ports.https = await listening(scope, createTlsServer(tls, pages) as ReturnType<typeof createServer>)
    browser = await launch([
      '--host-resolver-rules=MAP * 127.0.0.1',
      // this page comes from the internet, as far as Chromium can tell
      `--ip-address-space-overrides=127.0.0.1:${ports.https}=public`
    ])
  })
  after(async () => {
    await browser?.close()
    for (const close of closing) await close()
  })

  const found = new Map<string, Set<string>>()

  for (const scene of scenes) {
    test(scene.what, async (t) => {
      const page = scene.page ?? 'http'
      const app = page === 'https'
        ? `https://app.example.com:${ports.https}`
        : `http://app.example.com:${ports.http}`
      const { port, scheme = 'http', lines = [] } = await scene.server(t, app)
      const base = `${scheme}://api.example.com:${port}`
      const context = await browser.newContext({ ignoreHTTPSErrors: page === 'https' })
      t.after(() => context.close())
      const tab = await context.newPage()
      const said: string[] = []
      tab.on('console', (message) => said.push(message.text()))
      await tab.goto(page === 'own' ? `${base}/own` : `${app}/${page}`)

      const acted = tab.evaluate(scene.act, base)
      if (scene.outcome === undefined) {
        acted.catch(() => {})
      } else {
        const outcome = await acted
        if (typeof scene.outcome === 'string') assert.equal(outcome, scene.outcome)
        else assert.deepEqual({ ...outcome as ConnectError, ...scene.outcome }, outcome)
      }
      await until(() => said.length >= scene.console, `${scene.console} lines in the console`)
      assert.equal(said.length, scene.console, said.join('\n'))

      const written = [
        ...said.filter((line) => line !== AFTERWARDS).map((line) => `- Chromium: ${code(asWritten(line, scene))}`),
        ...lines.map(({ msg }) => `- Log: ${code(asWritten(msg, scene))}`)
      ]
      const outcome = scene.outcome === undefined ? undefined : await acted
      if (typeof outcome === 'object') written.push(asWritten(clientLine(outcome), scene))
      if (process.env.SHOW) console.log(scene.section, '\n' + written.join('\n'))
      const { section } = scene
      for (const line of written) {
        assert.ok(quoted.get(section)?.includes(line), `the section "${section}" should quote\n${line}`)
      }
      found.set(section, new Set([...found.get(section) ?? [], ...written]))
    })
  }

  test('and quotes nothing that nobody says', (t) => {
    if (found.size < new Set(scenes.map(({ section }) => section)).size) {
      t.skip('only with all scenes')
      return
    }
    const left = [...quoted].flatMap(([section, lines]) =>
      lines.filter((line) => !found.get(section)?.has(line)).map((line) => `${section}: ${line}`)
    )
    assert.deepEqual(left, [])
  })

  test('localStorage.debug shows lines of the client, at the level Verbose', async (t) => {
    assert.match(text, /`localStorage\.debug = '\*'`.*`socket\.io-client:manager`/)
    const { port } = await ours(() => ({}))(t, '')
    const context = await browser.newContext()
    t.after(() => context.close())
    const tab = await context.newPage()
    const lines: string[] = []
    tab.on('console', (message) => { if (message.type() === 'debug') lines.push(message.text()) })
    await tab.goto(`http://app.example.com:${ports.http}/debug`)
    await tab.evaluate(() => { localStorage.debug = '*' })
    await tab.reload()
    await tab.evaluate(polling, `http://api.example.com:${port}`)
    await until(() => lines.some((line) => line.includes('socket.io-client:manager')), 'a line of the client')
  })

  test('advice: a WebSocket avoids the message and the protection', async (t) => {
    const app = `http://app.example.com:${ports.http}`
    const context = await browser.newContext()
    t.after(() => context.close())
    const tab = await context.newPage()
    await tab.goto(`${app}/http`)
    const open = async (server: Scene['server']): Promise<unknown> =>
      tab.evaluate(overWebSocket, `http://api.example.com:${(await server(t, app)).port}`)
    assert.equal(await open(stock(() => ({ origin: 'https://other.example.com' }))), 'connected')
    const refused = await open(ours(() => ({ origin: 'https://other.example.com' })))
    assert.equal((refused as ConnectError).message, 'websocket error')
  })

  test('a cookie without SameSite=None stays away from another site, and nothing is said', async (t) => {
    const app = `http://app.example.com:${ports.http}`
    const seen: (string | undefined)[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers.cookie)
      response.setHeader('access-control-allow-origin', app).setHeader('access-control-allow-credentials', 'true')
      response.setHeader('set-cookie', 'user=1').end()
    })
    const port = await listening(t, server)
    const context = await browser.newContext()
    t.after(() => context.close())
    const tab = await context.newPage()
    const said: string[] = []
    tab.on('console', (message) => said.push(message.text()))
    await tab.goto(`${app}/http`)
    for (const host of ['api.example.com', 'api.example.net']) {
      for (let n = 0; n < 2; n++) assert.equal(await tab.evaluate(getWithCookies, `http://${host}:${port}`), '200')
    }
    assert.deepEqual(seen, [undefined, 'user=1', undefined, undefined])
    assert.deepEqual(said, [])
  })
})
