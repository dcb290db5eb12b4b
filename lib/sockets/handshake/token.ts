import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../policy/options/secrets.ts'
import { BLOCK, BlockKey } from './block-key.ts'

/** What a genuine token says. */
export interface Claims {
  /** The process that issued it; random, made at its start. */
  readonly instance: number
  /** Its number among the tokens of that process. */
  readonly count: number
  /** When it was issued, in ms since the epoch. */
  readonly issued: number
}

/** Bytes: key id (1), a block of instance (4), count (6) and issued (6), and the block's tag (16). */
const BYTES = 1 + BLOCK + BLOCK
const CHARS = 44
/** No bits are left over, so the same bytes have no second spelling in these characters. */
const TOKEN = /^[\w-]{44}$/

const WORD = 2 ** 32
/** Made one by one they cost a handshake 8 % more. */
const MAX_BATCH = 64
/** Origins that tokens are kept ready for. */
const MAX_BATCHES = 256
/**
 * The last tokens are kept as they were issued, for most clients come back at once. To make each tag again costs a
 * conversation by polling 1 %.
 */
const KEPT = 4096
/** Characters of an owner that is kept with a token; only who allows any origin has longer ones. */
const MAX_OWNER = 255

/** Tokens for one origin, of one ms: their lifetime is exact to the ms. */
interface Batch {
  /** One string for all tokens: that of a request would be held for each. */
  readonly owner: string
  issued: number
  /** In this ms, those of earlier batches too. */
  made: number
  /** One after the other. */
  tokens: string
  /** Where the next one begins. */
  next: number
}

/**
 * Issues and verifies the `sid` of a handshake that holds no memory: its claims, and a tag that only we can make for
 * them and for the origin that they are bound to, in base64url.
 */
export class TokenIssuer {
  readonly instance: number = randomBytes(4).readUInt32BE()
  readonly #keys: readonly BlockKey[]
  readonly #batches: Map<string, Batch> = new Map()
  readonly #blocks: Buffer = Buffer.alloc(MAX_BATCH * BLOCK)
  // a DataView, because Buffer's methods check ranges
  readonly #view: DataView = new DataView(this.#blocks.buffer, this.#blocks.byteOffset, this.#blocks.length)
  /** By number, modulo {@link KEPT}. */
  readonly #kept: Buffer = Buffer.alloc(KEPT * BYTES)
  readonly #owners: (string | undefined)[] = new Array<string | undefined>(KEPT).fill(undefined)
  /** Where tokens are decoded: allocating for each costs a third of its verification. */
  readonly #token: Buffer = Buffer.alloc(BYTES)
  readonly #block: Buffer = this.#token.subarray(1, 1 + BLOCK)
  readonly #tag: Buffer = this.#token.subarray(1 + BLOCK)
  // A random start keeps the number of handshakes so far to ourselves.
  #count = randomBytes(5).readUIntBE(0, 5)

  /**
   * @param secrets the first signs, all verify: put a new one in front, and drop the old one a lifetime later
   * @param audience the server that tokens are good for
   */
  constructor (secrets: readonly Secret[] = [randomBytes(32)], audience?: string) {
    this.#keys = secrets.map((secret) => new BlockKey(secret, audience))
    for (let at = 0; at < this.#blocks.length; at += BLOCK) this.#blocks.writeUInt32BE(this.instance, at)
    for (let at = 0; at < this.#kept.length; at += BYTES) this.#kept[at] = this.#keys[0]!.id
  }

  /** @param now in ms since the epoch */
  issue (owner: string, now: number): string {
    const batch = this.#batches.get(owner) ?? this.#begin(owner)
    if (batch.issued !== now || batch.next === batch.tokens.length) this.#fill(batch, now)
    const at = batch.next
    batch.next += CHARS
    return batch.tokens.slice(at, batch.next)
  }

  /** @returns its claims, or `undefined` unless we issued it (or a process with our secret did) for this owner */
  verify (token: string, owner: string): Claims | undefined {
    if (!TOKEN.test(token)) return undefined
    this.#token.write(token, 'base64url')
    const block = this.#block
    const count = block.readUIntBE(4, 6)
    if (!this.#isKept(count, owner) && !this.#isSigned(owner)) return undefined
    return { instance: block.readUInt32BE(), count, issued: block.readUIntBE(10, 6) }
  }

  /** Whether the decoded token is one of the last. */
  #isKept (count: number, owner: string): boolean {
    const at = count % KEPT
    return this.#owners[at] === owner &&
      timingSafeEqual(this.#kept.subarray(at * BYTES, at * BYTES + BYTES), this.#token)
  }

  #isSigned (owner: string): boolean {
    for (const key of this.#keys) {
      if (key.id === this.#token[0] && timingSafeEqual(key.tags(owner, this.#block), this.#tag)) return true
    }
    return false
  }

  #begin (owner: string): Batch {
    if (this.#batches.size >= MAX_BATCHES) this.#batches.delete(this.#batches.keys().next().value!)
    const batch = { owner, issued: -1, made: 0, tokens: '', next: 0 }
    this.#batches.set(owner, batch)
    return batch
  }

  /** Makes half as many as the last ms has used, then a quarter of this one's: unused ones push the window on. */
  #fill (batch: Batch, now: number): void {
    const { owner } = batch
    const goesOn = batch.issued === now
    const at = (this.#count + 1) % KEPT
    const size = Math.min(1 + Math.floor(batch.made / (goesOn ? 4 : 2)), MAX_BATCH, KEPT - at)
    const made = goesOn ? batch.made : 0
    batch.issued = now
    batch.made = made + size
    const blocks = this.#blocks.subarray(0, size * BLOCK)
    for (let at = 0; at < blocks.length; at += BLOCK) {
      this.#count++
      this.#view.setUint16(at + 4, this.#count / WORD)
      this.#view.setUint32(at + 6, this.#count)
      this.#view.setUint16(at + 10, now / WORD)
      this.#view.setUint32(at + 12, now)
    }
    const tags = this.#keys[0]!.tags(owner, blocks)
    for (let from = 0; from < blocks.length; from++) {
      const to = (at + Math.floor(from / BLOCK)) * BYTES + 1 + from % BLOCK
      this.#kept[to] = blocks[from]!
      this.#kept[to + BLOCK] = tags[from]!
    }
    this.#owners.fill(owner.length > MAX_OWNER ? undefined : owner, at, at + size)
    batch.tokens = this.#kept.toString('base64url', at * BYTES, (at + size) * BYTES)
    batch.next = 0
  }
}
