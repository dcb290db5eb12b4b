import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as ws from 'ws'
import { frameOf, join } from '../../lib/sockets/frame.ts'

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
