// What engine.io and socket.io keep private, and what happens where they change it: in trees with changed packages.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import type { Socket } from 'socket.io-client'
import { missing, needed, own } from '../../lib/sockets/upstream/contract.ts'
import { installed, known } from '../../lib/sockets/upstream/packages.ts'
import { client, connect, ORIGIN, upgraded } from '../support/client.ts'
import { ask, corsHeaders, POLLING, sidOf, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { nest, rename, setVersion, tree } from '../support/tree.ts'
import { until } from '../support/until.ts'

const HERE = import.meta.url
const EVIL = 'https://evil.example'
const OTHER = 'https://other.example.com'

interface Line { readonly level: number, readonly msg: string, readonly missing?: string[] }
interface Message { readonly line?: Line, readonly port?: number, readonly error?: string }

/** A server whose packages a test has changed. */
async function serve (t: TestContext, change: (modules: string) => void, options: object = {}): Promise<Changed> {
  const main = tree(t, 'upstream-server.ts', change)
  const given = JSON.stringify({ cors: { origin: [ORIGIN, OTHER], credentials: true }, ...options })
  const child = fork(main, [given], { cwd: dirname(main), execArgv: ['--import', import.meta.resolve('tsx')] })
  const lines: Line[] = []
  let port = 0
  let error: string | undefined
  child.on('message', (message: Message) => {
    if (message.line !== undefined) lines.push(message.line)
    port = message.port ?? port
    error = message.error ?? error
  })
  const gone = once(child, 'exit')
  t.after(() => {
    if (child.connected) child.disconnect()
    return gone
  })
  await until(() => port > 0 || error !== undefined || child.exitCode !== null, 'the server has started, or failed')
  return { port, error, lines, update: (...origins) => { child.send(origins) } }
}

interface Changed {
  readonly port: number
  readonly error: string | undefined
  readonly lines: readonly Line[]
  readonly update: (...origins: string[]) => void
}

async function echoes (socket: Socket): Promise<void> {
  assert.equal(await socket.timeout(5000).emitWithAck('echo', 'hello'), 'hello')
}

/** How a client learns that it is cut off; at once, and not by the next ping. */
async function heard (socket: Socket): Promise<{ reason: string, told: boolean }> {
  let told = false
  socket.on('origin_revoked', () => { told = true })
  const [reason] = await once(socket as never, 'disconnect', { signal: AbortSignal.timeout(15_000) })
  return { reason, told }
}

suite('a member that is missing', () => {
  const RENAMED = [
    ['engine.io/build/socket.js', 'clearTransport', 'engine.io Socket.clearTransport'],
    ['engine.io/build/socket.js', 'flush', 'engine.io Socket.flush'],
    ['engine.io/build/socket.js', 'writeBuffer', 'engine.io Socket.writeBuffer'],
    ['engine.io/build/transports/polling.js', 'onPollRequest', 'engine.io Polling.onPollRequest'],
    ['engine.io/build/transports/polling.js', 'shouldClose', 'engine.io Polling.shouldClose'],
    // as before 6.6.13, which npm overrides can force in
    ['engine.io/build/transports/polling.js', 'maxBufferedChunks', 'engine.io Polling.maxBufferedChunks']
  ] as const

  for (const [file, member, name] of RENAMED) {
    test(`${name}: Engine.IO's own sessions serve, and the policy holds`, async (t) => {
      const { port, error, lines, update } = await serve(t, (modules) => {
        rename(modules, file, member)
        setVersion(`${modules}/engine.io`, '6.6.99')
      })
      assert.equal(error, undefined)
      assert.equal(lines.length, 1, JSON.stringify(lines))
      assert.deepEqual(lines[0]!.missing, [name])
      assert.match(lines[0]!.msg, /the installed packages \(engine\.io 6\.6\.99, ws 8\.\S+, socket\.io 4\.\S+\) lack/)
      const advice = `lack ${name}. Install the versions that fastify-io is tested with (${known()})`
      assert.ok(lines[0]!.msg.includes(advice), lines[0]!.msg)

      const url = `http://127.0.0.1:${port}`
      const polling = await connect(t, url, { transports: ['polling'] })
      const websocket = await connect(t, url, { transports: ['websocket'] })
      const both = await connect(t, url)
      await upgraded(both)
      for (const socket of [polling, websocket, both]) await echoes(socket)

      const headers = { origin: ORIGIN }
      const handshake = await ask(port, POLLING, { headers })
      assert.equal(handshake.status, 200)
      assert.equal(handshake.headers['access-control-allow-origin'], ORIGIN)
      assert.equal(sidOf(handshake).length, 20, 'the sid of a handshake of Engine.IO\'s own')
      const followUp = `${POLLING}&sid=${sidOf(handshake)}`
      const stolen = await ask(port, followUp, { method: 'POST', body: '40', headers: { origin: OTHER } })
      assert.equal(stolen.status, 400)
      assert.match(stolen.body, /Session ID unknown/)
      assert.equal((await ask(port, followUp, { method: 'POST', body: '40', headers })).status, 200)

      for (const [path, more] of [[POLLING, {}], [WEBSOCKET, UPGRADE], [followUp, {}]] as const) {
        const refused = await ask(port, path, { headers: { origin: EVIL, ...more } })
        assert.equal(refused.status, 403, path)
        assert.deepEqual(corsHeaders(refused), [])
      }
      assert.equal((await ask(port, `${WEBSOCKET}`, { headers: { ...headers, ...UPGRADE } })).status, 101)

      const cut = [polling, websocket, both].map(heard)
      update(OTHER)
      const [, ofWebSocket, ofBoth] = await Promise.all(cut)
      for (const { reason, told } of [ofWebSocket!, ofBoth!]) {
        assert.equal(reason, 'io server disconnect')
        assert.equal(told, true)
      }
      assert.deepEqual(lines.filter(({ level }) => level > 40), [], 'nothing has failed')
      const late = client(t, url, { transports: ['polling'] })
      const [failure] = await once(late as never, 'connect_error')
      assert.match(String((failure as { description?: unknown }).description), /403/)
    })
  }

  const FATAL = [
    ['engine.io/build/server.js', 'verify', 'engine.io Server.verify'],
    ['engine.io/build/server.js', 'handshake', 'engine.io Server.handshake'],
    ['engine.io/build/server.js', 'clients', 'engine.io Server.clients'],
    ['socket.io/dist/index.js', '_nsps', 'socket.io Server._nsps']
  ] as const

  for (const [file, member, name] of FATAL) {
    test(`${name}: nothing can serve, and registration says so`, async (t) => {
      const { error, lines } = await serve(t, (modules) => rename(modules, file, member))
      assert.equal(error, `Error: fastify-io cannot run: the installed packages (${installed(HERE)}) lack ${name}. ` +
        `Install the versions that fastify-io is tested with (${known()}), or a newer fastify-io.`)
      assert.deepEqual(lines, [])
    })
  }
})

suite('what is looked for', () => {
  test('is there', () => {
    assert.deepEqual(missing([...needed({ connectionStateRecovery: {} }), ...own()]), [])
  })

  // scripts/test-upstream.ts is to find what newer ones break
  if (process.env.FASTIFY_IO_UPSTREAM !== 'newest') {
    test('the versions that messages recommend are those that the tests ran with', () => {
      assert.equal(installed(HERE), known())
    })
  }

  test('each method is missed when it is gone', () => {
    for (const { name, of, methods = [] } of [...needed({ connectionStateRecovery: {} }), ...own()]) {
      for (const method of methods) {
        let proto: object = of.prototype
        while (!Object.hasOwn(proto, method)) proto = Object.getPrototypeOf(proto)
        const descriptor = Object.getOwnPropertyDescriptor(proto, method)!
        Object.defineProperty(proto, method, { value: undefined, configurable: true })
        try {
          const found = missing([...needed({ connectionStateRecovery: {} }), ...own()])
          assert.ok(found.includes(`${name}.${method}`), `${name}.${method}`)
        } finally {
          Object.defineProperty(proto, method, descriptor)
        }
      }
    }
  })

  test('only what the options make use of', () => {
    const names = (options: object): string[] => needed(options).flatMap(({ name, methods = [] }) =>
      methods.map((method) => `${name}.${method}`))
    assert.ok(names({}).includes('socket.io Server.serve'))
    assert.ok(!names({ serveClient: false }).includes('socket.io Server.serve'))
    assert.ok(names({ connectionStateRecovery: {} }).includes('socket.io Namespace._createSocket'))
    assert.ok(!names({}).includes('socket.io Namespace._createSocket'))
  })
})

test('two copies of engine.io: one line says where, and how to get rid of one', async (t) => {
  const { port, lines } = await serve(t, (modules) => nest(modules, 'engine.io', 'socket.io', '6.6.5'))
  assert.equal(lines.length, 1, JSON.stringify(lines))
  const start = /^Two copies of engine\.io are installed: fastify-io uses \S+ \(\S+\/node_modules\/engine\.io\)/
  assert.match(lines[0]!.msg, start)
  assert.match(lines[0]!.msg, /socket\.io 4\.\S+ expects 6\.6\.5 \(\S+\/socket\.io\/node_modules\/engine\.io\)/)
  assert.match(lines[0]!.msg, /`npm ls engine\.io`.*`npm dedupe`/)
  await echoes(await connect(t, `http://127.0.0.1:${port}`))
})
