// Two POSTs at once on one session: the protocol forbids it, the session ends, and both requests must be over.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import Fastify from 'fastify'
import fastifyIO, { type FastifyIOOptions } from '../../lib/index.ts'
import { joined, sent } from '../support/raw.ts'
import { ask, POLLING, start } from '../support/server.ts'
import { sessionsOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

interface Answer { readonly status: number, readonly body: string }

async function serve (t: TestContext, options: FastifyIOOptions) {
  const app = Fastify({ http2: true })
  await app.register(fastifyIO, options)
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => app.close())
  const client = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  t.after(() => client.destroy())
  return { app: app as unknown as Awaited<ReturnType<typeof start>>['app'], client }
}

/** Begins a request; its body may be sent later. */
function request (client: ClientHttp2Session, method: string, path: string, type = 'text/plain') {
  const stream = client.request({ ':method': method, ':path': path, 'content-type': type }, {
    endStream: method === 'GET'
  })
  const answer = new Promise<Answer>((resolve, reject) => {
    let status = 0
    let body = ''
    stream.setEncoding('utf8').on('data', (text: string) => { body += text })
    stream.on('response', (headers) => { status = headers[':status']! })
    stream.on('end', () => resolve({ status, body }))
    stream.on('error', reject)
  })
  return { stream, answer }
}

async function sid (client: ClientHttp2Session, path = POLLING): Promise<string> {
  const { body } = await request(client, 'GET', path).answer
  // in a payload of protocol 3, or in a string of JSONP's, too
  const found = /"sid\\?":\\?"([^"\\]+)/.exec(body)
  assert.ok(found, body)
  return found[1]!
}

for (const statelessHandshake of [true, false]) {
  suite(`two POSTs at once, statelessHandshake: ${statelessHandshake}`, () => {
    test('HTTP/2: both are answered, and app.close() returns', async (t) => {
      const { app, client } = await serve(t, { statelessHandshake })
      const path = `${POLLING}&sid=${await sid(client)}`
      const first = request(client, 'POST', path)
      first.stream.write('42')
      await until(() => sessionsOf(app)[0]?.transport.dataReq, 'the first has come')
      const second = request(client, 'POST', path)
      second.stream.end('40')
      const answers = await Promise.all([first.answer, second.answer])
      assert.deepEqual(answers.map(({ status }) => status), [400, 400])
      assert.equal(app.io.engine.clientsCount, 0)
      assert.equal((await request(client, 'GET', POLLING).answer).status, 200, 'the connection goes on')
      // ends when no stream is open
      client.close()
      await app.close()
    })

    test('HTTP/2: a session that the server ends in the middle of a POST', async (t) => {
      const { app, client } = await serve(t, { statelessHandshake })
      const path = `${POLLING}&sid=${await sid(client)}`
      const { stream, answer } = request(client, 'POST', path)
      stream.write('42')
      await until(() => sessionsOf(app)[0]?.transport.dataReq, 'it has come')
      client.close()
      const closed = app.close()
      assert.equal((await answer).status, 400)
      await closed
    })

    test('HTTP/2: a session that its own POST ends', async (t) => {
      const { app, client } = await serve(t, { statelessHandshake })
      const path = `${POLLING}&sid=${await sid(client)}`
      const { stream, answer } = request(client, 'POST', path)
      // no packet of protocol 5 begins like this: Socket.IO closes the session
      stream.end('4x')
      assert.deepEqual(await answer, { status: 200, body: 'ok' })
      // one more poll hears of it
      assert.deepEqual(await request(client, 'GET', path).answer, { status: 200, body: '6\x1e1' })
      assert.equal(app.io.engine.clientsCount, 0)
      client.close()
      await app.close()
    })

    test('HTTP/1: the second is answered, the first is cut, and app.close() returns', async (t) => {
      const { app, port } = await start(t, { statelessHandshake })
      const path = `${POLLING}&sid=${await joined(port)}`
      const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 9\r\n\r\n42`
      const first = await sent(t, port, head)
      await until(() => sessionsOf(app)[0]?.transport.dataReq, 'the first has come')
      const cut = once(first, 'close')
      assert.equal((await ask(port, path, { method: 'POST', body: '42["a"]' })).status, 400)
      await cut
      assert.equal(app.io.engine.clientsCount, 0)
      await app.close()
    })
  })
}

interface Dialect {
  readonly options: FastifyIOOptions
  readonly path: string
  readonly type?: string
  /** Packets as the body of a POST. */
  readonly body: (packet: string) => string
}

/** What is left to Engine.IO's own transports. */
const dialects: Readonly<Record<string, Dialect>> = {
  'protocol 3': {
    options: { allowEIO3: true },
    path: POLLING.replace('EIO=4', 'EIO=3'),
    body: (packet) => `${packet.length}:${packet}`
  },
  JSONP: {
    options: { cors: { jsonp: true } },
    path: `${POLLING}&j=0`,
    type: 'application/x-www-form-urlencoded',
    body: (packet) => `d=${packet}`
  }
}

for (const [name, { options, path, type, body }] of Object.entries(dialects)) {
  suite(`HTTP/2, ${name}`, () => {
    test('two POSTs at once are both answered, and app.close() returns', async (t) => {
      const { app, client } = await serve(t, options)
      const own = `${path}&sid=${await sid(client, path)}`
      const first = request(client, 'POST', own, type)
      first.stream.write(body('42').slice(0, 2))
      await until(() => sessionsOf(app)[0]?.transport.dataReq, 'the first has come')
      const second = request(client, 'POST', own, type)
      second.stream.end(body('40'))
      const answers = await Promise.all([first.answer, second.answer])
      assert.deepEqual(answers.map(({ status }) => status), [400, 400])
      assert.equal(app.io.engine.clientsCount, 0)
      assert.equal((await request(client, 'GET', path).answer).status, 200, 'the connection goes on')
      client.close()
      await app.close()
    })

    test('the rest of the body comes together with the second', async (t) => {
      const { app, client } = await serve(t, options)
      const own = `${path}&sid=${await sid(client, path)}`
      const first = request(client, 'POST', own, type)
      const whole = body('42["x"]')
      first.stream.write(whole.slice(0, 2))
      await until(() => sessionsOf(app)[0]?.transport.dataReq, 'the first has come')
      const second = request(client, 'POST', own, type)
      second.stream.end(body('40'))
      first.stream.end(whole.slice(2))
      assert.deepEqual((await Promise.all([first.answer, second.answer])).map(({ status }) => status), [400, 400])
      client.close()
      await app.close()
    })

    test('a session that the server ends in the middle of a POST', async (t) => {
      const { app, client } = await serve(t, options)
      const { stream, answer } = request(client, 'POST', `${path}&sid=${await sid(client, path)}`, type)
      stream.write(body('42').slice(0, 2))
      await until(() => sessionsOf(app)[0]?.transport.dataReq, 'it has come')
      client.close()
      const closed = app.close()
      assert.equal((await answer).status, 400)
      await closed
    })

    for (const packet of ['4x', '1']) {
      test(`a session that its own POST ends: ${packet}`, async (t) => {
        const { app, client } = await serve(t, options)
        const own = `${path}&sid=${await sid(client, path)}`
        const joined = request(client, 'POST', own, type)
        joined.stream.end(body('40'))
        await joined.answer
        await request(client, 'GET', own).answer
        const { stream, answer } = request(client, 'POST', own, type)
        stream.end(body(packet))
        assert.deepEqual(await answer, { status: 200, body: 'ok' })
        // one more poll hears of it
        await request(client, 'GET', own).answer
        await until(() => app.io.engine.clientsCount === 0, 'it has ended')
        client.close()
        await app.close()
      })
    }
  })
}
