// A 101 hands the socket over. Whatever else is said to an upgrade must end it, or each client holds a socket for ever.
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ORIGIN } from '../support/client.ts'
import { connections, exchange, UPGRADE_LINES } from '../support/raw.ts'
import { ask, POLLING, sidOf, start, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const UPGRADE = `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\nOrigin: ${ORIGIN}\r\n${UPGRADE_LINES}\r\n`

suite('an upgrade that is answered without a status', () => {
  const payloads = { text: () => 'x', 'no text': () => '', bytes: () => Buffer.from('x'), stream: () => passed('x') }
  for (const [what, payload] of Object.entries(payloads)) {
    test(`by an onSend hook, with ${what}: 200`, async (t) => {
      const { app, port } = await start(t, { cors: { origin: ORIGIN } }, (app) => {
        app.addHook('onSend', async () => payload())
      })
      assert.match(await exchange(port, UPGRADE), /^HTTP\/1\.1 200 /)
      await until(async () => await connections(app) === 0, 'the connection has ended')
    })
  }

  const answers: Record<string, readonly [answer: (response: ServerResponse) => void, expected: RegExp]> = {
    end: [(response) => response.end(), /^HTTP\/1\.1 200 /],
    'write and end': [(response) => { response.write('a'); response.end('b') }, /^HTTP\/1\.1 200 /],
    pipe: [(response) => passed('x').pipe(response), /^HTTP\/1\.1 200 /],
    '101 and end': [(response) => response.writeHead(101).end(), /^$/]
  }
  for (const [what, [answer, expected]] of Object.entries(answers)) {
    test(`by a middleware of the engine: ${what}`, async (t) => {
      const { app, port } = await start(t, { cors: { origin: ORIGIN } }, (app) => {
        app.io.engine.use((_request: IncomingMessage, response: ServerResponse) => { answer(response) })
      })
      assert.match(await exchange(port, UPGRADE), expected)
      await until(async () => await connections(app) === 0, 'the connection has ended')
      assert.equal(app.io.engine.clientsCount, 0)
    })
  }

  test('by a hook that takes the reply over behind the others: the connection ends', async (t) => {
    const { app, port } = await start(t, { cors: { origin: ORIGIN } }, (app) => {
      app.addHook('onSend', (_request, reply) => {
        reply.hijack()
        reply.raw.end('mine')
      })
    })
    await exchange(port, UPGRADE)
    await until(async () => await connections(app) === 0, 'the connection has ended')
  })
})

test('a poll that is refused while its answer is compressed ends no process', async (t) => {
  const opened = { handshakeSecret: 'a secret that is long enough: 32+' }
  const { app, port } = await start(t, { cors: { origin: ORIGIN }, ...opened })
  const text = Array.from({ length: 100_000 }, (_, index) => String(index * 7919)).join()
  assert.ok(gzipSync(text).length > 100_000)
  const begun = new Promise<void>((resolve) => {
    app.io.engine.once('connection', (session: { send (text: string, options: object): void }) => {
      session.send(text, { compress: true })
      resolve()
    })
  })
  const path = `${POLLING}&sid=${sidOf(await ask(port, POLLING))}`
  const poll = ask(port, path, { headers: { 'accept-encoding': 'gzip' } })
  await begun
  // no CONNECT: the session is none
  assert.equal((await ask(port, path, { method: 'POST', body: '2probe' })).status, 400)
  await poll
  assert.equal(app.io.engine.clientsCount, 0)
})

function passed (text: string): PassThrough {
  const stream = new PassThrough()
  stream.end(text)
  return stream
}
