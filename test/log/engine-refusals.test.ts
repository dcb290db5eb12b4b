import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { suite, test } from 'node:test'
import type { io } from 'socket.io-client'
import type { Refusal } from '../../lib/log/refusal.ts'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { joined } from '../support/raw.ts'
import { type Ask, ask, POLLING, UPGRADE, WEBSOCKET } from '../support/server.ts'

// it has no types
const oldClient = createRequire(import.meta.url)('socket.io-client-2') as typeof io

interface Row {
  readonly what: string
  readonly path?: string
  readonly ask?: Ask
  readonly options?: FastifyIOOptions
  readonly status?: number
  readonly transport?: string
  readonly reason: string
  readonly says: RegExp
}

type AllowRequest = NonNullable<FastifyIOOptions['allowRequest']>

const refuse = (message: string | null): AllowRequest => (_request, callback) => { callback(message, false) }

suite('what Engine.IO turns down is a line of the log', () => {
  const rows: readonly Row[] = [
    {
      what: 'a session that is not there',
      path: `${POLLING}&sid=gone`,
      reason: 'session-unknown',
      says: /Session ID unknown: .* requests of one session reach several processes\. .*hash \$arg_sid/
    }, {
      what: 'a WebSocket for a session that is not there',
      path: `${WEBSOCKET}&sid=gone`,
      ask: { headers: UPGRADE },
      transport: 'websocket',
      reason: 'session-unknown',
      says: /Session ID unknown/
    }, {
      what: 'a WebSocket whose Upgrade was dropped',
      path: WEBSOCKET,
      ask: { headers: { 'sec-websocket-version': '13', 'sec-websocket-key': UPGRADE['sec-websocket-key'] } },
      transport: 'websocket',
      reason: 'upgrade',
      says: /proxy drops the Upgrade header\. nginx: .*1\.1; .* Upgrade \$http_upgrade; .* Connection "upgrade"\.$/
    }, {
      what: 'a WebSocket whose Connection was dropped',
      path: WEBSOCKET,
      ask: { headers: { upgrade: 'websocket' } },
      transport: 'websocket',
      reason: 'upgrade',
      says: /^.*Bad request: a WebSocket request came without Upgrade/
    }, {
      what: 'a Socket.IO 2 client',
      path: '/socket.io/?EIO=3&transport=polling',
      reason: 'protocol',
      says: /Unsupported protocol version: it is a Socket\.IO 2 client.* allowEIO3: true/
    }, {
      what: 'a Socket.IO 2 client on WebSocket',
      path: '/socket.io/?EIO=3&transport=websocket',
      ask: { headers: UPGRADE },
      transport: 'websocket',
      reason: 'protocol',
      says: /allowEIO3/
    }, {
      what: 'a method',
      path: POLLING,
      ask: { method: 'PUT' },
      reason: 'method',
      says: /Bad handshake method: .* This was "PUT"/
    }, {
      what: 'OPTIONS without an Origin',
      path: POLLING,
      ask: { method: 'OPTIONS' },
      options: {},
      reason: 'method',
      says: /This was "OPTIONS"/
    }, {
      what: 'a POST without a session',
      path: POLLING,
      ask: { method: 'POST', body: '40' },
      reason: 'method',
      says: /This was "POST": no Socket\.IO client sent it, or a proxy dropped the query/
    }, {
      what: 'a path without a query',
      path: '/socket.io/',
      reason: 'transport',
      says: /Transport unknown: the query names none/
    }, {
      what: 'a transport that the server does not offer',
      path: POLLING,
      options: { transports: ['websocket'] },
      reason: 'transport',
      says: /Transport unknown: the server's option transports leaves out "polling"/
    }, {
      what: 'allowRequest',
      path: POLLING,
      options: { allowRequest: refuse('no ticket') },
      status: 403,
      reason: 'forbidden',
      says: /Forbidden: allowRequest refused it: "no ticket"\.$/
    }, {
      what: 'allowRequest, on WebSocket, without a word',
      path: WEBSOCKET,
      ask: { headers: UPGRADE },
      options: { allowRequest: refuse(null) },
      status: 403,
      transport: 'websocket',
      reason: 'forbidden',
      says: /Forbidden: allowRequest refused it\.$/
    }, {
      what: 'an upgrade to polling',
      path: POLLING,
      ask: { headers: UPGRADE },
      transport: 'websocket',
      reason: 'bad-request',
      says:
        /Bad request \("TRANSPORT_MISMATCH"\): the request has an Upgrade header, and its transport is not websocket\. A proxy /
    }
  ]
  for (const { what, path = '', ask: asked = {}, options = {}, ...expected } of rows) {
    test(what, async (t) => {
      const { status = 400, transport = 'polling', reason, says } = expected
      const { port, lines } = await logging(t, options)
      for (let n = 0; n < 3; n++) assert.equal((await ask(port, path, asked)).status, status)
      const [{ level, origin, count }] = lines as [typeof lines[number]]
      assert.deepEqual([lines.length, level, origin, count], [1, 40, undefined, 1])
      assert.deepEqual([lines[0]!.transport, lines[0]!.reason], [transport, reason])
      assert.match(lines[0]!.msg, says)
      assert.ok(lines[0]!.msg.startsWith(`${transport} request refused (${reason}): `))
    })
  }

  test('the Upgrade of a client that polls already was dropped', async (t) => {
    const { port, lines } = await logging(t, {})
    await ask(port, `${WEBSOCKET}&sid=${await joined(port)}`)
    assert.deepEqual(lines.map(({ transport, reason }) => [transport, reason]), [['websocket', 'upgrade']])
  })

  test('a middleware of the engine', async (t) => {
    const { port, lines } = await logging(t, {}, (app) => {
      app.io.engine.use((_req: unknown, _res: unknown, next: (error: Error) => void) => {
        next(new Error('no store'))
      })
    })
    await ask(port, POLLING)
    assert.deepEqual(lines.map(({ reason }) => reason), ['middleware'])
    assert.match(lines[0]!.msg, /a middleware of app\.io\.engine\.use\(\) threw, or passed an error on/)
  })

  test('generateId, with its error', async (t) => {
    const { port, lines } = await logging(t, {}, (app) => {
      app.io.engine.generateId = async () => { throw new Error('no entropy') }
    })
    await ask(port, POLLING)
    const [{ reason, err }] = lines as never as [{ reason: string, err: { message: string } }]
    assert.deepEqual([reason, err.message], ['generate-id', 'no entropy'])
  })

  test('a real Socket.IO 2 client', async (t) => {
    const { own, lines } = await logging(t, {})
    const socket = oldClient(own, { reconnection: false, transports: ['polling'] })
    t.after(() => { socket.close() })
    await once(socket as never, 'connect_error')
    assert.deepEqual(lines.map(({ reason }) => reason), ['protocol'])
  })

  test('what the policy refuses has its own line only, and so has JSONP', async (t) => {
    const { port, lines } = await logging(t, { cors: { origin: ORIGIN } })
    await ask(port, POLLING, { headers: { origin: 'https://evil.example' } })
    await ask(port, `${POLLING}&j=0`)
    assert.deepEqual(lines.map(({ reason }) => reason), ['not-listed', 'jsonp'])
  })

  test('the fastify-io:refused channel hears of each', async (t) => {
    const { port, lines } = await logging(t, {})
    const heard: Refusal[] = []
    const listener = (message: unknown): void => { heard.push(message as Refusal) }
    subscribe('fastify-io:refused', listener)
    t.after(() => { unsubscribe('fastify-io:refused', listener) })
    for (let n = 0; n < 3; n++) await ask(port, `${POLLING}&sid=gone`)
    assert.deepEqual([lines.length, heard.map(({ reason }) => reason)], [1, Array(3).fill('session-unknown')])
    assert.match(heard[2]!.hint, /^Session ID unknown/)
  })
})
