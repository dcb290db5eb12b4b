import assert from 'node:assert/strict'
import { createCipheriv, createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { audienceOf, BlockKey } from '../../lib/sockets/handshake/block-key.ts'

/** One block, by a new cipher. */
function tag (secret: Uint8Array, audience: string, binding: string, block: Uint8Array): Buffer {
  const key = createHmac('sha256', secret).update(`fastify-io handshake\n${audience}${binding}`).digest()
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  return Buffer.concat([cipher.update(block), cipher.final()])
}

const block = fc.uint8Array({ minLength: 16, maxLength: 16 })

test('each block gets its AES, whatever is tagged before, after and beside it', () => {
  const secrets = fc.uint8Array({ minLength: 1, maxLength: 100 })
  const audiences = fc.constantFrom('', audienceOf('/socket.io/'), audienceOf('/admin/socket.io/', 'chat'))
  const calls = fc.array(
    fc.tuple(
      fc.constantFrom('', 'https://a.example', 'https://b.example'),
      fc.array(block, { minLength: 1, maxLength: 5 })
    )
  )
  fc.assert(fc.property(secrets, audiences, calls, (secret, audience, calls) => {
    const key = new BlockKey(Buffer.from(secret), audience)
    for (const [binding, blocks] of calls) {
      const expected = Buffer.concat(blocks.map((one) => tag(secret, audience, binding, one)))
      assert.deepEqual(key.tags(binding, Buffer.concat(blocks)), expected)
    }
  }))
})

test('what is no whole block is turned down, and leaves nothing behind in the cipher', () => {
  const key = new BlockKey('k')
  const one = Buffer.alloc(16, 7)
  const expected = key.tags('', one)
  for (const length of [1, 15, 17]) assert.throws(() => key.tags('', Buffer.alloc(length)), RangeError)
  assert.deepEqual(key.tags('', one), expected)
})

test('more origins than keys are kept for: those that come back get the same tags', () => {
  const key = new BlockKey('k')
  const one = Buffer.alloc(16, 7)
  const bindings = Array.from({ length: 1000 }, (_, i) => `https://${i}.example`)
  const tags = bindings.map((binding) => key.tags(binding, one).toString('hex'))
  assert.equal(new Set(tags).size, 1000)
  assert.deepEqual(bindings.map((binding) => key.tags(binding, one).toString('hex')), tags)
})
