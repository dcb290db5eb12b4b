import assert from 'node:assert/strict'
import fs, { type ReadStream } from 'node:fs'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { connections, linesOf, sent, UPGRADE_LINES } from '../support/raw.ts'
import { type Running, start, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

// Node tells a response that waits behind another one nothing when its client leaves: what it was to send stays open.

for (const leave of ['FIN', 'RST'] as const) {
  test(`files of the client, asked for behind a slow answer: none stays open after a ${leave}`, async (t) => {
    const { port, app } = await start(t, {}, (app) => {
      app.get('/slow', () => new Promise(() => {}))
    }, { forceCloseConnections: true })
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

// The same for an upgrade that a hook answers with a file: its response has no socket before the first byte.
for (const leave of ['FIN', 'RST'] as const) {
  test(`a file that a hook answers an upgrade with is closed when its client leaves with a ${leave}`, async (t) => {
    const files: Readable[] = []
    const { port, app } = await start(t, {}, (app) => {
      app.addHook('onRequest', (_request, reply) => {
        const file = new Readable({ read () {} })
        files.push(file)
        reply.code(503).send(file)
      })
    })
    const socket = await sent(t, port, `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`)
    await until(() => files.length === 1, 'the file is open')
    if (leave === 'FIN') socket.end()
    else socket.resetAndDestroy()
    await until(async () => await connections(app) === 0, 'the connection has ended')
    await until(() => files[0]!.destroyed, 'the file is closed')
  })
}

test('a file that a hook sends when the client of an upgrade has left is closed', async (t) => {
  const files: Readable[] = []
  const { port, app } = await start(t, {}, (app) => {
    app.addHook('onRequest', ({ raw }, reply) => {
      raw.once('close', () => {
        const file = new Readable({ read () {} })
        reply.code(503).send(file)
        files.push(file)
      })
    })
  })
  const socket = await sent(t, port, `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`)
  await until(async () => await connections(app) === 1, 'the connection is open')
  socket.end()
  await until(() => files.length === 1 && files[0]!.destroyed, 'the file is closed')
})

/** `/last` closes its connection with its answer, which it gives when `goOn` is called, or `/go` asked for. */
async function startWithLast (t: TestContext): Promise<Running & { last: { goOn?: () => void } }> {
  const last: { goOn?: () => void } = {}
  const started = await start(t, {}, (app) => {
    app.get('/last', async (_request, reply) => {
      await new Promise<void>((resolve) => { last.goOn = resolve })
      return reply.header('connection', 'close').send('x')
    })
    app.get('/go', (_request, reply) => {
      last.goOn!()
      reply.send('x')
    })
  })
  return { ...started, last }
}

test('files and an upgrade behind an answer that closes the connection: no file stays open, no upgrade', async (t) => {
  const { port, app, last } = await startWithLast(t)
  const { mock } = t.mock.method(fs, 'createReadStream')
  const file = 'GET /socket.io/socket.io.js HTTP/1.1\r\nHost: x\r\n\r\n'
  const socket = await sent(
    t,
    port,
    `GET /last HTTP/1.1\r\nHost: x\r\n\r\n${file.repeat(5)}GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`
  )
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => { text += chunk })
  await until(() => mock.callCount() === 5, 'all files are open')
  const files = mock.calls.map(({ result }) => result as unknown as ReadStream)
  last.goOn!()
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

const BEHIND = {
  'an upgrade that another listener takes': `GET /other HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`,
  'a CONNECT': 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'
}

for (const [what, behind] of Object.entries(BEHIND)) {
  test(`files behind a slow answer, and ${what}: none stays open when the client leaves`, async (t) => {
    const { port, app } = await start(t, {}, (app) => {
      app.get('/slow', () => new Promise(() => {}))
    }, { forceCloseConnections: true })
    let taken = 0
    app.server.on('upgrade', (_request, socket) => {
      taken++
      socket.on('error', () => {}).resume()
    })
    const { mock } = t.mock.method(fs, 'createReadStream')
    const file = 'GET /socket.io/socket.io.js HTTP/1.1\r\nHost: x\r\n\r\n'
    const socket = await sent(t, port, `GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${file.repeat(5)}${behind}`)
    await until(() => mock.callCount() === 5, 'all files are open')
    // Node ends a connection that asks for a CONNECT which nobody serves
    if (behind !== BEHIND['a CONNECT']) await until(() => taken === 1, 'the other listener has it')
    socket.resetAndDestroy()
    await until(async () => await connections(app) === 0, 'the connection has ended')
    await until(
      () => mock.calls.every(({ result }) => (result as unknown as ReadStream).destroyed),
      'all files are closed'
    )
  })
}

test('files and an upgrade that comes while the last answer closes the connection: no file stays open', async (t) => {
  const { port, app } = await startWithLast(t)
  const late: Socket[] = []
  const { emit } = app.server
  t.mock.method(
    app.server,
    'emit',
    function (this: unknown, event: string, request: unknown, socket: Socket, ...rest: unknown[]) {
      if (event === 'upgrade' && socket.writableEnded && !socket.destroyed) late.push(socket)
      return Reflect.apply(emit, this, [event, request, socket, ...rest])
    } as typeof emit
  )
  const { mock } = t.mock.method(fs, 'createReadStream')
  for (let round = 1; late.length === 0; round++) {
    assert.ok(round < 1000, 'the upgrade always came too early or too late')
    const other = await sent(t, port, '')
    const client = await sent(
      t,
      port,
      'GET /last HTTP/1.1\r\nHost: x\r\n\r\nGET /socket.io/socket.io.js HTTP/1.1\r\nHost: x\r\n\r\n'
    )
    client.resume()
    await until(() => mock.callCount() === round, 'the file is open')
    // Both are there when the loop looks. The loop takes the first one first, which ends the answer that the upgrade
    // waits for.
    other.write('GET /go HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    client.write(`GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`)
    await until(async () => await connections(app) === 0, 'the connections have ended')
  }
  const files = mock.calls.map(({ result }) => result as unknown as ReadStream)
  await until(() => files.every(({ destroyed }) => destroyed), 'all files are closed')
  assert.equal(app.io.engine.clientsCount, 0)
})
