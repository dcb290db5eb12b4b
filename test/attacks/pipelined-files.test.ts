import assert from 'node:assert/strict'
import fs, { type ReadStream } from 'node:fs'
import { test } from 'node:test'
import { connections, linesOf, sent, UPGRADE_LINES } from '../support/raw.ts'
import { start, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

// Node tells a response that waits behind another one nothing when its client leaves: whatever it was to send stays open.

for (const leave of ['FIN', 'RST'] as const) {
  test(`files of the client, asked for behind a slow answer: none stays open after a ${leave}`, async (t) => {
    const { port, app } = await start(t, {}, (app) => { app.get('/slow', () => new Promise(() => {})) }, { forceCloseConnections: true })
    const { mock } = t.mock.method(fs, 'createReadStream')
    const file = `GET /socket.io/socket.io.js HTTP/1.1\r\n${linesOf({ host: 'x' })}\r\n`
    const socket = await sent(t, port, `GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${file.repeat(5)}`)
    await until(() => mock.callCount() === 5, 'all files are open')
    const files = mock.calls.map(({ result }) => result as unknown as ReadStream)
    if (leave === 'FIN') socket.end()
    else socket.resetAndDestroy()
    await until(async () => await connections(app) === 0, 'the connection has ended')
    await until(() => files.every(({ destroyed }) => destroyed), 'all files are closed')
  })
}

test('files and an upgrade behind an answer that closes the connection: no file stays open, and nothing is upgraded', async (t) => {
  let goOn: (() => void) | undefined
  const { port, app } = await start(t, {}, (app) => {
    app.get('/last', async (_request, reply) => {
      await new Promise<void>((resolve) => { goOn = resolve })
      return reply.header('connection', 'close').send('x')
    })
  })
  const { mock } = t.mock.method(fs, 'createReadStream')
  const file = 'GET /socket.io/socket.io.js HTTP/1.1\r\nHost: x\r\n\r\n'
  const socket = await sent(t, port, `GET /last HTTP/1.1\r\nHost: x\r\n\r\n${file.repeat(5)}GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`)
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => { text += chunk })
  await until(() => mock.callCount() === 5, 'all files are open')
  const files = mock.calls.map(({ result }) => result as unknown as ReadStream)
  goOn!()
  await until(async () => await connections(app) === 0, 'the connection has ended')
  await until(() => files.every(({ destroyed }) => destroyed), 'all files are closed')
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200'])
  assert.equal(app.io.engine.clientsCount, 0)
})

test('a file that is sent whole leaves its connection open', async (t) => {
  const { port } = await start(t)
  const request = 'GET /socket.io/socket.io.min.js HTTP/1.1\r\nHost: x\r\n\r\n'
  const socket = await sent(t, port, request.repeat(3))
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => { text += chunk })
  await until(() => text.split('\r\n0\r\n\r\n').length === 4, 'three whole answers')
  assert.equal(socket.destroyed, false)
})
