import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { HmacKey } from '../../lib/sockets/hmac.ts'

test('it is HMAC-SHA-256, for keys and messages of any length, one after the other', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.array(fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 400 }), { minLength: 1 }), (secret, messages) => {
    const key = new HmacKey(Buffer.from(secret))
    for (const message of messages) assert.equal(key.sign(message), createHmac('sha256', secret).update(message, 'latin1').digest('base64url'))
  }))
})

test('a message that would be cut off is not signed', () => {
  assert.throws(() => new HmacKey('k').sign('x'.repeat(1025)), RangeError)
})
