import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connections, linesOf, sent, UPGRADE_LINES } from '../support/raw.ts'
import { start, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

// Node stops reading from a client that pipelines more than it takes answers for. When an upgrade comes last, Node does
// not begin again: such a WebSocket would be open, hear nothing, and outlive its client.
test('a WebSocket that was asked for behind a long pipeline hears its client', async (t) => {
  let answers = 0
  let goOn: (() => void) | undefined
  const { port, app } = await start(t, {}, (app) => {
    app.get('/slow', async () => { await new Promise<void>((resolve) => { goOn = resolve }) })
    app.get('/long', async () => 'x'.repeat(1000))
    app.addHook('onSend', async () => { answers++ })
  })
  const long = `GET /long HTTP/1.1\r\n${linesOf({ host: 'x' })}\r\n`
  const socket = await sent(t, port, `GET /slow HTTP/1.1\r\n${linesOf({ host: 'x' })}\r\n${long.repeat(50)}`)
  await until(() => answers === 50, 'the answers wait for the slow one')
  // at the first of these requests Node stops reading
  socket.write(`${long}GET ${WEBSOCKET} HTTP/1.1\r\n${linesOf({ host: 'x' })}${UPGRADE_LINES}\r\n`)
  await until(() => answers === 51, 'the last requests have come')
  goOn!()
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => { text += chunk })
  await until(() => text.includes('"sid"'), 'the open packet')
  // `40`, masked with zeros
  socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]))
  await until(() => text.includes('40{"sid"'), 'the namespace is joined')
  assert.equal(app.io.engine.clientsCount, 1)
  socket.end()
  await until(async () => await connections(app) === 0, 'the connection has ended')
  assert.equal(app.io.engine.clientsCount, 0)
})
