import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { suite, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { Server } from 'socket.io'
import { ConfigError, type CorsOptions, OriginPolicy } from '../../lib/index.ts'
import { client } from '../support/client.ts'
import { deadPort, listening } from '../support/proxy.ts'
import { ask, POLLING, start, WEBSOCKET } from '../support/server.ts'

const text = readFileSync(new URL('../../docs/why-refused.md', import.meta.url), 'utf8')
const sections = new Map(text.split(/^(?=<a id=")/m).slice(1).map((section) =>
  [/^<a id="([\w-]+)"/.exec(section)![1]!, section]))
const APP = 'https://app.example.com'

suite('docs/why-refused.md is whole', () => {
  test('every link leads to a section, and every section is in the list at the top', () => {
    const links = new Set([...text.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor))
    assert.deepEqual([...links].filter((anchor) => !sections.has(anchor!)), [])
    const top = text.split('\n## Four looks')[0]!
    const listed = new Set([...top.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor))
    assert.deepEqual([...sections.keys()].filter((anchor) => !listed.has(anchor)), [])
  })

  test('every cause says how to tell it, and what to change here, in stock Socket.IO and at the proxy', () => {
    for (const [anchor, section] of sections) {
      for (const cause of section.split(/^(?=\*\*\d+\. )/m).slice(1)) {
        // a cause may lead to another section
        if (/^\*\*.*\*\* See \[/.test(cause)) continue
        for (const line of ['To tell', 'This plugin', 'Stock Socket.IO', 'Proxy']) {
          assert.match(cause, new RegExp(`^- ${line}: `, 'm'), `${anchor}: ${cause}`)
        }
      }
    }
  })

  test('a piece in the list at the top stands in its section, if a browser of ours says it', () => {
    const rows = text.split('\n').filter((line) => /^\| `.*\]\(#/.test(line))
    let compared = 0
    for (const row of rows) {
      const section = sections.get(/\(#([\w-]+)\)/.exec(row)![1]!)!
      for (const [, piece] of row.split('|')[1]!.matchAll(/`([^`]+)`/g)) {
        const parts = piece!.split('…')
        const found = parts.every((part) => section.includes(part)) || section.includes('## Advice')
        assert.ok(found, `${piece} in\n${section}`)
        compared++
      }
    }
    assert.ok(compared > 50)
  })
})

suite('the curl lines answer what the page says', () => {
  const curls = text.split('\n').filter((line) => line.startsWith('curl -i'))
  const missing = spawnSync('curl', ['--version']).error !== undefined
  const skip = missing && (process.env.CI === 'true' ? assert.fail('curl is not installed') : 'curl is not installed')

  test('on a sound server', { skip }, async (t) => {
    assert.equal(curls.length, 4)
    const { own } = await start(t, { cors: { origin: APP } }, (app) => { app.put('/api/note', async () => ({})) })
    const answers = await Promise.all(curls.map(async (line) => {
      const words = line.replaceAll('https://api.example.com', own).matchAll(/'([^']*)'|(\S+)/g)
      const args = [...words].map(([, quoted, bare]) => quoted ?? bare!).slice(1)
      const ended = promisify(execFile)('curl', ['-s', ...args])
      const { stdout } = await ended.catch((error) => error as { stdout: string })
      return stdout
    }))
    assert.match(answers[0]!, /^HTTP\/1\.1 200 OK/)
    const body = /`(0\{"sid":.*?\})`/.exec(text)![1]!
    assert.equal(answers[0]!.split('\r\n\r\n')[1]!.replace(/"sid":"[^"]+"/, '"sid":"…"'), body)
    assert.match(answers[1]!, new RegExp(`^access-control-allow-origin: ${APP}\r$`, 'm'))
    assert.match(answers[2]!, /^HTTP\/1\.1 204 /)
    assert.match(answers[2]!, new RegExp(`^access-control-allow-origin: ${APP}\r$`, 'm'))
    assert.match(answers[2]!, /^access-control-allow-methods: .*PUT/m)
    assert.match(answers[3]!, /^HTTP\/1\.1 101 Switching Protocols/)
  })
})

suite('connect_error in Node says what the table says', () => {
  const row = (message: string): string => sections.get('connect-error')!.split('\n')
    .find((line) => line.startsWith(`| \`${message}\``))!.split('|')[3]!
  const failure = (t: TestContext, url: string, options: Parameters<typeof client>[2]): Promise<{
    message: string, description?: unknown
  }> => new Promise((resolve) => client(t, url, options).on('connect_error', resolve))

  test('xhr poll error', async (t) => {
    const { own } = await start(t)
    const options = { transports: ['polling'] }
    const refused = await failure(t, own, options)
    assert.deepEqual([refused.message, refused.description], ['xhr poll error', 403])
    const nobody = await failure(t, `http://127.0.0.1:${await deadPort()}`, options)
    assert.deepEqual([nobody.message, nobody.description], ['xhr poll error', 0])
    assert.match(row('xhr poll error'), /`403`, or `0`/)
  })

  test('websocket error', async (t) => {
    const { own } = await start(t)
    const options = { transports: ['websocket'] }
    const refused = await failure(t, own, options)
    assert.equal(refused.message, 'websocket error')
    const said = (refused.description as { message: string }).message
    assert.ok(row('websocket error').includes(`\`${said}\``))
    const nobody = await failure(t, `http://127.0.0.1:${await deadPort()}`, options)
    assert.match((nobody.description as { message: string }).message, /^connect ECONNREFUSED/)
    assert.match(row('websocket error'), /`connect ECONNREFUSED`/)
  })

  test('xhr post error: a message over maxHttpBufferSize', async (t) => {
    const { own } = await start(t, { maxHttpBufferSize: 100 })
    const socket = client(t, own, { transports: ['polling'], extraHeaders: {}, auth: { text: 'x'.repeat(200) } })
    const { message, description } = await new Promise<{ message: string, description?: unknown }>((resolve) => {
      socket.on('connect_error', resolve)
    })
    assert.deepEqual([message, description], ['xhr post error', 413])
  })

  test('timeout, server error, Invalid namespace, and a middleware\'s own text', async (t) => {
    const silent = await listening(t, createServer(() => {}))
    assert.equal((await failure(t, `http://127.0.0.1:${silent}`, { timeout: 50 })).message, 'timeout')
    const html = await listening(t, createServer((_request, response) => { response.end('<!doctype html>') }))
    assert.equal((await failure(t, `http://127.0.0.1:${html}`, {})).message, 'server error')
    const { own } = await start(t, { cors: { origin: '*' } }, (app) => {
      app.io.of('/members').use((_socket, next) => next(new Error('not authorized')))
    })
    assert.equal((await failure(t, `${own}/app`, {})).message, 'Invalid namespace')
    assert.equal((await failure(t, `${own}/members`, {})).message, 'not authorized')
    for (const message of ['timeout', 'server error', 'Invalid namespace']) assert.match(row(message), /none/)
  })
})

test('DEBUG shows what the table says, on the server and in a client', async () => {
  const script = `
    const { default: Fastify } = await import('fastify')
    const { default: fastifyIO } = await import(${JSON.stringify(new URL('../../lib/index.ts', import.meta.url))})
    const { io } = await import('socket.io-client')
    const app = Fastify()
    await app.register(fastifyIO)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = io('http://127.0.0.1:' + app.server.address().port + '/app', { reconnection: false })
    socket.on('connect_error', async () => { socket.close(); await app.close() })`
  const server = /`DEBUG=(\S+) node server\.js`/.exec(text)![1]!
  const clientSide = /`DEBUG=(\S+) node client\.js`/.exec(text)![1]!
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    { env: { ...process.env, DEBUG: `${server},${clientSide}` }, timeout: 60_000 }
  )
  for (const line of ['socket.io:client creation of namespace /app was denied', 'engine.io-client:socket']) {
    assert.ok(text.includes(line))
    assert.ok(stderr.includes(line), stderr)
  }
  assert.match(stderr, /engine:/)
})

suite('the advice that is wrong', () => {
  const EVIL = { origin: 'https://evil.example' }
  const stock = async (t: TestContext, cors: object | undefined): Promise<number> => {
    const server = createServer()
    const sockets = new Server(server, cors && { cors })
    const port = await listening(t, server)
    t.after(() => sockets.close())
    return port
  }
  const codes = (cors: CorsOptions): string[] => {
    try {
      return new OriginPolicy(cors).warnings.map(({ code }) => code)
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.issues.map(({ code }) => code)
    }
  }

  test('origin: true lets every site read with cookies; here it is refused at the start', async (t) => {
    const { headers } = await ask(await stock(t, { origin: true, credentials: true }), POLLING, { headers: EVIL })
    assert.equal(headers['access-control-allow-origin'], EVIL.origin)
    assert.equal(headers['access-control-allow-credentials'], 'true')
    assert.deepEqual(codes({ origin: true, credentials: true }), ['ORIGIN_ANY_WITH_CREDENTIALS'])
  })

  test('endsWith, and loose RegExps', async () => {
    assert.ok('https://evil-example.com'.endsWith('example.com'))
    assert.deepEqual(codes({ origin: /example\.com$/ }), ['REGEXP_UNSAFE'])
    const policy = new OriginPolicy({
      origin: (origin: string) => origin.endsWith('example.com'),
      originExamples: [APP]
    })
    assert.equal((await policy.auditFunction())?.code, 'FUNCTION_UNSAFE')
  })

  test('a header of a proxy stops no WebSocket', async (t) => {
    const port = await stock(t, undefined)
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
    }
    assert.equal((await ask(port, WEBSOCKET, { headers: { ...EVIL, ...upgrade } })).status, 101)
    const { port: ours } = await start(t, { cors: { origin: APP } })
    assert.equal((await ask(ours, WEBSOCKET, { headers: { ...EVIL, ...upgrade } })).status, 403)
  })

  test('JSONP answers a script tag of any site', async (t) => {
    const { status, body } = await ask(await stock(t, undefined), `${POLLING}&j=0`)
    assert.deepEqual([status, body.startsWith('___eio[0](')], [200, true])
  })
})
