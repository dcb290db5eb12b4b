// The recipes of docs/authentication.md: the page shows the files, and they do what it says.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import expressSession from 'express-session'
import type { FastifyInstance } from 'fastify'
import type { Socket } from 'socket.io-client'
import { client, connect, ORIGIN } from '../support/client.ts'
import { type Answer, ask, askBoth, POLLING, sidOf } from '../support/server.ts'
import { until } from '../support/until.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = 'examples/authentication'
const page = readFileSync(`${root}docs/authentication.md`, 'utf8')
const files = readdirSync(root + folder)
const SECRET = 'a secret of thirty-two characters or more'
const EVIL = { origin: 'https://attacker.example' }

type Create = (options: object) => Promise<FastifyInstance>

/** By its name at run time: two of the files declare `session` differently, and cannot be in one program. */
async function create (t: TestContext, file: string, options: object): Promise<Running> {
  const [make] = Object.values(await import(new URL(`../../${folder}/${file}.ts`, import.meta.url).href)) as [Create]
  const app = await make({
    origin: ORIGIN,
    secret: SECRET,
    secure: false,
    checkPassword: async (name: string, password: string) => password === 'right' ? name : undefined,
    ...options
  })
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => app.close())
  return { app, own, port: (app.server.address() as AddressInfo).port }
}

interface Running {
  readonly app: FastifyInstance & { readonly jwt?: { sign (claims: object, options: object): string } }
  readonly own: string
  readonly port: number
}

const cookieOf = ({ headers }: Answer): string => headers['set-cookie']![0]!.split(';')[0]!

function post (port: number, path: string, headers: object, body?: object): Promise<Answer> {
  const json = body && { 'content-type': 'application/json' }
  return ask(port, path, {
    method: 'POST',
    headers: { origin: ORIGIN, ...json, ...headers },
    ...(body && { body: JSON.stringify(body) })
  })
}

const login = (port: number, headers: object = {}, password = 'right'): Promise<Answer> =>
  post(port, '/login', headers, { name: 'alice', password })

const withCookie = (cookie: string, transport: string): object =>
  ({ transports: [transport], extraHeaders: { origin: ORIGIN, cookie } })

async function statuses (port: number, headers: object): Promise<number[]> {
  return (await askBoth(port, { origin: ORIGIN, ...headers })).map(({ status }) => status)
}

const disconnected = async (socket: Socket): Promise<string> => (await once(socket as never, 'disconnect'))[0]

/** As a store elsewhere is: it keeps text, and counts. */
class TextStore {
  readonly texts: Map<string, string> = new Map()
  reads = 0
  writes = 0
  get (id: string, done: (error: unknown, session?: any) => void): void {
    this.reads++
    const text = this.texts.get(id)
    setImmediate(done, null, text === undefined ? null : JSON.parse(text))
  }

  set (id: string, session: object, done: (error?: unknown) => void): void {
    this.writes++
    this.texts.set(id, JSON.stringify(session))
    setImmediate(done)
  }

  destroy (id: string, done: (error?: unknown) => void): void {
    this.texts.delete(id)
    setImmediate(done)
  }
}

suite('docs/authentication.md', () => {
  for (const name of files) {
    const file = `${folder}/${name}`
    // code-blocks.test.ts compiles what the page shows
    test(`shows ${file}`, () => {
      const shown = page.split(`<!-- ${file} -->\n\`\`\`ts\n`)[1]?.split('```\n')[0]
      assert.equal(shown, readFileSync(root + file, 'utf8').replace("'../../lib/index.ts'", "'fastify-io'"))
      assert.doesNotMatch(shown.replaceAll(/\/\/.*|\/\*\*.*/g, ''), / as (?!const\b)/, 'no casts')
    })
  }
})

suite('a session in a store', () => {
  for (const transport of ['polling', 'websocket']) {
    test(`is read by a socket, written and saved: ${transport}`, async (t) => {
      const store = new TextStore()
      const { own, port } = await create(t, 'session', { store })
      assert.deepEqual(await statuses(port, {}), [401, 401])
      assert.equal((await login(port, {}, 'wrong')).status, 401)
      const socket = await connect(t, own, withCookie(cookieOf(await login(port)), transport))
      assert.equal(await socket.emitWithAck('visit'), 1)
      const { writes } = store
      socket.emit('visit')
      await until(() => store.writes > writes, 'a visit without a callback is saved')
      assert.equal(await socket.emitWithAck('visit'), 3)
      const saved = [...store.texts.values()].map((text) => JSON.parse(text))
      assert.deepEqual(saved.map(({ user, visits }) => [user, visits]), [['alice', 3]])
    })
  }

  test('a log-out ends the sockets of its session, and no others', async (t) => {
    const store = new TextStore()
    const { own, port } = await create(t, 'session', { store })
    const cookie = cookieOf(await login(port))
    const mine = [await connect(t, own, withCookie(cookie, 'websocket'))]
    mine.push(await connect(t, own, withCookie(cookie, 'websocket')))
    const other = await connect(t, own, withCookie(cookieOf(await login(port)), 'websocket'))
    const ended = Promise.all(mine.map(disconnected))
    assert.equal((await post(port, '/logout', { cookie })).status, 204)
    assert.deepEqual(await ended, ['io server disconnect', 'io server disconnect'])
    assert.equal(await other.emitWithAck('visit'), 1, 'the other session goes on')
    assert.deepEqual(await statuses(port, { cookie }), [401, 401])
    assert.equal(store.texts.size, 1)
  })

  test('polls write nothing', async (t) => {
    const store = new TextStore()
    const { own, port } = await create(t, 'session', { store })
    const socket = await connect(t, own, withCookie(cookieOf(await login(port)), 'polling'))
    const { writes } = store
    await socket.emitWithAck('visit')
    assert.equal(store.writes, writes + 1)
  })

  test('attack: an event after the log-out does not bring the session back', async (t) => {
    const store = new TextStore()
    const { own, port } = await create(t, 'session', { store })
    const socket = await connect(t, own, withCookie(cookieOf(await login(port)), 'websocket'))
    // by another process, whose room does not reach this one
    store.texts.clear()
    const ended = disconnected(socket)
    socket.emit('visit', () => assert.fail('served'))
    assert.equal(await ended, 'io server disconnect')
    assert.equal(store.texts.size, 0)
  })

  test('attack: a session that ends between handshake and CONNECT opens no socket that stays', async (t) => {
    const store = new TextStore()
    const { app, port } = await create(t, 'session', { store })
    const cookie = cookieOf(await login(port))
    const headers = { origin: ORIGIN, cookie }
    const sid = sidOf(await ask(port, POLLING, { headers }))
    const accepted = once(app.io, 'connection')
    const { get } = store
    // the hook of the POST has read it, and then the log-out comes
    store.get = (id, done) => get.call(store, id, (error, session) => { store.texts.clear(); done(error, session) })
    await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })
    const [socket] = await accepted
    await until(() => !socket.connected, 'the socket is disconnected')
  })

  test('attack: a session ID that somebody has planted is not the one of the login', async (t) => {
    const store = new TextStore()
    const { own, port } = await create(t, 'session', { store })
    const planted = cookieOf(await login(port))
    const socket = await connect(t, own, withCookie(planted, 'websocket'))
    const ended = disconnected(socket)
    const cookie = cookieOf(await login(port, { cookie: planted }))
    assert.notEqual(cookie, planted)
    assert.equal(await ended, 'io server disconnect')
    assert.deepEqual(await statuses(port, { cookie: planted }), [401, 401])
    assert.deepEqual(await statuses(port, { cookie }), [200, 101])
  })

  test('attack: a stranger\'s page with the visitor\'s cookie gets 403, and the store is not asked', async (t) => {
    const store = new TextStore()
    const { port } = await create(t, 'session', { store })
    const cookie = cookieOf(await login(port))
    const { reads, writes } = store
    assert.deepEqual(await statuses(port, { ...EVIL, cookie }), [403, 403])
    assert.equal((await post(port, '/logout', { ...EVIL, cookie })).status, 403, 'nor does a forged POST log out')
    assert.equal((await login(port, EVIL)).status, 403, 'nor log in')
    assert.deepEqual([store.reads, store.writes], [reads, writes])
    assert.deepEqual(await statuses(port, { cookie }), [200, 101])
    assert.ok(store.reads > reads)
  })

  test('the cookie has its flags', async (t) => {
    const { port } = await create(t, 'session', {})
    assert.match((await login(port)).headers['set-cookie']![0]!, /; Path=\/; .*HttpOnly; SameSite=Lax$/i)
    const secure = await create(t, 'session', { secure: true })
    assert.equal((await login(secure.port)).headers['set-cookie'], undefined, 'none over http')
  })
})

suite('a session in an encrypted cookie', () => {
  const key = Buffer.alloc(32, 7)
  test('is read by a socket, and ended by a log-out; a copy of the cookie stays good', async (t) => {
    const { own, port } = await create(t, 'secure-session', { key })
    assert.deepEqual(await statuses(port, {}), [401, 401])
    const answer = await login(port)
    assert.match(answer.headers['set-cookie']![0]!, /; Path=\/; HttpOnly; SameSite=Lax$/)
    const cookie = cookieOf(answer)
    const socket = await connect(t, own, withCookie(cookie, 'websocket'))
    // without a callback: an exception would end the process
    socket.emit('whoami')
    assert.equal(await socket.emitWithAck('whoami'), 'alice')
    const ended = disconnected(socket)
    assert.equal((await post(port, '/logout', { cookie })).status, 204)
    assert.equal(await ended, 'io server disconnect')
    assert.deepEqual(await statuses(port, { cookie }), [200, 101], 'as the page says')
    assert.deepEqual(await statuses(port, { ...EVIL, cookie }), [403, 403])
  })
})

suite('a JSON Web Token in auth', () => {
  const refusal = async (t: TestContext, own: string, options: object): Promise<unknown> => {
    const [error] = await once(client(t, own, options) as never, 'connect_error')
    return [error.message, error.data]
  }

  test('lets in; connect_error tells why it does not; it ends the socket when it expires', async (t) => {
    const { app, own } = await create(t, 'jwt-auth', {})
    const token = (expiresIn: string): string => app.jwt!.sign({ sub: 'alice' }, { expiresIn })
    const socket = await connect(t, own, { auth: { token: token('15m') } })
    // without a callback: an exception would end the process
    socket.emit('whoami')
    assert.equal(await socket.emitWithAck('whoami'), 'alice')

    const brief = await connect(t, own, { auth: { token: token('3s') } })
    assert.equal(await disconnected(brief), 'io server disconnect')
    assert.ok(socket.connected)

    const expired = app.jwt!.sign({ sub: 'alice', iat: 1000 }, { expiresIn: '1m' })
    assert.deepEqual(await refusal(t, own, { auth: { token: expired } }), ['unauthorized', { code: 'TOKEN_EXPIRED' }])
    const invalid = ['unauthorized', { code: 'TOKEN_INVALID' }]
    assert.deepEqual(await refusal(t, own, {}), invalid)
    assert.deepEqual(await refusal(t, own, { query: { token: token('15m') } }), invalid, 'not from the query')
    const unsigned = ['{"alg":"none","typ":"JWT"}', JSON.stringify({ sub: 'alice', exp: 9_999_999_999 }), '']
      .map((part) => Buffer.from(part).toString('base64url')).join('.')
    assert.deepEqual(await refusal(t, own, { auth: { token: unsigned } }), invalid)
    const forever = await connect(t, own, { auth: { token: token('365d') } })
    assert.equal(await forever.emitWithAck('whoami'), 'alice', 'a long time does not overflow the timer')
  })
})

suite('a JSON Web Token in a cookie', () => {
  test('lets in; 401 on handshake and upgrade without it', async (t) => {
    const { app, own, port } = await create(t, 'jwt-cookie', {})
    assert.deepEqual(await statuses(port, {}), [401, 401])
    const answer = await login(port)
    assert.match(answer.headers['set-cookie']![0]!, /^token=[^;]+; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax$/)
    const cookie = cookieOf(answer)
    const bearer = { authorization: `Bearer ${cookie.slice('token='.length)}` }
    assert.deepEqual(await statuses(port, bearer), [401, 401], 'in the cookie only')
    assert.deepEqual(await statuses(port, { ...EVIL, cookie }), [403, 403])
    const socket = await connect(t, own, withCookie(cookie, 'polling'))
    // without a callback: an exception would end the process
    socket.emit('whoami')
    assert.equal(await socket.emitWithAck('whoami'), 'alice')
    const token = app.jwt!.sign({ sub: 'alice' }, { expiresIn: '3s' })
    const brief = await connect(t, own, withCookie(`token=${token}`, 'websocket'))
    assert.equal(await disconnected(brief), 'io server disconnect')
  })
})

suite('express-session and Passport', () => {
  for (const transport of ['polling', 'websocket']) {
    test(`through io.engine.use: ${transport}`, async (t) => {
      const store = new expressSession.MemoryStore()
      const reads = t.mock.method(store, 'get').mock
      const { own, port } = await create(t, 'passport', { store })
      assert.deepEqual(await statuses(port, {}), [401, 401])
      assert.equal((await login(port, {}, 'wrong')).status, 401)
      const cookie = cookieOf(await login(port))
      const before = reads.callCount()
      assert.deepEqual(await statuses(port, { ...EVIL, cookie }), [403, 403])
      assert.equal(reads.callCount(), before, 'the store is not asked')
      const socket = await connect(t, own, withCookie(cookie, transport))
      // without a callback: an exception would end the process
      socket.emit('whoami')
      assert.equal(await socket.emitWithAck('whoami'), 'alice')
      assert.equal(reads.callCount(), before + 1, 'once, at the handshake')
      const ended = disconnected(socket)
      assert.equal((await post(port, '/logout', { cookie })).status, 204)
      assert.equal(await ended, 'io server disconnect')
      assert.deepEqual(await statuses(port, { cookie }), [401, 401])
    })
  }
})
