import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import * as ws from 'ws'
import { frameOf, join } from '../../lib/sockets/session/frame.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { start } from '../support/server.ts'
import { sessionsOf } from '../support/sessions.ts'

/** What `ws` writes for the same message. */
function frameOfWs (message: string | Buffer): Buffer {
  const binary = typeof message !== 'string'
  const options = { fin: true, rsv1: false, opcode: binary ? 2 : 1, mask: false, readOnly: false }
  const { Sender } = ws as unknown as { Sender: { frame (data: Buffer, options: object): Buffer[] } }
  return Buffer.concat(Sender.frame(Buffer.from(message as string), options))
}

test('a frame is what ws writes, of every form of length, in text and binary', () => {
  for (const length of [0, 1, 124, 125, 126, 127, 4095, 4096, 4097, 65_535, 65_536, 200_000]) {
    for (const message of ['x'.repeat(length), Buffer.alloc(length, 7), 'é'.repeat(length / 2)]) {
      assert.deepEqual(Buffer.concat(frameOf(message)), frameOfWs(message), `${typeof message} of ${length}`)
    }
  }
})

test('a long binary message is not copied', () => {
  const message = Buffer.alloc(100_000)
  assert.equal(frameOf(message)[1], message)
})

test('the frame of a broadcast is joined once, unless it is long', () => {
  const frame = [Buffer.from([0x81, 2]), Buffer.from('hi')]
  assert.equal(join(frame), frame)
  assert.deepEqual(frame, [Buffer.from([0x81, 2, 104, 105])])
  assert.equal(join(frame).length, 1)
  assert.equal(join([Buffer.alloc(4), Buffer.alloc(5000)]).length, 2)
})

test('an event and its attachments leave in one write', async (t) => {
  const { app, own } = await start(t, { cors: { origin: ORIGIN } })
  const socket = await connect(t, own, { transports: ['websocket'] })
  const [session] = sessionsOf(app)
  const connection = session!.transport.socket._socket as Socket & { _writev (): void, _write (): void }
  const writev = t.mock.method(connection, '_writev')
  const write = t.mock.method(connection, '_write')
  const parts = [Buffer.alloc(8192, 1), Buffer.from('two')]
  const heard = once(socket as never, 'both')
  app.io.emit('both', ...parts)
  assert.deepEqual(await heard, parts)
  assert.deepEqual([writev.mock.callCount(), write.mock.callCount()], [1, 0])
  // the next one does not wait for anything
  const again = once(socket as never, 'text')
  app.io.emit('text', 'x')
  assert.deepEqual(await again, ['x'])
})
