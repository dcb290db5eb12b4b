import { createHmac, timingSafeEqual } from 'node:crypto'
import type { CorsOptions } from '../options/cors-options.ts'
import type { Secret } from '../options/secrets.ts'
import { fromPortable } from './portable.ts'
import { MAX_TEXT } from './store.ts'

/** A policy as it is stored. */
export interface Entry {
  /** Grows with each publication: ms since 1970, or one more than the version before. 1 for `initial`. */
  readonly version: number
  /** When it was written, as `Date.prototype.toISOString` says it. */
  readonly time: string
  readonly cors: CorsOptions
  /** All of it, as it is stored. */
  readonly text: string
}

/** A stored text is no entry; the message says why, and follows the name of the store. */
export class NoEntry extends Error {}

const SIGNATURE = 'hmac-sha256='

/**
 * Puts policies into texts, and takes them out again: a line of JSON and, with a secret, a second line with the HMAC of
 * the first one. The HMAC is checked before anything of the text is parsed.
 */
export class Envelope {
  readonly #name: string
  readonly #secrets: readonly Secret[]

  /**
   * @param name of the store; a text that is signed for one store is no good in another
   * @param secrets the first one signs, all verify; none signs nothing
   */
  constructor (name: string, secrets: readonly Secret[]) {
    this.#name = name
    this.#secrets = secrets
  }

  /** @param policy as `toPortable` makes it */
  seal (policy: object, version: number): Entry {
    const time = new Date().toISOString()
    const json = JSON.stringify({ version, time, policy })
    const [secret] = this.#secrets
    const text = secret === undefined ? json : `${json}\n${SIGNATURE}${this.#hmac(secret, json).toString('base64url')}`
    return { version, time, cors: fromPortable(policy), text }
  }

  /**
   * @returns an entry whose policy is not validated yet
   * @throws {NoEntry} for a text that is none, or that the holder of a secret did not sign
   */
  open (text: string): Entry {
    if (Buffer.byteLength(text) > MAX_TEXT) throw new NoEntry(`holds more than ${MAX_TEXT} bytes`)
    const [json, signature, ...rest] = text.split('\n', 3) as [string, ...string[]]
    if (rest.length > 0) throw new NoEntry('holds no policy: it has more than two lines')
    this.#verify(json, signature)
    return { ...parse(json), text }
  }

  #verify (json: string, signature: string | undefined): void {
    if (this.#secrets.length === 0) {
      if (signature === undefined) return
      throw new NoEntry('is signed, and this process has no `secret`; give every process the same')
    }
    if (signature === undefined) {
      throw new NoEntry('is not signed, and this process has a `secret`; give every process the same')
    }
    const given = Buffer.from(signature.slice(SIGNATURE.length), 'base64url')
    const signed = signature.startsWith(SIGNATURE) && this.#secrets.some((secret) => {
      const right = this.#hmac(secret, json)
      return given.length === right.length && timingSafeEqual(given, right)
    })
    if (signed) return
    throw new NoEntry('has a wrong HMAC: its writer has another `secret`, or none and wrote it all the same')
  }

  #hmac (secret: Secret, json: string): Buffer {
    return createHmac('sha256', secret).update(`fastify-io policy\n${this.#name}\n${json}`).digest()
  }
}

function parse (json: string): Omit<Entry, 'text'> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new NoEntry(`holds no policy: it is not JSON: ${(error as Error).message}`)
  }
  const { version, time, policy } = (value ?? {}) as Record<string, unknown>
  if (!Number.isSafeInteger(version) || (version as number) < 1) throw new NoEntry('holds no policy: no `version`')
  if (typeof time !== 'string' || !isTime(time)) throw new NoEntry('holds no policy: no `time`')
  if (typeof policy !== 'object' || policy === null) throw new NoEntry('holds no policy: no `policy`')
  return { version: version as number, time, cors: fromPortable(policy) }
}

function isTime (text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString() === text
}

/** Whether an entry was written before another one: by version, then by time. */
export function isOlder (one: Entry, other: Entry): boolean {
  return one.version < other.version || (one.version === other.version && one.time < other.time)
}
