import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { WebSocket } from 'ws'
import { type FastifyIOOptions, OriginPolicy, type Refusal } from '../../lib/index.ts'
import { client, connect, ORIGIN, upgraded } from '../support/client.ts'
import { type Line, logging } from '../support/log.ts'
import { type Answer, ask, corsHeaders, POLLING, sidOf, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const EVIL = 'https://attacker.example'
const OTHER = 'https://other.example.com'
const cors = { origin: [ORIGIN, OTHER], credentials: true }
const preflight = { 'access-control-request-method': 'PUT' }

const api = (app: FastifyInstance): void => { app.all('/api', async () => 'ok') }

const reporting = (t: TestContext, options: FastifyIOOptions = {}): ReturnType<typeof logging> =>
  logging(t, { cors: { ...cors, enforce: 'report' }, ...options }, api)

/** Lines about requests, which are neither the warning at the start nor of anything else. */
const reports = (lines: readonly Line[]): Line[] => lines.filter(({ msg }) => msg.includes('request would be refused'))

function published (t: TestContext): Refusal[] {
  const seen: Refusal[] = []
  const listener = (message: unknown): void => { seen.push(message as Refusal) }
  subscribe('fastify-io:refused', listener)
  t.after(() => { unsubscribe('fastify-io:refused', listener) })
  return seen
}

test('the start says that nothing is refused', async (t) => {
  const { lines } = await reporting(t)
  const { level, code, path, msg, hint } = lines[0]!
  assert.deepEqual([lines.length, level, code, path], [1, 40, 'REPORT_ONLY', '/enforce'])
  assert.match(`${msg} ${String(hint)}`, /nothing|no origin is refused.*"sockets" or "all"/)
  assert.equal((await logging(t, { cors })).lines.length, 0)
})

interface Row {
  readonly what: string
  readonly transport: Refusal['transport']
  readonly reason: string
  readonly headers?: Record<string, string>
  readonly served: (port: number, headers: Record<string, string>) => Promise<Answer>
  readonly status: number
  readonly options?: FastifyIOOptions
}

for (const statelessHandshake of [true, false]) {
  suite(`every kind of request is served, without a CORS header, and told of; statelessHandshake: ${
    statelessHandshake}`, () => {
    const refused = { headers: { origin: EVIL }, reason: 'not-listed' }
    const rows: Row[] = [
      {
        what: 'REST',
        ...refused,
        transport: 'rest',
        served: (port, headers) => ask(port, '/api', { headers }),
        status: 200
      }, {
        what: 'REST from a script tag elsewhere',
        transport: 'rest',
        reason: 'cross-site',
        headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
        served: (port, headers) => ask(port, '/api', { headers }),
        status: 200
      }, {
        what: 'a preflight',
        ...refused,
        transport: 'rest',
        served: (port, headers) => ask(port, '/api', { method: 'OPTIONS', headers: { ...headers, ...preflight } }),
        status: 204
      }, {
        what: 'a preflight of Socket.IO',
        ...refused,
        transport: 'polling',
        served: (port, headers) => ask(port, POLLING, { method: 'OPTIONS', headers: { ...headers, ...preflight } }),
        status: 204
      }, {
        what: 'a polling handshake',
        ...refused,
        transport: 'polling',
        served: (port, headers) => ask(port, POLLING, { headers }),
        status: 200
      }, {
        what: 'a poll',
        ...refused,
        transport: 'polling',
        async served (port, headers) {
          const sid = sidOf(await ask(port, POLLING, { headers }))
          await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })
          return ask(port, `${POLLING}&sid=${sid}`, { headers })
        },
        status: 200
      }, {
        what: 'a POST',
        ...refused,
        transport: 'polling',
        async served (port, headers) {
          const sid = sidOf(await ask(port, POLLING, { headers }))
          return ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })
        },
        status: 200
      }, {
        what: 'an upgrade',
        ...refused,
        transport: 'websocket',
        served: (port, headers) => ask(port, WEBSOCKET, { headers: { ...headers, ...UPGRADE } }),
        status: 101
      }, {
        what: 'a page with the origin null',
        transport: 'polling',
        reason: 'null',
        headers: { origin: 'null' },
        served: (port, headers) => ask(port, POLLING, { headers }),
        status: 200
      }, {
        what: 'no origin, with missingOrigin: refuse',
        transport: 'polling',
        reason: 'missing',
        headers: {},
        served: (port, headers) => ask(port, POLLING, { headers }),
        status: 200,
        options: { cors: { ...cors, missingOrigin: 'refuse', enforce: 'report' } }
      }, {
        what: 'JSONP',
        transport: 'polling',
        reason: 'jsonp',
        headers: {},
        served: (port, headers) => ask(port, `${POLLING}&j=0`, { headers }),
        status: 200
      }, {
        what: 'JSONP of a script tag elsewhere',
        transport: 'polling',
        reason: 'jsonp',
        headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
        served: (port, headers) => ask(port, `${POLLING}&j=0`, { headers }),
        status: 200
      }, {
        what: 'the client\'s file',
        ...refused,
        transport: 'polling',
        served: (port, headers) => ask(port, '/socket.io/socket.io.js', { headers }),
        status: 200
      }
    ]
    for (const { what, transport, reason, headers = {}, served, status, options } of rows) {
      test(what, async (t) => {
        const { app, port, lines } = await reporting(t, { statelessHandshake, ...options })
        const seen = published(t)
        const answer = await served(port, headers)
        assert.equal(answer.status, status)
        assert.deepEqual(corsHeaders(answer), [])
        const told = reports(lines)
        assert.deepEqual(told.map((line) => [line.transport, line.reason, line.enforced]), [[transport, reason, false]])
        assert.match(told[0]!.msg, new RegExp(`^${transport} request would be refused \\(${reason}\\): .`))
        assert.ok(seen.length > 0 && seen.every(({ enforced }) => enforced === false))
        assert.deepEqual(app.io.stats().refusals, {})
        assert.deepEqual(app.io.stats().reported, { [reason]: seen.length })
      })
    }

    test('a whole conversation of a refused page, over each transport', async (t) => {
      const { app, own, lines } = await reporting(t, { statelessHandshake })
      app.io.on('connection', (socket) => { socket.on('ping', (reply: (text: string) => void) => { reply('pong') }) })
      for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
        const socket = await connect(t, own, { transports, extraHeaders: { origin: EVIL } })
        if (transports.length === 2) await upgraded(socket)
        assert.equal(await socket.emitWithAck('ping'), 'pong')
      }
      assert.deepEqual(reports(lines).map((line) => line.transport).sort(), ['polling', 'websocket'])
    })

    test('a page behind a proxy that does not pass Host: GET and POST have two owners', async (t) => {
      const { port, lines } = await reporting(t, { statelessHandshake })
      const posts = { origin: 'https://api.example.com' }
      const sid = sidOf(await ask(port, POLLING))
      const connected = await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: posts, body: '40' })
      assert.equal(connected.status, 200)
      assert.match((await ask(port, `${POLLING}&sid=${sid}`)).body, /^40\{"sid"/)
      assert.deepEqual(reports(lines).map(({ reason }) => reason).sort(), ['not-listed', 'session'])
    })

    test('a session that another origin uses', async (t) => {
      const { port, lines } = await reporting(t, { statelessHandshake })
      const sid = sidOf(await ask(port, POLLING, { headers: { origin: ORIGIN } }))
      const mine = { method: 'POST', headers: { origin: ORIGIN }, body: '40' }
      await ask(port, `${POLLING}&sid=${sid}`, mine)
      const answer = await ask(port, `${POLLING}&sid=${sid}`, { headers: { origin: OTHER } })
      assert.match(answer.body, /^40\{"sid"/)
      assert.deepEqual(reports(lines).map(({ reason, origin }) => [reason, origin]), [['session', OTHER]])
    })
  })
}

test('an upgrade on a route of the user\'s', async (t) => {
  const { app, port, lines } = await logging(t, { cors: { ...cors, enforce: 'report' } }, async (app) => {
    await app.register(import('@fastify/websocket'))
    app.get('/echo', { websocket: true }, (socket) => { socket.send('hello') })
  })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, { origin: EVIL })
  t.after(() => { socket.terminate() })
  const [data] = await once(socket, 'message')
  assert.equal(String(data), 'hello')
  assert.deepEqual(reports(lines).map(({ transport, reason }) => [transport, reason]), [['websocket', 'not-listed']])
  assert.deepEqual(app.io.stats().reported, { 'not-listed': 1 })
})

test('what Engine.IO turns down is refused as ever', async (t) => {
  const { app, port, lines } = await reporting(t)
  assert.equal((await ask(port, `${POLLING}&sid=gone`, { headers: { origin: EVIL } })).status, 400)
  assert.ok(lines.some(({ msg }) => msg.startsWith('polling request refused (session-unknown)')))
  assert.deepEqual(app.io.stats().refusals, { 'session-unknown': 1 })
})

test('narrowOrigin refuses nothing either', async (t) => {
  const { own, port, app, lines } = await logging(t, { cors: { ...cors, enforce: 'report' } }, (app) => {
    const admin = app.narrowOrigin({ origin: OTHER })
    app.io.of('/admin').use(admin.namespace)
    app.get('/admin', { onRequest: admin.route }, async () => 'ok')
  })
  await connect(t, `${own}/admin`, { transports: ['websocket'] })
  assert.equal((await ask(port, '/admin', { headers: { origin: ORIGIN } })).body, 'ok')
  assert.deepEqual(reports(lines).map(({ transport }) => transport).sort(), ['namespace', 'rest'])
  app.originPolicy.update(cors)
  assert.equal((await ask(port, '/admin', { headers: { origin: ORIGIN } })).status, 403)
  const refused = client(t, `${own}/admin`, { transports: ['websocket'] })
  const [error] = await once(refused as never, 'connect_error') as [{ data: { code: string } }]
  assert.equal(error.data.code, 'ORIGIN_REFUSED')
})

suite('from report to enforcement', () => {
  test('the next request is refused, and live sockets of refused origins are cut off', async (t) => {
    const { app, own, port, lines } = await reporting(t)
    await ask(port, POLLING, { headers: { origin: EVIL } })
    const evil = await connect(t, own, { extraHeaders: { origin: EVIL }, transports: ['websocket'] })
    const mine = await connect(t, own, { transports: ['websocket'] })
    const told = once(evil as never, 'origin_revoked')
    const ended = once(evil as never, 'disconnect')
    app.originPolicy.update({ ...cors, enforce: 'all' })
    assert.equal((await ask(port, '/api', { headers: { origin: EVIL } })).status, 403)
    assert.equal((await ask(port, POLLING, { headers: { origin: EVIL } })).status, 403)
    const said = lines.map(({ msg }) => msg.split(':')[0])
    assert.ok(said.includes('polling request would be refused (not-listed)'))
    assert.ok(said.includes('polling request refused (not-listed)'), 'the line of the report does not mute this one')
    assert.deepEqual(await told, [{ code: 'ORIGIN_REVOKED', reason: 'not-listed' }])
    assert.equal((await ended)[0], 'io server disconnect')
    assert.ok(mine.connected)
    assert.equal(app.io.stats().revoked, 1)
  })

  test('onRevoke: keep leaves them', async (t) => {
    const { app, own } = await reporting(t, { cors: { ...cors, onRevoke: 'keep', enforce: 'report' } })
    const evil = await connect(t, own, { extraHeaders: { origin: EVIL }, transports: ['websocket'] })
    app.originPolicy.update({ ...cors, onRevoke: 'keep', enforce: 'all' })
    app.io.emit('still')
    await once(evil as never, 'still')
    assert.equal(app.io.stats().revoked, 0)
  })

  test('an update that still reports cuts nobody off', async (t) => {
    const { app, own, lines } = await reporting(t)
    const mine = await connect(t, own, { transports: ['websocket'] })
    app.originPolicy.update({ origin: OTHER, enforce: 'report' })
    app.io.emit('still')
    await once(mine as never, 'still')
    assert.equal(lines.filter(({ code }) => code === 'REPORT_ONLY').length, 2, 'the update warns again')
  })

  test('the sid that a refused page was given is worth nothing afterwards, to nobody', async (t) => {
    const { app, port } = await reporting(t)
    const sids = await Promise.all([EVIL, EVIL, EVIL].map(async (origin) =>
      sidOf(await ask(port, POLLING, { headers: { origin } }))))
    app.originPolicy.update(cors)
    const claim = async (sid: string, headers: Record<string, string>): Promise<number> =>
      (await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })).status
    assert.equal(await claim(sids[0]!, { origin: EVIL }), 403)
    assert.equal(await claim(sids[1]!, { origin: ORIGIN }), 400)
    assert.equal(await claim(sids[2]!, {}), 400)
    assert.equal(app.io.engine.clientsCount, 0)
  })

  test('a handshake that began before survives the way back to report', async (t) => {
    const { app, port } = await logging(t, { cors })
    const sid = sidOf(await ask(port, POLLING, { headers: { origin: ORIGIN } }))
    app.originPolicy.update({ ...cors, enforce: 'report' })
    const post = { method: 'POST', headers: { origin: ORIGIN }, body: '40' }
    assert.equal((await ask(port, `${POLLING}&sid=${sid}`, post)).status, 200)
  })

  test('a request whose hooks outlast the update is refused, over each transport', async (t) => {
    for (const [path, headers] of [[POLLING, {}], [WEBSOCKET, UPGRADE]] as const) {
      let go: (() => void) | undefined
      const { app, port } = await logging(t, { cors: { ...cors, enforce: 'report' } }, (app) => {
        app.addHook('preHandler', async () => { await new Promise<void>((resolve) => { go = resolve }) })
      })
      const answer = ask(port, path, { headers: { ...headers, origin: EVIL } })
      await until(() => go !== undefined, 'the request waits in a hook')
      app.originPolicy.update(cors)
      go!()
      assert.equal((await answer).status, 403)
      assert.equal(app.io.engine.clientsCount, 0)
    }
  })

  test('the plugin\'s own enforce wins over the policy\'s, either way', async (t) => {
    const policy = new OriginPolicy({ ...cors, enforce: 'all' })
    const lax = await logging(t, { cors: policy, enforce: 'report' }, api)
    const strict = await logging(t, { cors: new OriginPolicy({ ...cors, enforce: 'report' }), enforce: 'all' }, api)
    const headers = { origin: EVIL }
    assert.equal((await ask(lax.port, '/api', { headers })).status, 200)
    assert.equal((await ask(strict.port, '/api', { headers })).status, 403)
    assert.deepEqual(lax.lines.map(({ code }) => code).slice(0, 2), ['OPTION_WITHOUT_EFFECT', 'REPORT_ONLY'])
    assert.ok(strict.lines.every(({ code }) => code !== 'REPORT_ONLY'))
  })
})

suite('an update that still reports, while a request is on its way', () => {
  const later = { origin: OTHER, enforce: 'report' } as const
  const mine = { headers: { origin: ORIGIN } }

  test('behind allowRequest', async (t) => {
    let go: (() => void) | undefined
    const { app, port, lines } = await reporting(t, {
      allowRequest: (_request, callback) => { go = () => callback(null, true) }
    })
    const answer = ask(port, POLLING, mine)
    await until(() => go !== undefined, 'allowRequest is asked')
    app.originPolicy.update(later)
    go!()
    assert.equal((await answer).status, 200)
    assert.deepEqual(reports(lines).map(({ reason, origin }) => [reason, origin]), [['not-listed', ORIGIN]])
  })

  test('behind a generateId of the user\'s', async (t) => {
    let go: ((id: string) => void) | undefined
    const { app, port } = await reporting(t, {})
    app.io.engine.generateId = () => new Promise((resolve) => { go = resolve })
    const answer = ask(port, POLLING, mine)
    await until(() => go !== undefined, 'generateId is asked')
    app.originPolicy.update(later)
    go!('an-id-of-the-users')
    assert.equal((await answer).status, 200)
  })
})

test('a state is recovered for whoever knows its pid', async (t) => {
  const { app, own, lines } = await reporting(t, { connectionStateRecovery: {} })
  app.io.on('connection', (socket) => { socket.emit('hello') })
  const socket = client(t, own, { transports: ['websocket'], reconnection: true, extraHeaders: { origin: ORIGIN } })
  await once(socket as never, 'hello')
  socket.io.opts.extraHeaders!.origin = EVIL
  socket.io.engine.close()
  await once(socket as never, 'connect')
  assert.equal(socket.recovered, true)
  assert.deepEqual(reports(lines).map(({ origin }) => origin), [EVIL])
})

test('the log is limited as ever', async (t) => {
  const { app, lines } = await reporting(t)
  for (let n = 0; n < 300; n++) {
    await app.inject({ url: POLLING, headers: { origin: `https://a${n}.attacker.example` } })
  }
  assert.equal(reports(lines).length, 100)
  assert.equal(app.io.stats().reported['not-listed'], 300)
})
