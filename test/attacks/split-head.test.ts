// `ws` writes the 101 of a WebSocket and checks no header: no value may end its line and begin another one.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import fastifyIO from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { exchange, joined, UPGRADE_LINES } from '../support/raw.ts'
import { ask, POLLING, start, WEBSOCKET } from '../support/server.ts'

const SPLIT = '1\r\nSet-Cookie: session=attacker'
const ECHO = encodeURIComponent(SPLIT)

const get = (path: string, lines = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nOrigin: ${ORIGIN}\r\n${lines}Connection: close\r\n\r\n`
const upgrade = (query = ''): string =>
  `GET ${WEBSOCKET}${query} HTTP/1.1\r\nHost: x\r\nOrigin: ${ORIGIN}\r\n${UPGRADE_LINES}\r\n`

suite('a header that a client can choose', () => {
  test('of a hook: 500, as on REST and for polls', async (t) => {
    const { app, port, lines } = await logging(t, { cors: { origin: ORIGIN } }, (app) => {
      app.addHook('onRequest', async (request, reply) => {
        const { id } = request.query as { id?: string }
        if (id !== undefined) reply.header('x-request-id', id)
      })
      app.get('/api', async () => 'ok')
    })
    const answers = [
      await exchange(port, get(`/api?id=${ECHO}`)),
      await exchange(port, get(`${POLLING}&id=${ECHO}`)),
      await exchange(port, upgrade(`&id=${ECHO}`))
    ]
    for (const answer of answers) {
      assert.match(answer, /^HTTP\/1\.1 500 /)
      assert.doesNotMatch(answer, /session=attacker\r\n/)
    }
    assert.equal(app.io.engine.clientsCount, 0)
    assert.ok(lines.some(({ err }) => (err as { code?: string }).code === 'ERR_INVALID_CHAR'))
  })

  // The engine writes the heads of these later, from the end of a body, a timer or a broadcast: nobody would catch it.
  test('of a hook, on the requests of a session: 500, and the session goes on', async (t) => {
    const { app, port } = await start(t, { cors: { origin: ORIGIN }, maxHttpBufferSize: 100 }, (app) => {
      app.addHook('onSend', (request, reply, payload, done) => {
        const { id } = request.query as { id?: string }
        if (id !== undefined) reply.header('x-request-id', id)
        done(null, payload)
      })
    })
    const path = `${POLLING}&sid=${await joined(port)}`
    for (const [method, body] of [['POST', '42["hello"]'], ['POST', '4'.repeat(200)], ['GET', undefined]] as const) {
      const answer = await ask(port, `${path}&id=${encodeURIComponent('Łukasz')}`, { method, ...(body && { body }) })
      assert.equal(answer.status, 500)
      assert.equal(answer.headers['x-request-id'], undefined)
    }
    assert.equal(app.io.engine.clientsCount, 1)
    assert.equal((await ask(port, path, { method: 'POST', body: '42["hello"]' })).body, 'ok')
  })

  test('of a hook that was there first, while the origin function takes its time: as plain Fastify', async (t) => {
    const statuses = await Promise.all([false, true].map(async (plugin) => {
      const app = Fastify()
      t.after(() => app.close())
      app.addHook('onRequest', (_request, reply) => { reply.header('x-name', 'Łukasz').code(401).send('no') })
      if (plugin) await app.register(fastifyIO, { cors: { origin: async () => true } })
      app.get('/api', async () => 'ok')
      await app.listen({ port: 0, host: '127.0.0.1' })
      return (await ask((app.server.address() as AddressInfo).port, '/api', { headers: { origin: ORIGIN } })).status
    }))
    assert.equal(statuses[1], statuses[0])
  })

  for (const event of ['initial_headers', 'headers']) {
    for (const [what, headers] of [['a value', { 'x-id': SPLIT }], ['a name', { [`x: ${SPLIT}`]: 'y' }]] as const) {
      test(`${what} of a listener for ${event}: 500, and no session`, async (t) => {
        const { app, port, lines } = await logging(t, { cors: { origin: ORIGIN } }, (app) => {
          app.io.engine.on(event, (given: object) => { Object.assign(given, headers) })
        })
        const answer = await exchange(port, upgrade())
        assert.match(answer, /^HTTP\/1\.1 500 /)
        assert.doesNotMatch(answer, /session=attacker/)
        assert.equal(app.io.engine.clientsCount, 0)
        assert.match(String((lines[0]!.err as { code?: string }).code), /^ERR_INVALID_(CHAR|HTTP_TOKEN)$/)
      })
    }
  }
})
