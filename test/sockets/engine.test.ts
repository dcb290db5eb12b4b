import assert from 'node:assert/strict'
import { type EventEmitter, once } from 'node:events'
import { createRequire } from 'node:module'
import { connect as connectTcp } from 'node:net'
import { suite, test } from 'node:test'
import { WebSocket } from 'ws'
import { connect, ORIGIN } from '../support/client.ts'
import { ask, askBoth, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const require = createRequire(import.meta.url)
const cors = { origin: ORIGIN, credentials: true }
const owner = { origin: ORIGIN }

/** What io.engine.use() takes: connect's signature. */
type Middleware = (
  request: Record<string, unknown>, response: import('node:http').ServerResponse, next: (error?: Error) => void
) => void

const both = (port: number, headers = {}) => askBoth(port, { ...owner, ...headers })

/** The head of an answer as it stands on the wire. */
async function rawHead (port: number, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1')
  const lines = Object.entries({ Host: 'x', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(`GET ${path} HTTP/1.1\r\n${lines}\r\n`)
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (text.includes('\r\n\r\n')) break
  }
  return text.slice(0, text.indexOf('\r\n\r\n'))
}

for (const statelessHandshake of [true, false]) {
  suite(`the engine, statelessHandshake: ${statelessHandshake}`, () => {
    // each alone: any one of them has to keep the handshake from taking its short way
    test('a middleware alone sets headers on both answers', async (t) => {
      const { app, port } = await start(t, { cors, statelessHandshake })
      app.io.engine.use(
        ((_request, response, next) => {
          response.setHeader('x-middleware', 'yes')
          next()
        }) satisfies Middleware
      )
      for (const { headers } of await both(port)) assert.equal(headers['x-middleware'], 'yes')
    })

    for (const event of ['headers', 'initial_headers']) {
      test(`${event} alone, on both answers`, async (t) => {
        const { app, port } = await start(t, { cors, statelessHandshake })
        app.io.engine.on(event, (headers: Record<string, string>, request: { url: string }) => {
          headers['x-path'] = request.url
        })
        const [polling, upgrade] = await both(port)
        assert.deepEqual([polling.headers['x-path'], upgrade.headers['x-path']], [POLLING, WEBSOCKET])
        assert.equal(polling.headers['access-control-allow-origin'], ORIGIN)
      })
    }

    test('initial_headers is for the first request of a session only, headers for all', async (t) => {
      const { app, port } = await start(t, { cors, statelessHandshake })
      const seen: string[] = []
      for (const event of ['headers', 'initial_headers']) {
        app.io.engine.on(event, (_headers: unknown, request: { url: string }) => {
          seen.push(`${event} ${request.url.includes('sid=') ? 'later' : 'first'}`)
        })
      }
      const sid = sidOf(await ask(port, POLLING, { headers: owner }))
      assert.equal((await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { ...owner, ...UPGRADE } })).status, 101)
      assert.deepEqual(seen, ['initial_headers first', 'headers first', 'headers later'])
    })

    test('a middleware that answers, and one that fails', async (t) => {
      const { app, port } = await start(t, { cors, statelessHandshake })
      app.io.engine.use(
        ((request, response, next) => {
          const { 'x-do': what } = request.headers as Record<string, string>
          if (what === 'answer') {
            response.statusCode = 401
            response.end('who are you?')
          } else if (what === 'fail') next(new Error('no session store'))
          else if (what === 'begin') {
            response.writeHead(402)
            next(new Error('no session store'))
          } else if (what === 'reject') return Promise.reject(new Error('no session store'))
          else next()
        }) satisfies Middleware
      )
      for (const { status, body } of await both(port, { 'x-do': 'answer' })) {
        assert.deepEqual([status, body], [401, 'who are you?'])
      }
      for (const how of ['fail', 'reject']) {
        for (const { status, body } of await both(port, { 'x-do': how })) {
          assert.deepEqual([status, (JSON.parse(body) as { code: number }).code], [400, 3])
        }
      }
      // engine.io 6.6.12 ends such an answer
      for (const { status, body } of await both(port, { 'x-do': 'begin' })) {
        assert.deepEqual([status, body], [402, ''])
      }
      assert.equal(app.io.engine.clientsCount, 0)
      assert.deepEqual((await both(port)).map(({ status }) => status), [200, 101])
    })

    // express-session sets its cookie when writeHead() is called (on-headers), and leaves request.session
    test('a session middleware in the manner of express-session', async (t) => {
      const { app, port, own } = await start(t, { cors, statelessHandshake })
      app.io.engine.use(((request, response, next) => {
        request.session = { user: 'bob' }
        const { writeHead } = response
        response.writeHead = function (this: typeof response, ...rest: never[]) {
          this.setHeader('set-cookie', 'connect.sid=1; HttpOnly')
          return Reflect.apply(writeHead, this, rest)
        }
        setImmediate(next)
      }) satisfies Middleware)
      for (const { headers } of await both(port)) assert.deepEqual(headers['set-cookie'], ['connect.sid=1; HttpOnly'])
      for (const transports of [['polling'], ['websocket']]) {
        const accepted = once(app.io, 'connection')
        await connect(t, own, { transports })
        const [socket] = await accepted
        assert.deepEqual(socket.request.session, { user: 'bob' })
      }
    })

    test('the 101 has the headers of hooks, and none of another answer (RFC 9110, section 8.6)', async (t) => {
      const { port } = await start(
        t,
        { cors, statelessHandshake },
        (app) =>
          app.addHook('onSend', async (_request, reply) => {
            reply.header('content-type', 'text/html').header('content-length', '5').header(
              'transfer-encoding',
              'chunked'
            ).header('connection', 'close').header('x-hook', 'yes')
          })
      )
      const lines = (await rawHead(port, WEBSOCKET, { ...owner, ...UPGRADE })).toLowerCase().split('\r\n')
      assert.equal(lines[0], 'http/1.1 101 switching protocols')
      const names = lines.slice(1).map((line) => line.slice(0, line.indexOf(':')))
      assert.deepEqual(names.toSorted(), [
        'access-control-allow-credentials', 'access-control-allow-origin', 'connection', 'sec-websocket-accept',
        'upgrade', 'vary', 'x-hook'
      ])
      assert.ok(lines.includes('connection: upgrade'))
    })

    test('connection_error tells of what the policy refuses, and of JSONP', async (t) => {
      const { app, port } = await start(t, { cors, statelessHandshake })
      const seen: unknown[] = []
      app.io.engine.on(
        'connection_error',
        (
          { req, code, message, context }: {
            req: { url: string }
            code: number
            message: string
            context: { name: string; reason?: string }
          }
        ) => {
          seen.push([req.url, code, message, context.name, context.reason])
        }
      )
      await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin: 'https://attacker.example' } })
      await ask(port, `${POLLING}&j=0`)
      assert.deepEqual(seen, [[WEBSOCKET, 4, 'Forbidden', 'ORIGIN_REFUSED', 'not-listed'], [
        `${POLLING}&j=0`,
        3,
        'Bad request',
        'JSONP_REFUSED',
        undefined
      ]])
    })

    test('a WebSocket message beyond maxHttpBufferSize ends the session with 1009', async (t) => {
      const { app, own } = await start(t, { statelessHandshake, maxHttpBufferSize: 1000 })
      const socket = new WebSocket(`${own.replace('http', 'ws')}${WEBSOCKET}`)
      await once(socket, 'message')
      const closed = once(socket, 'close')
      socket.send(`4${'x'.repeat(1001)}`)
      assert.equal((await closed)[0], 1009)
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('perMessageDeflate is off unless it is asked for', async (t) => {
      const extensionsOf = [[{}, undefined], [{ perMessageDeflate: true }, /permessage-deflate/]] as const
      for (const [options, extensions] of extensionsOf) {
        const { port } = await start(t, { cors, statelessHandshake, ...options })
        const { headers } = await ask(port, WEBSOCKET, {
          headers: { ...owner, ...UPGRADE, 'sec-websocket-extensions': 'permessage-deflate' }
        })
        if (extensions === undefined) assert.equal(headers['sec-websocket-extensions'], undefined)
        else assert.match(String(headers['sec-websocket-extensions']), extensions)
      }
    })

    test('allowUpgrades: false and transports go into the open packet', async (t) => {
      const upgradesOf = [
        [{}, ['websocket']],
        [{ allowUpgrades: false }, []],
        [{ transports: ['polling'] }, []]
      ] as const
      for (const [options, upgrades] of upgradesOf) {
        const { port } = await start(t, {
          cors,
          statelessHandshake,
          ...options as object,
          maxHttpBufferSize: 5000,
          pingInterval: 7000,
          pingTimeout: 3000
        })
        const { body } = await ask(port, POLLING, { headers: owner })
        const { sid, ...open } = JSON.parse(body.slice(1)) as Record<string, unknown>
        assert.equal(typeof sid, 'string')
        assert.deepEqual(open, { upgrades, pingInterval: 7000, pingTimeout: 3000, maxPayload: 5000 })
      }
      const { app, port } = await start(t, { cors, statelessHandshake, transports: ['websocket'] })
      assert.equal((await ask(port, POLLING, { headers: owner })).status, 400)
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('the open packet is sent once', async (t) => {
      const { port } = await start(t, { cors, statelessHandshake })
      const sid = sidOf(await ask(port, POLLING, { headers: owner }))
      await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: owner, body: '40' })
      assert.match((await ask(port, `${POLLING}&sid=${sid}`, { headers: owner })).body, /^40\{"sid":"[\w-]+"\}$/)
    })

    test('a poll and a post that race for a fresh session share it', async (t) => {
      const { app, port } = await start(t, { cors, statelessHandshake })
      const sid = sidOf(await ask(port, POLLING, { headers: owner }))
      const [poll, post] = await Promise.all([
        ask(port, `${POLLING}&sid=${sid}`, { headers: owner }),
        ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: owner, body: '40' })
      ])
      assert.deepEqual([poll.status, post.status, poll.body.slice(0, 2)], [200, 200, '40'])
      assert.equal(app.io.engine.clientsCount, 1)
    })

    test('connection state recovery', async (t) => {
      const { app, own } = await start(t, { cors, statelessHandshake, connectionStateRecovery: {} })
      const socket = await connect(t, own, { reconnection: true, reconnectionDelay: 1 })
      // recovery starts from the last packet that came with an offset
      const news = once(socket as never, 'news')
      app.io.emit('news')
      await news
      const missed = once(socket as never, 'missed')
      socket.io.engine.close()
      app.io.emit('missed')
      await missed
      assert.equal(socket.recovered, true)
    })
  })
}

test('the sid of one protocol is nothing to another, and stays good', async (t) => {
  const { app, port } = await start(t, { cors, allowEIO3: true })
  const sid = sidOf(await ask(port, POLLING, { headers: owner }))
  for (const path of [`/socket.io/?EIO=3&transport=polling&sid=${sid}`, `${WEBSOCKET}&sid=${sid}`]) {
    assert.equal((await ask(port, path, { headers: owner })).status, 400, path)
    assert.equal(app.io.engine.clientsCount, 0)
  }
  assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: owner, body: '40' })).status, 200)
})

test('a session of protocol 3 belongs to its origin too', async (t) => {
  const { port } = await start(t, { cors: { origin: [ORIGIN, 'https://other.example.com'] }, allowEIO3: true })
  const path = '/socket.io/?EIO=3&transport=polling'
  const { body } = await ask(port, path, { headers: owner })
  const sid = /"sid":"([\w-]+)"/.exec(body)![1]!
  assert.equal(
    (await ask(port, `${path}&sid=${sid}`, { headers: { origin: 'https://other.example.com' } })).status,
    400
  )
  assert.equal((await ask(port, `${path}&sid=${sid}`, { headers: owner })).status, 200)
})

test('10,000 abandoned handshakes leave neither session nor timer', async (t) => {
  const { app } = await start(t, { cors })
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  await app.inject({ url: POLLING, headers: owner })
  const before = timers()
  for (let n = 0; n < 10_000; n++) await app.inject({ url: POLLING, headers: owner })
  assert.equal(app.io.engine.clientsCount, 0)
  assert.ok(timers() <= before, 'no timer')
})

test('another wsEngine: its sockets are Socket.IO\'s', async (t) => {
  const { WebSocketServer } = require('ws') as typeof import('ws')
  let made = 0
  class Counting extends WebSocketServer {
    constructor (options: import('ws').ServerOptions) {
      super(options)
      made++
    }
  }
  const { own } = await start(t, { cors, wsEngine: Counting as never })
  await connect(t, own, { transports: ['websocket'] })
  assert.equal(made, 1)
})

// https://socket.io/docs/v4/memory-usage/ has it so
test('a session whose request was dropped still belongs to its origin', async (t) => {
  const OTHER = 'https://other.example.com'
  const { app, port } = await start(t, { cors: { origin: [ORIGIN, OTHER] } }, (app) => {
    app.io.engine.on('connection', (session: { request: unknown }) => { session.request = null })
    app.io.of('/other').use(app.narrowOrigin({ origin: OTHER }).namespace)
  })
  const sid = sidOf(await ask(port, POLLING, { headers: owner }))
  const path = `${POLLING}&sid=${sid}`
  assert.equal((await ask(port, path, { headers: owner, method: 'POST', body: '40\x1e40/other,' })).status, 200)
  assert.equal((await ask(port, path, { headers: { origin: OTHER } })).status, 400)
  assert.match((await ask(port, path, { headers: owner })).body, /44\/other,\{"message":"Origin refused"/)
  const own = sidOf(await ask(port, POLLING))
  await ask(port, `${POLLING}&sid=${own}`, { method: 'POST', body: '40' })
  const { clients } = app.io.engine as unknown as { clients: object }
  app.originPolicy.update({ origin: OTHER })
  await until(() => app.io.engine.clientsCount <= 1, 'one client is left')
  assert.deepEqual(Object.keys(clients), [own])
})

test('a listener of the engine\'s that throws: 500, no session, and the server goes on', async (t) => {
  const lines: string[] = []
  const { app, port } = await start(t, {}, () => {}, {
    logger: { level: 'error', stream: { write: (line: string) => { lines.push(line) } } }
  })
  app.io.engine.once('connection', () => { throw new Error('bug') })
  const sid = sidOf(await ask(port, POLLING))
  assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '40' })).status, 500)
  assert.equal(app.io.engine.clientsCount, 0)
  app.io.engine.once('connection', () => { throw new Error('bug') })
  await assert.rejects(ask(port, WEBSOCKET, { headers: UPGRADE }), { code: 'ECONNRESET' })
  assert.equal(app.io.engine.clientsCount, 0)
  assert.equal(lines.filter((line) => line.includes('"bug"')).length, 2)
  assert.equal((await ask(port, WEBSOCKET, { headers: UPGRADE })).status, 101)
})

test('transports emit what Engine.IO\'s own emit', async (t) => {
  const seen: Record<string, string[]> = { polling: [], websocket: [] }
  const { own } = await start(t, {}, (app) => {
    app.io.engine.on('connection', ({ transport }: { transport: EventEmitter & { name: string } }) => {
      for (const event of ['packet', 'drain', 'ready', 'close']) {
        transport.on(event, () => { seen[transport.name]!.push(event) })
      }
    })
  })
  for (const name of ['polling', 'websocket']) {
    const socket = await connect(t, own, { transports: [name], extraHeaders: {} })
    socket.close()
    await until(() => seen[name]!.includes('close'), 'the session has closed')
    assert.deepEqual([...new Set(seen[name])].sort(), ['close', 'drain', 'packet', 'ready'])
  }
})
