// Requests with `Upgrade: websocket` whose clients leave: no socket and no file may stay, and app.close() must return.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { suite, test, type TestContext } from 'node:test'
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { type FastifyIOOptions } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { connections, joined, sent, UPGRADE_LINES } from '../support/raw.ts'
import { POLLING, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

/** Clients at a time. */
const SOME = 40
/** Two rounds: what one of them leaves behind, the other would add to. */
const MANY = 2 * SOME
/** More than the buffers of a socket hold on both sides. */
const BIG = 8_000_000

const REFUSED = `Origin: https://attacker.example\r\n${UPGRADE_LINES}`

const get = (path: string, lines = UPGRADE_LINES): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`

const CHUNK = Buffer.alloc(16_384, 'x')
const endless = (): Readable => new Readable({ read () { this.push(CHUNK) } })

/** What the user's app has beside Socket.IO: a file, as @fastify/static sends it, a stream without end, and events. */
function routes (app: FastifyInstance, file: string, open: Set<number>): void {
  let next = 0
  app.get('/file', async (_request, reply) => reply.type('text/plain').send(createReadStream(file)))
  app.get('/endless', async (_request, reply) => reply.type('text/plain').send(endless()))
  app.get('/events', (request, reply) => {
    const id = next++
    open.add(id)
    request.raw.on('close', () => open.delete(id))
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
    reply.raw.write('data: hello\n\n')
  })
}

interface Served { app: FastifyInstance, port: number, open: Set<number> }

const plain = async (app: FastifyInstance): Promise<void> => {
  await app.register(fastifyIO, { cors: { origin: ORIGIN } })
}

/** Closed by the test, which waits for it. */
async function serve (t: TestContext, setUp: (app: FastifyInstance) => Promise<unknown> = plain): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-io-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'big.txt')
  writeFileSync(file, Buffer.alloc(BIG, 'y'))
  const app = Fastify()
  t.after(() => app.close())
  const open = new Set<number>()
  await setUp(app)
  routes(app, file, open)
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, port: Number(new URL(own).port), open }
}

const files = (): number => process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0

type Leave = (socket: Socket) => void
const ways: ReadonlyArray<[how: string, leave: Leave]> = [
  ['with a FIN', (socket) => { socket.resume(); socket.end(() => socket.destroy()) }],
  ['with a reset', (socket) => { socket.resetAndDestroy() }]
]

/** Clients that send this, see the first byte of an answer if there is to be one, and leave; then the app closes. */
async function comeAndGo (
  t: TestContext, { app, port }: Served, bytes: string, leave: Leave, { clients = SOME, answered = true } = {}
): Promise<void> {
  const before = files()
  for (let gone = 0; gone < clients; gone += SOME) {
    await Promise.all(Array.from({ length: SOME }, async () => {
      const socket = await sent(t, port, bytes)
      if (answered) {
        await once(socket, 'readable')
        socket.read(1)
      }
      leave(socket)
      await once(socket, 'close')
    }))
  }
  await until(async () => await connections(app) === 0, 'no connection is left')
  await until(() => files() <= before, 'no file is left')
  await app.close()
}

for (const [how, leave] of ways) {
  suite(`clients with Upgrade: websocket leave ${how}`, () => {
    for (const path of ['/socket.io/socket.io.js', '/file', '/endless', '/events', '/nowhere']) {
      test(`${MANY} on ${path}`, async (t) => {
        const served = await serve(t)
        await comeAndGo(t, served, get(path), leave, { clients: MANY })
        assert.equal(served.open.size, 0, 'every route heard that its client has gone')
      })
    }

    // the upgrade takes the listeners of Node's HTTP server off the socket that still has answers to write
    for (const first of ['/file', '/endless', '/events']) {
      test(`pipelined behind ${first}`, async (t) => {
        const served = await serve(t)
        await comeAndGo(t, served, get(first, '') + get(WEBSOCKET), leave)
        assert.equal(served.open.size, 0)
      })
    }

    test('pipelined behind two answers, with bytes behind the upgrade', async (t) => {
      const served = await serve(t)
      await comeAndGo(t, served, get('/events', '') + get('/events', '') + get(WEBSOCKET) + 'early', leave)
      assert.equal(served.open.size, 0)
    })

    test('pipelined behind a poll on a WebSocket\'s session', async (t) => {
      const served = await serve(t)
      const sid = await joined(served.port)
      const path = `${WEBSOCKET}&sid=${sid}`
      await comeAndGo(t, served, get(path, '') + get(path), leave, { answered: false })
    })

    test('while a hook runs, and the request hears of it', async (t) => {
      let waiting = 0
      const served = await serve(t, async (app) => {
        await app.register(fastifyIO)
        app.addHook('onRequest', (request, _reply, done) => {
          waiting++
          request.raw.once('close', () => {
            waiting--
            done()
          })
        })
      })
      const sockets = await Promise.all(Array.from({ length: SOME }, () => sent(t, served.port, get(WEBSOCKET))))
      await until(() => waiting === SOME, 'all are in the hook')
      sockets.forEach(leave)
      await until(() => waiting === 0, 'every request heard that its client has gone')
      await until(async () => await connections(served.app) === 0, 'no connection is left')
      assert.equal(served.app.io.engine.clientsCount, 0)
      await served.app.close()
    })

    test('a hook that refuses with an endless stream', async (t) => {
      const served = await serve(t, async (app) => {
        await app.register(fastifyIO)
        app.addHook('onRequest', async (_request, reply) => reply.code(401).send(endless()))
      })
      await comeAndGo(t, served, get(WEBSOCKET), leave)
    })

    for (const order of ['before', 'after']) {
      const beside: FastifyIOOptions = { cors: { origin: ORIGIN, enforce: 'all' } }
      test(`beside @fastify/websocket, registered ${order} this plugin`, async (t) => {
        const set = async (app: FastifyInstance): Promise<void> => {
          if (order === 'before') await app.register(fastifyWebsocket)
          await app.register(fastifyIO, beside)
          if (order === 'after') await app.register(fastifyWebsocket)
        }
        await comeAndGo(t, await serve(t, set), get('/nowhere', REFUSED), leave)
        await comeAndGo(t, await serve(t, set), `OPTIONS /nowhere HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`, leave)
        await comeAndGo(t, await serve(t, set), get('/endless', '') + get('/nowhere'), leave)
        await comeAndGo(t, await serve(t, set), get('/socket.io/socket.io.js'), leave)
      })
    }

    test('listeners that leave the upgrade alone, and one that takes its time', async (t) => {
      const served = await serve(t)
      served.app.server.on('upgrade', async () => {})
      await comeAndGo(t, served, get('/elsewhere'), leave, { answered: false })
    })
  })
}

suite('clients that stay', () => {
  const whole = async (socket: Socket, end: string): Promise<string> => {
    let text = ''
    socket.on('data', (chunk: Buffer) => { text += chunk.toString('latin1') })
    await until(() => text.includes(end) || socket.destroyed, 'the whole answer has come')
    return text
  }

  test('an answer comes whole, with and without an upgrade', async (t) => {
    const { app, port } = await serve(t)
    for (const lines of ['', UPGRADE_LINES]) {
      const text = await whole(await sent(t, port, get('/file', lines)), '\r\n0\r\n\r\n')
      assert.equal(text.split('y').length - 1 >= BIG, true, `${text.length} bytes`)
      const socket = await sent(t, port, get('/socket.io/socket.io.js', lines))
      const client = await whole(socket, 'sourceMappingURL=socket.io.js.map')
      assert.match(client, /^HTTP\/1\.1 200 /)
    }
    await app.close()
  })

  test('an answer comes whole before the 101 of an upgrade behind it', async (t) => {
    const { port } = await serve(t)
    const text = await whole(await sent(t, port, get('/file', '') + get(WEBSOCKET)), ' 101 ')
    assert.ok(text.length > BIG)
    assert.match(text.slice(BIG), /\r\n0\r\n\r\nHTTP\/1\.1 101 /)
  })

  test('an upgrade that waits behind an answer without end does not hold up app.close()', async (t) => {
    const { app, port, open } = await serve(t)
    const socket = await sent(t, port, get('/events', '') + get(WEBSOCKET))
    await once(socket, 'data')
    assert.equal(open.size, 1)
    await app.close()
    await until(() => open.size === 0, 'the route heard of it')
  })

  test('what is sent before the 101 is bounded (RFC 6455, section 4.1)', async (t) => {
    const { app, port } = await serve(t)
    const socket = await sent(t, port, get('/events', '') + get(WEBSOCKET))
    await once(socket, 'data')
    socket.resume()
    socket.write(Buffer.alloc(200_000))
    await until(async () => await connections(app) === 0, 'the connection has ended')
  })

  test('an answered upgrade beside @fastify/websocket ends its connection', async (t) => {
    for (const order of ['before', 'after']) {
      const { app, port } = await serve(t, async (app) => {
        if (order === 'before') await app.register(fastifyWebsocket)
        await app.register(fastifyIO, { cors: { origin: ORIGIN, enforce: 'all' } })
        if (order === 'after') await app.register(fastifyWebsocket)
      })
      const socket = await sent(t, port, get('/nowhere', REFUSED))
      const [[data]] = await Promise.all([once(socket, 'data'), once(socket, 'close')])
      assert.match(String(data), /^HTTP\/1\.1 403 /, order)
      assert.equal(await connections(app), 0)
      await app.close()
    }
  })

  test('listeners that leave an upgrade alone do not hold up app.close()', async (t) => {
    const { app, port } = await serve(t, async (app) => app.register(fastifyIO, { destroyUpgradeTimeout: 1e9 }))
    app.server.on('upgrade', () => {})
    const seen = once(app.server, 'upgrade')
    await sent(t, port, get('/elsewhere'))
    await seen
    await app.close()
  })

  test('a poll is answered when an upgrade came before it on the connection', async (t) => {
    const { port } = await serve(t)
    const socket = await sent(t, port, get('/nowhere'))
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 404 /)
    socket.write(get(POLLING, ''))
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200 /)
  })
})
