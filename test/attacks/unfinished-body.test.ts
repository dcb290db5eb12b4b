// A POST whose body is too long, or never ends: it is answered, and its session, its connection and its timer go.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { type FastifyIOOptions } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { joined, sent } from '../support/raw.ts'
import { ask, POLLING, sidOf, start } from '../support/server.ts'
import { type Session, sessionOf, sessionsOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

/** By name: the limit, what is sent of a body that is announced with 5,000 bytes, and the answer. */
const BODIES = {
  'is too long': { options: { maxHttpBufferSize: 1000 }, part: 'x'.repeat(1500), status: 413 },
  'never ends': { options: { httpRequestBodyTimeout: 300 }, part: '42', status: 408 },
  'never begins': { options: { httpRequestBodyTimeout: 300 }, part: '', status: 408 }
} as const

/** Tells why the session of an app ended. */
function ended (app: Pick<FastifyInstance, 'io'>): Promise<unknown> {
  return new Promise((resolve) => {
    app.io.engine.on('connection', (session: Session) => {
      session.once('close', (reason: string, error?: Error) => resolve([reason, error?.message]))
    })
  })
}

const WHY = { 413: 'payload too large', 408: 'http request timeout' }

for (const statelessHandshake of [true, false]) {
  for (const [name, { options, part, status }] of Object.entries(BODIES)) {
    test(`a body that ${name}: ${status}, and nothing is left; stateless: ${statelessHandshake}`, async (t) => {
      const { app, port } = await start(t, { cors: { origin: ORIGIN }, statelessHandshake, ...options })
      const why = ended(app)
      const headers = { origin: ORIGIN }
      const path = `${POLLING}&sid=${sidOf(await ask(port, POLLING, { headers }))}`
      await ask(port, path, { method: 'POST', headers, body: '40' })
      const [{ transport }] = sessionsOf(app) as [Session]
      const socket = await sent(t, port, `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${ORIGIN}\r\n` +
        `Content-Length: 5000\r\n\r\n${part}`)
      const closed = once(socket, 'close')
      const answer = String((await once(socket, 'data'))[0])
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(answer, new RegExp(`^access-control-allow-origin: ${ORIGIN}`, 'im'), 'a page can read it')
      await closed
      assert.deepEqual(await why, ['transport error', WHY[status]])
      assert.deepEqual([sessionsOf(app), transport.dataReq, transport.shouldClose ?? null], [[], null, null])
      const late = await ask(port, path, { headers })
      assert.deepEqual([late.status, JSON.parse(late.body).code], [400, 1])
    })
  }
}

test('a poll that is held meanwhile is answered', async (t) => {
  const { app, port } = await start(t, { httpRequestBodyTimeout: 300 })
  const sid = await joined(port)
  const poll = ask(port, `${POLLING}&sid=${sid}`)
  await until(() => sessionOf(app, sid)!.transport.writable, 'the poll is held')
  await sent(t, port, `POST ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n`)
  assert.deepEqual([(await poll).body, app.io.engine.clientsCount], ['1', 0])
})

test('a body that arrives in time stops the clock', async (t) => {
  const { app, port } = await start(t, { httpRequestBodyTimeout: 300 })
  const sid = await joined(port)
  const path = `${POLLING}&sid=${sid}`
  const began = performance.now()
  while (performance.now() - began < 900) {
    assert.equal((await ask(port, path, { method: 'POST', body: '3' })).status, 200)
  }
  assert.equal(app.io.engine.clientsCount, 1)
})

test('a foreign session whose first POST never ends is gone', async (t) => {
  const options = { handshakeSecret: 'a secret that is long enough: 32+', httpRequestBodyTimeout: 300 }
  const [a, b] = [await start(t, options), await start(t, options)]
  const headers = { host: 'fleet.example' }
  const sid = sidOf(await ask(a.port, POLLING, { headers }))
  const head = `POST ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: fleet.example\r\nContent-Length: 9\r\n\r\n`
  const socket = await sent(t, b.port, head)
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 408 /)
  assert.equal(b.app.io.engine.clientsCount, 0)
})

/** Our transport, and those that are left to Engine.IO. */
const DIALECTS: Readonly<Record<string, { options?: FastifyIOOptions, path: string, type?: string }>> = {
  'protocol 4': { path: POLLING },
  'protocol 3': { path: POLLING.replace('EIO=4', 'EIO=3'), options: { allowEIO3: true } },
  JSONP: {
    path: `${POLLING}&j=0`, options: { cors: { jsonp: true } }, type: 'application/x-www-form-urlencoded'
  }
}

async function serveHttp2 (t: TestContext, options: FastifyIOOptions) {
  const app = Fastify({ http2: true })
  await app.register(fastifyIO, options)
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => app.close())
  const client = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  t.after(() => client.destroy())
  return { app: app as unknown as FastifyInstance, client }
}

for (const [dialect, { options: own, path, type = 'text/plain' }] of Object.entries(DIALECTS)) {
  suite(`HTTP/2, ${dialect}`, () => {
    for (const [name, { options, part, status }] of Object.entries(BODIES)) {
      test(`a body that ${name}: ${status}, and app.close() returns`, async (t) => {
        const { app, client } = await serveHttp2(t, { ...own, ...options })
        const open = client.request({ ':path': path })
        let body = ''
        open.setEncoding('utf8').on('data', (text: string) => { body += text })
        await once(open, 'end')
        const sid = /"sid\\?":\\?"([^"\\]+)/.exec(body)![1]!
        const stream = client.request({ ':method': 'POST', ':path': `${path}&sid=${sid}`, 'content-type': type })
        const closed = once(stream, 'close')
        const answer = once(stream, 'response')
        if (part !== '') stream.write(part)
        const [headers] = await answer
        assert.equal(headers[':status'], status)
        await closed
        assert.equal(sessionsOf(app).length, 0)
        client.close()
        await app.close()
      })
    }
  })
}
