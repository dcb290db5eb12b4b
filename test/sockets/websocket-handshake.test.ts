// RFC 6455, section 4.2: a WebSocket handshake that is not valid, and that `ws` turns down.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { connections } from '../support/raw.ts'
import { ask, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const NO_KEY = 'Missing or invalid Sec-WebSocket-Key header'
const NO_VERSION = 'Missing or invalid Sec-WebSocket-Version header'
type Case = readonly [what: string, headers: Record<string, string>, message: string, versions?: string]
const CASES: readonly Case[] = [
  ['a key that is too short', { 'Sec-WebSocket-Key': 'bad' }, NO_KEY],
  ['no key', { 'Sec-WebSocket-Key': '' }, NO_KEY],
  ['a version that is not spoken', { 'Sec-WebSocket-Version': '7' }, NO_VERSION, '13, 8'],
  ['subprotocols that are no list', { 'Sec-WebSocket-Protocol': 'a,,b' }, 'Invalid Sec-WebSocket-Protocol header'],
  [
    'extensions that are no list', { 'Sec-WebSocket-Extensions': 'permessage-deflate; =' },
    'Invalid or unacceptable Sec-WebSocket-Extensions header'
  ]
]

suite('is 400, with the headers of the hooks, and ends its request', () => {
  for (const [what, headers, message, versions] of CASES) {
    test(what, async (t) => {
      let [begun, ended] = [0, 0]
      const errors: { code: number, context: object }[] = []
      const { app, port, lines } = await logging(t, { cors: { origin: ORIGIN }, perMessageDeflate: true }, (app) => {
        app.addHook('onRequest', async (_request, reply) => {
          begun++
          reply.header('x-hook', 'ran')
        })
        app.addHook('onResponse', async () => { ended++ })
        app.io.engine.on('connection_error', (error) => errors.push(error))
      })
      const answer = await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin: ORIGIN, ...headers } })
      assert.deepEqual([answer.status, JSON.parse(answer.body)], [400, { code: 3, message }])
      assert.deepEqual(
        ['x-hook', 'access-control-allow-origin', 'sec-websocket-version'].map((name) => answer.headers[name]),
        ['ran', ORIGIN, versions]
      )
      await until(() => ended === begun, 'onResponse has run')
      assert.deepEqual([begun, app.io.engine.clientsCount], [1, 0])
      assert.deepEqual(errors.map(({ code, context }) => [code, context]), [
        [3, { name: 'WEBSOCKET_HANDSHAKE', message }]
      ])
      assert.deepEqual(lines.map(({ reason, msg }) => [reason, msg.includes(message)]), [['bad-request', true]])
      await until(async () => await connections(app) === 0, 'no socket is left')
    })
  }
})
