import { hash } from 'node:crypto'

/** Bytes of a block of SHA-256. */
const BLOCK = 64
const DIGEST = 32
/** Longest message; an origin is 326 characters at most. */
const MAX_MESSAGE = 1024

/**
 * HMAC-SHA-256 (RFC 2104) by two one-shot hashes. `createHmac()` makes a native object for each message, which costs a
 * busy server more in garbage collection than the hashing itself.
 */
export class HmacKey {
  readonly #inner: Buffer = Buffer.alloc(BLOCK + MAX_MESSAGE, 0x36)
  readonly #outer: Buffer = Buffer.alloc(BLOCK + DIGEST, 0x5c)

  constructor (secret: string | Buffer) {
    const bytes = Buffer.from(secret as string)
    const key = bytes.length > BLOCK ? hash('sha256', bytes, 'buffer') : bytes
    for (const [at, byte] of key.entries()) {
      this.#inner[at]! ^= byte
      this.#outer[at]! ^= byte
    }
  }

  /**
   * @param message Latin-1, at most 1024 characters
   * @returns base64url
   * @throws {RangeError} for a longer one: what is cut off would not be signed
   */
  sign (message: string): string {
    if (message.length > MAX_MESSAGE) throw new RangeError('message too long')
    const end = BLOCK + this.#inner.write(message, BLOCK, 'latin1')
    // as a string: a Buffer would cost more than the hash
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end), 'binary'), BLOCK, 'latin1')
    return hash('sha256', this.#outer, 'base64url')
  }
}
