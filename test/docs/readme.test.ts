import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { io } from 'socket.io-client'
import * as library from '../../lib/index.ts'
import { client, connect } from '../support/client.ts'
import { anchorsOf, blocksOf, run } from '../support/doc-blocks.ts'
import { type Answer, ask, askBoth, POLLING, start } from '../support/server.ts'

const root = resolve(import.meta.dirname, '../..')
const modules = { 'fastify-io': { __esModule: true, ...library } }
const APP = { origin: 'https://app.example.com' }
const EVIL = { origin: 'https://evil.example' }

function blockOf (file: string, heading: string, language: string, index = 0): string {
  const found = blocksOf(file).filter((block) => block.heading === heading && block.language === language)[index]
  assert.ok(found, `${file} has a block of ${language} below ${heading}`)
  return found.code.replace('listen({ port: 3001 })', "listen({ port: 0, host: '127.0.0.1' })")
    .replace('logger: true', 'logger: false')
}

async function runApp (t: TestContext, code: string): Promise<{ app: FastifyInstance, port: number }> {
  const app = await run<FastifyInstance>(code, 'app', modules)
  t.after(() => app.close())
  if (!app.server.listening) await once(app.server, 'listening')
  return { app, port: (app.server.address() as AddressInfo).port }
}

/** Runs a recipe on an app that does not listen yet. */
async function runRecipe (t: TestContext, heading: string, env: Record<string, string>): Promise<number> {
  const app = Fastify()
  t.after(() => app.close())
  const code = Object.entries(env).reduce((text, [name, value]) =>
    text.replaceAll(`process.env.${name}!`, JSON.stringify(value)), blockOf('README.md', heading, 'ts'))
  const isRight = async (name: string, password: string): Promise<boolean> => `${name} ${password}` === 'ann right'
  await run(code, 'app', modules, { app, fastifyIO: library.default, isRight })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

for (const file of ['README.md', 'docs/policy.md']) {
  test(`${file}: every link leads to a file and a heading`, () => {
    const text = readFileSync(resolve(root, file), 'utf8')
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
    assert.ok(links.length >= 5)
    for (const [link, path, anchor] of links) {
      const target = path === '' ? resolve(root, file) : resolve(root, dirname(file), path!)
      assert.ok(existsSync(target), link)
      if (anchor !== undefined) assert.ok(anchorsOf(target).includes(anchor), link)
    }
  })
}

suite('README.md: the examples run', () => {
  test('the server, with its client', async (t) => {
    const { port } = await runApp(t, blockOf('README.md', 'Use', 'ts'))
    const said: unknown[] = []
    const socket = await run<ReturnType<typeof io>>(
      blockOf('README.md', 'Use', 'ts', 1).replaceAll('localhost:3001', `127.0.0.1:${port}`), 'socket', {},
      { console: { log: (text: unknown) => { said.push(text); if (said.length === 2) socketSpoke() } } }
    )
    t.after(() => { socket.close() })
    await spoken
    assert.deepEqual(said.sort(), ['hello world', 'ping'])
    // an exception here would end the process
    socket.emit('echo', 'without a callback').emit('echo', 'with a number', 5)
    assert.equal(await socket.emitWithAck('echo', 'still there'), 'still there')
    assert.deepEqual((await askBoth(port, EVIL)).map(({ status }) => status), [403, 403])
    for (const origin of [APP.origin, 'https://a.preview.example.com', 'http://localhost:5173']) {
      assert.deepEqual((await askBoth(port, { origin })).map(({ status }) => status), [200, 101])
      const { headers } = await ask(port, '/api/time', { headers: { origin } })
      assert.equal(headers['access-control-allow-origin'], origin)
    }
    const script = /src="http:\/\/localhost:3001([^"]+)"/.exec(blockOf('README.md', 'Use', 'html'))![1]!
    assert.match((await ask(port, script)).body, /Socket\.IO/)
  })
  let socketSpoke = (): void => {}
  const spoken = new Promise<void>((resolve) => { socketSpoke = resolve })

  for (const [heading, language] of [['CommonJS', 'js'], ['TypeScript', 'ts']] as const) {
    test(heading, async (t) => {
      const { port } = await runApp(t, blockOf('README.md', heading, language))
      const socket = client(t, `http://127.0.0.1:${port}`)
      await once(socket as never, 'hello')
      assert.equal((await ask(port, POLLING, { headers: EVIL })).status, 403)
    })
  }

  test('when app.io is there', async (t) => {
    const app = Fastify()
    t.after(() => app.close())
    let later: unknown
    let inside: unknown
    app.register(async (scope) => {
      await scope.register(library.default)
      inside = scope.io
    })
    app.register(async (scope) => { later = scope.io })
    await app.ready()
    assert.ok(inside)
    assert.deepEqual([app.io, later], [undefined, undefined])

    const other = Fastify()
    t.after(() => other.close())
    other.register(library.default)
    let seen: unknown
    other.register(async (scope) => { seen = scope.io })
    assert.equal(other.io, undefined)
    await other.after()
    assert.ok(other.io)
    await other.ready()
    assert.equal(seen, other.io)
  })

  test('sessions: who is not logged in gets 401, by polling and by WebSocket', async (t) => {
    const port = await runRecipe(t, 'Sessions and log-in', { SESSION_SECRET: 's'.repeat(32) })
    assert.deepEqual((await askBoth(port, APP)).map(({ status }) => status), [401, 401])
    for (const spelling of ['/%73ocket.io/', `http://127.0.0.1:${port}/socket.io/`]) {
      const { status } = await ask(port, `${spelling}?EIO=4&transport=polling`, { headers: APP })
      assert.equal(status, 401, spelling)
    }
    const login = (password: string, from: object = APP) => ask(port, '/login', {
      method: 'POST',
      headers: { ...from, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ann', password })
    })
    assert.deepEqual([(await login('wrong')).status, (await login('right', EVIL)).status], [401, 403])
    const { headers } = await login('right')
    const cookie = headers['set-cookie']![0]!.split(';')[0]!
    assert.deepEqual((await askBoth(port, { ...APP, cookie })).map(({ status }) => status), [200, 101])
    assert.deepEqual((await askBoth(port, { ...EVIL, cookie })).map(({ status }) => status), [403, 403])
  })

  test('tokens: a wrong one is told so', async (t) => {
    const port = await runRecipe(t, 'Tokens in `auth`', { JWT_SECRET: 'j'.repeat(32) })
    const url = `http://127.0.0.1:${port}`
    for (const auth of [{}, { token: 'forged' }, { token: { toString: 1 } }]) {
      const error = await new Promise<Error>((resolve) => {
        client(t, url, { auth }).on('connect_error', resolve).on('connect', () => resolve(new Error('connected')))
      })
      assert.equal(error.message, 'not authorized')
    }
    const signer = Fastify()
    t.after(() => signer.close())
    // not by `import`: its types would hold for all tests
    await signer.register(createRequire(import.meta.url)('@fastify/jwt'), { secret: 'j'.repeat(32) })
    const { sign } = Reflect.get(signer, 'jwt') as { sign (payload: object): string }
    await connect(t, url, { auth: { token: sign({ sub: 'ann' }) } })
  })

  test('a part with a stricter policy, here and in docs/policy.md', async (t) => {
    for (const file of ['README.md', 'docs/policy.md']) {
      const code = blockOf(file, 'A part with a stricter policy', 'ts')
      const cors = { origin: [APP.origin, 'https://admin.example.com'] }
      const { port, own } = await start(t, { cors }, (app) => run(code, 'admin', modules, { app }))
      assert.equal((await ask(port, '/admin', { headers: APP })).status, 403)
      assert.equal((await ask(port, '/admin', { headers: { origin: 'https://admin.example.com' } })).status, 200)
      const error = await new Promise<Error & { data?: { code: string } }>((resolve) =>
        client(t, `${own}/admin`).on('connect_error', resolve))
      assert.equal(error.data?.code, 'ORIGIN_REFUSED')
    }
  })
})

test('docs/policy.md: what a request gets is what its table says', async (t) => {
  const { port, own } = await start(t, { cors: APP }, (app) => { app.get('/api', async () => 'ok') })
  const cases: Readonly<Record<string, Record<string, string>>> = {
    'no Origin: native clients, servers, a GET of the server\'s own page': {},
    'the server\'s own origin': { origin: own },
    'no Origin, `Sec-Fetch-Site: same-origin`': { 'sec-fetch-site': 'same-origin' },
    'an allowed origin': APP,
    'an origin that is not allowed': EVIL,
    'the Origin `null`': { origin: 'null' },
    'a malformed Origin': { origin: `${APP.origin}/` },
    'no Origin, `Sec-Fetch-Site: cross-site` or `same-site`': { 'sec-fetch-site': 'cross-site' },
    'JSONP polling (`j` in the query), by whomever': APP
  }
  const table = readFileSync(resolve(root, 'docs/policy.md'), 'utf8').split('## What a request gets')[1]!
    .split('| a setting |')[0]!.split('\n').filter((line) => /^\| (?!the request)/.test(line))
  assert.equal(table.length, Object.keys(cases).length)
  for (const line of table) {
    const [what, sockets, rest] = line.split('|').slice(1, -1).map((cell) => cell.trim())
    const headers = cases[what!]!
    const jsonp = what!.startsWith('JSONP') ? '&j=0' : ''
    const polling = await ask(port, POLLING + jsonp, { headers })
    const answers = [[sockets!, polling], [rest!, await ask(port, '/api', { headers })]]
    for (const [cell, answer] of answers as [string, Answer][]) {
      if (cell === '' || cell.startsWith('as the')) continue
      assert.equal(answer.status, Number.parseInt(cell) || 200, line)
      const named = answer.headers['access-control-allow-origin']
      assert.equal(named, cell.startsWith('served, CORS') || jsonp !== '' ? APP.origin : undefined, line)
    }
  }
})

suite('docs/policy.md: the functions and the environment', () => {
  test('a file', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fastify-io-policy-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'cors.json')
    writeFileSync(file, blockOf('docs/policy.md', 'A change while it runs', 'json'))
    const { origin, credentials } = library.loadPolicy(file).snapshot()
    assert.deepEqual([origin, credentials], [[APP.origin], true])
  })

  test('a database decides, and is asked once a minute', async (t) => {
    const app = Fastify()
    t.after(() => app.close())
    const asked: string[] = []
    const tenants = { has: async (origin: string) => asked.push(origin) > 0 && origin === APP.origin }
    await run(blockOf('docs/policy.md', 'Functions', 'ts', 1), 'app', modules, {
      app, fastifyIO: library.default, tenants
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    for (const [headers, status] of [[APP, 200], [EVIL, 403], [APP, 200]] as const) {
      assert.equal((await ask(port, POLLING, { headers })).status, status)
    }
    // the attack at the start asks too
    for (const { origin } of [APP, EVIL]) assert.equal(asked.filter((one) => one === origin).length, 1)
  })

  test('endsWith with a dot allows plain http, and is warned of', async () => {
    const policy = new library.OriginPolicy({
      origin: (origin: string) => origin.endsWith('.example.com'),
      credentials: true,
      originExamples: ['https://a.example.com']
    })
    assert.equal((await policy.auditFunction())?.code, 'FUNCTION_UNSAFE')
  })

  test('what is written for NEXTAUTH_URL', () => {
    for (const url of [`${APP.origin}/`, `${APP.origin}/api/auth`]) {
      assert.throws(() => new library.OriginPolicy({ origin: url }), (error: library.ConfigError) =>
        error.issues[0]!.code === 'ORIGIN_INVALID' && error.issues[0]!.hint === APP.origin)
    }
    const unset = new library.OriginPolicy({ origin: undefined } as object)
    assert.deepEqual(unset.warnings.map(({ code }) => code), ['ORIGIN_UNSET'])
  })

  test('a custom header: left out, it is allowed; a list allows no other', async (t) => {
    for (const [allowedHeaders, allowed] of [[undefined, 'x-token'], ['my-custom-header', 'my-custom-header']]) {
      const { port } = await start(t, { cors: { ...APP, ...allowedHeaders && { allowedHeaders } } })
      const { headers } = await ask(port, POLLING, {
        method: 'OPTIONS',
        headers: { ...APP, 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-token' }
      })
      assert.equal(headers['access-control-allow-headers'], allowed)
    }
  })

  test('a Set decides; the text of an error stays here', async (t) => {
    const app = Fastify()
    t.after(() => app.close())
    await run(blockOf('docs/policy.md', 'Functions', 'ts'), 'known', modules, { app, fastifyIO: library.default })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    assert.equal((await ask(port, POLLING, { headers: APP })).status, 200)
    const refused = await ask(port, POLLING, { headers: EVIL })
    assert.equal(refused.status, 403)
    assert.doesNotMatch(refused.body, /not allowed/)
    // the branch that people write for requests without an Origin never runs
    assert.equal((await ask(port, POLLING)).status, 200)
  })

  test('the lines of .env are a policy', () => {
    const text = blockOf('docs/policy.md', 'Development and production', 'sh')
    const lines = [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value] as const)
    const [development, ...production] = lines
    const local = library.policyFromEnv(Object.fromEntries([development!]))
    assert.equal((local.decide('http://localhost:5173') as library.Decision).allowed, true)
    const live = library.policyFromEnv(Object.fromEntries(production))
    for (const origin of [APP.origin, 'https://a.preview.example.com']) {
      assert.equal((live.decide(origin) as library.Decision).allowed, true)
    }
    assert.equal(live.options.credentials, true)
    assert.equal((live.decide('http://localhost:5173') as library.Decision).allowed, false)
  })
})

test('the two commands for a clone stand near the top of the README', () => {
  const top = readFileSync(resolve(root, 'README.md'), 'utf8').split('\n').slice(0, 25)
  for (const command of ['npm ci && npm start', 'npm ci && npm test']) {
    assert.ok(top.some((line) => line.startsWith(command)), command)
  }
})
