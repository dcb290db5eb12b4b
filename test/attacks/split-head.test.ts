// `ws` writes the 101 of a WebSocket and checks no header: no value may end its line and begin another one.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { exchange, UPGRADE_LINES } from '../support/raw.ts'
import { POLLING, WEBSOCKET } from '../support/server.ts'

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
