// Published advisories of CORS layers and origin checks: of Socket.IO, Koa, Fastify, Vite, Jupyter and Go. Each comes
// to every door: REST, preflight, handshake, POST and upgrade.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { FastifyServerOptions } from 'fastify'
import { ConfigError, type CorsOptions, type FastifyIOOptions } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { retained } from '../support/hostile.ts'
import { type Answer, ask, corsHeaders, POLLING, type Running, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

const ATTACKER = 'https://attacker.example'
const PREFLIGHT = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-evil' }

type Headers = Record<string, string>
type Test = Parameters<typeof start>[0]

/** One request at every door. */
function everywhere (port: number, headers: Headers): Promise<Answer[]> {
  return Promise.all([
    ask(port, '/api', { headers }),
    ask(port, '/api', { method: 'OPTIONS', headers: { ...headers, ...PREFLIGHT } }),
    ask(port, POLLING, { headers }),
    ask(port, `${POLLING}&sid=x`, { method: 'POST', headers, body: '40' }),
    ask(port, WEBSOCKET, { headers: { ...headers, ...UPGRADE } })
  ])
}

function serve (t: Test, options: FastifyIOOptions, server: FastifyServerOptions = {}): Promise<Running> {
  return start(t, options, (app) => { app.get('/api', async () => 'a secret') }, server)
}

/** A page is let in nowhere, reads nothing, and leaves no session behind. */
async function refused (
  t: Test, cors: CorsOptions | undefined, headersOf: (port: number) => Headers, server?: FastifyServerOptions
): Promise<void> {
  for (const enforce of ['sockets', 'all'] as const) {
    const { app, port } = await serve(t, { enforce, ...(cors !== undefined && { cors }) }, server)
    const headers = headersOf(port)
    const answers = await everywhere(port, headers)
    const [rest, , ...sockets] = answers.map(({ status }) => status)
    assert.equal(rest, enforce === 'all' ? 403 : 200)
    assert.deepEqual(sockets, [403, 403, 403])
    for (const answer of answers) assert.deepEqual(corsHeaders(answer), [], JSON.stringify(headers))
    assert.equal(app.io.engine.clientsCount, 0)
  }
}

/** @returns the origins of a list that are let in somewhere */
async function admitted ({ port }: Running, origins: readonly string[]): Promise<string[]> {
  const found = await Promise.all(origins.map(async (origin) => {
    const answers = await everywhere(port, { origin })
    const sockets = answers.slice(2).some(({ status }) => status !== 403)
    return sockets || answers.some((answer) => corsHeaders(answer).length > 0)
  }))
  return origins.filter((_origin, at) => found[at])
}

for (const cors of [undefined, {}, { credentials: true }, { methods: ['GET'], allowedHeaders: ['x-evil'] }]) {
  const options = JSON.stringify({ cors })
  test(`CVE-2020-28481: Socket.IO let every site in by default; with ${options} none is`, async (t) => {
    for (const origin of [ATTACKER, 'http://attacker.example', 'null']) {
      await refused(t, cors, () => ({ origin, cookie: 'session=1' }))
    }
  })

  test(`CVE-2023-49803: without a list every origin was reflected; with ${options} none is`, async (t) => {
    const { port } = await serve(t, cors === undefined ? {} : { cors })
    for (const { headers } of await everywhere(port, { origin: ATTACKER })) {
      for (const value of Object.values(headers)) assert.doesNotMatch(String(value), /attacker|\*/)
    }
  })
}

suite('CVE-2025-24010: a page on the Internet and a server on this machine', () => {
  test('its WebSocket and its fetch are refused', (t) => refused(t, undefined, () => ({ origin: ATTACKER })))

  for (const name of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example']) {
    const rebound = (port: number): Headers => ({ host: `${name}:${port}`, origin: `http://${name}:${port}` })
    test(`DNS rebinding: ${name} resolves to it`, (t) => refused(t, undefined, rebound))
    test(`DNS rebinding: ${name} resolves to a server with a list`, (t) => refused(t, { origin: ORIGIN }, rebound))
  }
})

suite('CVE-2026-3635, CVE-2026-16732: X-Forwarded-* of a client that is no trusted proxy', () => {
  const spoofed: Headers = {
    host: 'api.example.com',
    origin: ATTACKER,
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-host': 'attacker.example',
    'x-forwarded-proto': 'https',
    forwarded: 'for=10.0.0.1;host=attacker.example;proto=https'
  }
  for (const trustProxy of [false, '10.0.0.1', ['10.0.0.0/8', '192.168.0.1'], 1, 2, () => false] as const) {
    test(`trustProxy: ${String(trustProxy)}`, async (t) => {
      await refused(t, undefined, () => spoofed, { trustProxy: trustProxy as never })
      await refused(t, { origin: ORIGIN }, () => spoofed, { trustProxy: trustProxy as never })
    })
  }

  test('of a trusted proxy they are what they say: the attacker is elsewhere then', async (t) => {
    const { port } = await serve(t, {}, { trustProxy: '127.0.0.1' })
    const own = { host: 'backend', 'x-forwarded-host': 'api.example.com', 'x-forwarded-proto': 'https' }
    const page = { ...own, origin: 'https://api.example.com' }
    assert.equal((await ask(port, WEBSOCKET, { headers: { ...UPGRADE, ...page } })).status, 101)
    await refused(t, undefined, () => ({ ...own, origin: ATTACKER }), { trustProxy: '127.0.0.1' })
  })
})

suite('CVE-2026-40110, CVE-2026-37737: a pattern that ends too early', () => {
  const trusted = 'https://trusted.example.com'
  const tails = [
    '.evil.com', '.evil.com:443', 'edy', ':9999', '.', '/', '/path', '@evil.com', '#', '?', '%00', '\\.evil.com',
    ', https://evil.com', ' https://evil.com'
  ]

  test('a RegExp without an end is not accepted at all, and what gets past it is shown', async (t) => {
    for (const origin of [
      /^https:\/\/trusted\.example\.com/, /https:\/\/trusted\.example\.com/, /trusted\.example\.com/, /example\.com$/,
      /^https:\/\/.*example\.com$/, /^https:\/\/trusted.example.com$/,
      /^https:\/\/trusted\.example\.com|^http:\/\/localhost$/
    ]) {
      await assert.rejects(serve(t, { cors: { origin } }), (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        const [issue] = error.issues
        assert.equal(issue!.code, 'REGEXP_UNSAFE')
        // the proof is one: the RegExp takes it, and it is somebody else's
        assert.match(issue!.proof!, origin)
        assert.notEqual(issue!.proof, trusted)
        return true
      }, String(origin))
    }
  })

  for (const [what, origin] of [
    ['an exact origin', trusted], ['a wildcard', 'https://*.example.com'],
    ['a RegExp with both ends', /^https:\/\/trusted\.example\.com$/]
  ] as const) {
    test(`${what} ends where it ends`, async (t) => {
      const server = await serve(t, { cors: { origin } })
      assert.deepEqual(await admitted(server, tails.map((tail) => trusted + tail)), [])
      assert.deepEqual(await admitted(server, [trusted]), [trusted])
    })
  }
})

suite('GHSA-vhxv-fg4m-p2w8: origins that share their ends glued to one another', () => {
  // Go's jub0bs/cors kept hosts in a tree by their suffixes, and let https://barfoo.com in with these two
  for (const list of [
    ['https://foo.com', 'https://bar.com'], ['https://bar.com', 'https://foo.com'],
    ['https://cat', 'https://concat', 'https://kin', 'https://pin'],
    ['https://*.foo.com', 'https://*.bar.com', 'https://bar.com']
  ]) {
    test(list.join(', '), async (t) => {
      const server = await serve(t, { cors: { origin: list } })
      const hosts = list.map((origin) => origin.slice('https://'.length).replace('*.', ''))
      const glue = (host: string): string[] => hosts.map((other) => host + other)
      const starts = hosts.flatMap((host) => [host, host.split('.')[0]!, host[0]!, host.slice(0, -1)])
      const glued = [...starts.flatMap(glue), ...hosts.map((host) => host.slice(1))].map((host) => `https://${host}`)
      assert.deepEqual(await admitted(server, glued.filter((origin) => !list.includes(origin))), [])
      const exact = list.filter((entry) => !entry.includes('*'))
      assert.deepEqual(await admitted(server, exact), exact)
    })
  }
})

suite('GHSA-vh9x-phq6-fx54, CVE-2025-47908: a preflight that asks for thousands of headers', () => {
  const bombs = [','.repeat(14_000), 'a,'.repeat(7000), ' ,'.repeat(7000), `${'x-a,'.repeat(3000)}x`, ', '.repeat(7000)]
  for (const allowedHeaders of [undefined, ['x-a', 'x-b'], '*']) {
    test(`allowedHeaders: ${JSON.stringify(allowedHeaders)}`, async (t) => {
      const { port } = await serve(t, { cors: { origin: ORIGIN, ...(allowedHeaders && { allowedHeaders }) } })
      const listed = allowedHeaders && [allowedHeaders].flat().join(', ')
      const before = retained()
      const started = process.cpuUsage()
      for (const [origin, expected] of [[ORIGIN, listed], [ATTACKER, undefined]] as const) {
        for (const bomb of bombs) {
          const headers = { origin, ...PREFLIGHT, 'access-control-request-headers': bomb }
          for (let times = 0; times < 20; times++) {
            const answer = await ask(port, times % 2 === 0 ? '/api' : '/socket.io/', { method: 'OPTIONS', headers })
            assert.ok(answer.status === 204 || (origin === ATTACKER && answer.status === 403))
            assert.equal(answer.headers['access-control-allow-headers'], expected)
          }
        }
      }
      assert.ok(process.cpuUsage(started).user < 10_000_000, 'less than ten seconds of CPU for 200 of them')
      assert.ok(retained() - before < 5_000_000, 'nothing of them is kept')
    })
  }
})
