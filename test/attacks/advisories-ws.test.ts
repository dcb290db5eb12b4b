// Published advisories of ws. The protection is upstream's; this shows that it holds behind the plugin's own dispatch.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { closeFrame, frame, retained, serve, unharmed, upgradeHead, webSocket } from '../support/hostile.ts'
import { exchange, joined, sent } from '../support/raw.ts'
import { POLLING, type Running, WEBSOCKET } from '../support/server.ts'
import { type Session, sessionsOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

const MB = 1_000_000

/** The status in a close frame that says nothing else. */
function status (payload: Buffer): number {
  assert.equal(payload.length, 2)
  return payload.readUInt16BE()
}

async function session ({ app }: Running): Promise<Session> {
  return until(() => sessionsOf(app)[0], 'the session is open') as Promise<Session>
}

for (const [name, rsv] of [['RSV1', 0x40], ['RSV2', 0x20], ['RSV3', 0x10]] as const) {
  test(`CVE-2022-21676: a frame with ${name} in the segment of its upgrade request`, async (t) => {
    const server = await serve(t)
    const { port } = server
    const bad = frame('40', { rsv })
    for (const path of [WEBSOCKET, `${WEBSOCKET}&sid=${await joined(port)}`]) {
      const socket = await sent(t, port, Buffer.concat([Buffer.from(upgradeHead(path)), bad]))
      const [head] = await once(socket, 'data') as [Buffer]
      assert.match(head.toString('latin1'), /^HTTP\/1\.1 101 /)
      await once(socket, 'close')
    }
    for (const head of [
      upgradeHead(WEBSOCKET, 'Origin: https://attacker.example\r\n'),
      upgradeHead(`${WEBSOCKET}&sid=x`),
      upgradeHead(POLLING)
    ]) {
      assert.match(await exchange(port, Buffer.concat([Buffer.from(head), bad])), /^HTTP\/1\.1 40[03] /)
    }
    server.app.io.engine.close()
    await unharmed(server)
  })
}

test('CVE-2024-37890: more headers than Node keeps, and the Upgrade behind them', async (t) => {
  const server = await serve(t)
  const { port } = server
  // Node keeps 1,000 of them; twice as many are too large for some versions of it
  const many = 'a:\r\n'.repeat(1100)
  for (const bytes of [
    upgradeHead(WEBSOCKET).replace('Connection', 'connection').replace('\r\n', `\r\n${many}`),
    upgradeHead(WEBSOCKET, many),
    upgradeHead(WEBSOCKET, `${many}Upgrade: websocket\r\n`).replace(/upgrade: websocket\r\n/i, '')
  ]) {
    const socket = await sent(t, port, bytes)
    const [answer] = await once(socket, 'data') as [Buffer]
    assert.match(answer.toString('latin1'), /^HTTP\/1\.1 (101|400|431) /)
    socket.destroy()
  }
  server.app.server.maxHeadersCount = 1
  const socket = await sent(t, port, upgradeHead(WEBSOCKET))
  const [answer] = await once(socket, 'data') as [Buffer]
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 4(00|31) /)
  socket.destroy()
  server.app.server.maxHeadersCount = 2000
  await unharmed(server)
})

test('CVE-2026-45736: no frame that ends a session carries memory', async (t) => {
  const ends: Readonly<Record<string, (server: Running, socket: Socket) => unknown>> = {
    disconnectSockets: ({ app }) => app.io.disconnectSockets(true),
    'engine.close': ({ app }) => app.io.engine.close(),
    'app.close': ({ app }) => app.close(),
    'a message that is too large': (_server, socket) => socket.write(frame('4'.repeat(MB + 1))),
    'a frame that is none': (_server, socket) => socket.write(frame('40', { rsv: 0x20 })),
    'a packet that is none': (_server, socket) => socket.write(frame('49'))
  }
  for (const [name, end] of Object.entries(ends)) {
    const server = await serve(t)
    const opened = once(server.app.io, 'connection')
    const socket = await webSocket(t, server)
    socket.write(frame('40'))
    await opened
    const [payload] = await Promise.all([closeFrame(socket), end(server, socket)])
    assert.ok(payload.length <= 2, `${name}: ${payload.toString('hex')}`)
    await until(() => server.app.io.engine.clientsCount === 0, 'the session has ended')
  }
  // the attack itself needs somebody on the server's side who gives numbers for a reason
  const server = await serve(t)
  const socket = await webSocket(t, server)
  const { transport } = await session(server)
  assert.throws(() => transport.socket.close(1000, new Float32Array(20)), TypeError)
  socket.destroy()
  await unharmed(server)
})

test('CVE-2026-48779: a message in fragments of one byte', async (t) => {
  const server = await serve(t)
  const before = retained()
  const socket = await webSocket(t, server)
  const { _receiver: receiver } = (await session(server)).transport.socket
  const fragment = frame('4', { opcode: 0, fin: false })
  socket.write(frame('4', { fin: false }))
  socket.write(Buffer.concat(Array<Buffer>(16_000).fill(fragment)))
  await until(() => receiver._fragments.length > 16_000, 'the fragments have come')
  assert.ok(retained() - before < 5 * MB, 'a session keeps a few MB of them at most')
  const answer = closeFrame(socket)
  socket.write(Buffer.concat(Array<Buffer>(1000).fill(fragment)))
  assert.equal(status(await answer), 1008)
  await unharmed(server)
})

test('CVE-2026-48779: a frame in segments of one byte', async (t) => {
  const size = 100_000
  const maxBufferedChunks = 1000
  const server = await serve(t, { maxHttpBufferSize: size, maxBufferedChunks })
  const socket = await webSocket(t, server)
  socket.setNoDelay(true)
  const answer = closeFrame(socket)
  socket.write(frame('4'.repeat(size)).subarray(0, 20))
  const byte = Buffer.from('4')
  let sent = 0
  // each is read before the next is written
  for (; !socket.destroyed && sent < size / 2; sent++) {
    await new Promise((resolve) => socket.write(byte, () => setImmediate(resolve)))
  }
  assert.equal(status(await answer), 1008)
  assert.ok(sent < 2 * maxBufferedChunks, `ended after ${sent} of them: each costs two hundred bytes`)
  await unharmed(server)
})

test('CVE-2016-10542: a message larger than maxHttpBufferSize is 1009 by its head', async (t) => {
  const server = await serve(t)
  for (const perMessage of ['one frame', 'fragments']) {
    const socket = await webSocket(t, server)
    const answer = closeFrame(socket)
    const part = Buffer.alloc(600_000, '4')
    if (perMessage === 'one frame') socket.write(frame(Buffer.alloc(MB + 1)).subarray(0, 20))
    else socket.write(Buffer.concat([frame(part, { fin: false }), frame(part, { opcode: 0 })]))
    assert.equal(status(await answer), 1009)
  }
  await unharmed(server)
})

test('CVE-2021-32640, GHSA-5v72-xg48-5rpm: hostile Sec-WebSocket-Protocol and Sec-WebSocket-Extensions', async (t) => {
  for (const perMessageDeflate of [false, true]) {
    const server = await serve(t, { perMessageDeflate })
    const { port } = server
    const started = process.cpuUsage()
    for (const lines of [
      ...[`b${' '.repeat(14_000)}x`, `${'a,'.repeat(7000)}a`].map((value) => `Sec-WebSocket-Protocol: ${value}\r\n`),
      ...[
        'constructor', ',;constructor', '__proto__; toString=1', 'permessage-deflate; server_max_window_bits=__proto__',
        `${'permessage-deflate,'.repeat(700)}x`
      ].map((value) => `Sec-WebSocket-Extensions: ${value}\r\n`)
    ]) {
      const socket = await sent(t, port, upgradeHead(WEBSOCKET, lines))
      const [answer] = await once(socket, 'data') as [Buffer]
      assert.match(answer.toString('latin1'), /^HTTP\/1\.1 (101|400) /)
      socket.destroy()
    }
    assert.ok(process.cpuUsage(started).user < 5_000_000, 'less than five seconds of CPU')
    await unharmed(server)
  }
})
