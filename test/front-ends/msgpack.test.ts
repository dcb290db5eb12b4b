import assert from 'node:assert/strict'
import { test } from 'node:test'
import parser from 'socket.io-msgpack-parser'
import type { Socket } from 'socket.io-client'
import { createMsgpackServer } from '../../examples/msgpack.ts'
import { client, connect, ORIGIN } from '../support/client.ts'
import { askBoth, start } from '../support/server.ts'
import { until } from '../support/until.ts'

test('socket.io-msgpack-parser on both sides, for an allowed origin alone', async (t) => {
  const app = await createMsgpackServer({ origin: ORIGIN })
  t.after(() => app.close())
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  const port = Number(new URL(own).port)
  for (const transport of ['polling', 'websocket']) {
    const socket: Socket = await connect(t, own, { transports: [transport], parser })
    const frames: unknown[] = []
    socket.io.engine.on('packet', ({ data }) => { if (data !== undefined) frames.push(data) })
    const value = { text: 'héllo', bytes: Buffer.from([0, 255]), list: [1, null, true] }
    const answer = await socket.emitWithAck('echo', value)
    assert.deepEqual({ ...answer, bytes: Buffer.from(answer.bytes) }, value)
    assert.ok(frames.length > 0 && frames.every((frame) => typeof frame !== 'string'), 'binary, in one frame each')
    socket.close()
  }
  const refused = await askBoth(port, { origin: 'https://attacker.example' })
  assert.deepEqual(refused.map(({ status }) => status), [403, 403])
})

test('with the parser on the server alone, a client does not connect', async (t) => {
  const { app, own } = await start(t, { cors: { origin: ORIGIN }, parser })
  const socket = client(t, own, { transports: ['websocket'] })
  const ended = new Promise((resolve) => {
    socket.once('disconnect', resolve)
    socket.once('connect_error', resolve)
    socket.io.on('close', resolve)
  })
  await ended
  assert.equal(socket.connected, false)
  await until(() => app.io.of('/').sockets.size === 0, 'no socket is left')
})
