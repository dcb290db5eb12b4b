import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { HmacKey } from './hmac.ts'
import type { Secret } from '../config.ts'

export type { Secret }

interface Key {
  readonly id: number
  readonly key: HmacKey
}

/** What a genuine token says. */
export interface Claims {
  /** The process that issued it; random, made at its start. */
  readonly instance: number
  /** Its number among the tokens of that process. */
  readonly count: number
  /** When it was issued, in s since the epoch. */
  readonly issued: number
}

/** Bytes: key id (1), instance (4), count (6), issued (4). */
const HEAD_BYTES = 15
const HEAD_CHARS = 20
/** 18 bytes of HMAC-SHA-256: RFC 2104, section 5 asks for half of its 32 at least. */
const TAG_CHARS = 24
const CHARS = HEAD_CHARS + TAG_CHARS

/**
 * Issues and verifies the `sid` of a handshake that holds no memory: its claims, and an HMAC (RFC 2104) over them and
 * the origin that it is bound to, in base64url.
 */
export class TokenIssuer {
  readonly instance: number = randomBytes(4).readUInt32BE()
  readonly #keys: readonly Key[]
  readonly #head: Buffer = Buffer.alloc(HEAD_BYTES)
  readonly #given: { readonly head: Buffer, readonly tag: Buffer } = { head: Buffer.alloc(HEAD_BYTES), tag: Buffer.alloc(TAG_CHARS) }
  readonly #wanted: Buffer = Buffer.alloc(TAG_CHARS)
  // A random start keeps the number of handshakes so far to ourselves.
  #count = randomBytes(5).readUIntBE(0, 5)

  /** @param secrets the first signs, all verify: put a new one in front, and drop the old one a minute later */
  constructor (secrets: readonly Secret[] = [randomBytes(32)]) {
    this.#keys = secrets.map((secret) => ({
      id: createHash('sha256').update(secret).digest()[0]!,
      key: new HmacKey(secret)
    }))
    this.#head.writeUInt8(this.#keys[0]!.id, 0)
    this.#head.writeUInt32BE(this.instance, 1)
  }

  /** @param now in s since the epoch */
  issue (binding: string, now: number): string {
    write(this.#head, ++this.#count, 5, 6)
    write(this.#head, now, 11, 4)
    const head = this.#head.toString('base64url')
    return head + sign(this.#keys[0]!.key, head, binding)
  }

  /** @returns its claims, or `undefined` unless we issued it (or a process with our secret did) for this binding */
  verify (token: string, binding: string): Claims | undefined {
    if (token.length !== CHARS) return undefined
    const text = token.slice(0, HEAD_CHARS)
    const { head, tag } = this.#given
    if (head.write(text, 'base64url') !== HEAD_BYTES) return undefined
    tag.write(token.slice(HEAD_CHARS), 'latin1')
    for (const { id, key } of this.#keys) {
      if (id !== head[0]) continue
      this.#wanted.write(sign(key, text, binding), 'latin1')
      if (timingSafeEqual(tag, this.#wanted)) return { instance: head.readUInt32BE(1), count: head.readUIntBE(5, 6), issued: head.readUInt32BE(11) }
    }
    return undefined
  }
}

function sign (key: HmacKey, head: string, binding: string): string {
  return key.sign(`${head}\n${binding}`).slice(0, TAG_CHARS)
}

/** Big-endian; Buffer's own methods check what needs no check here, for each token. */
function write (bytes: Buffer, value: number, at: number, length: number): void {
  for (let to = at + length - 1; to >= at; to--) {
    bytes[to] = value % 256
    value = Math.floor(value / 256)
  }
}
