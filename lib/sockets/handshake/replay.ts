/** Tokens of one process that can be told apart at a time. An older one is refused as if it were used. */
const SIZE = 1 << 20
/** Numbers of one page: 512 bytes of bits, made when the first of its tokens is used. */
const PAGE = 1 << 12

/** Which numbers have been seen, as IPsec keeps them (RFC 4303, section 3.4.3): a bitmap that slides along. */
class Window {
  /** By number / {@link PAGE}. At most 257 of them: 128 kB, and 512 bytes for a process that issues little. */
  readonly #pages: Map<number, Uint32Array> = new Map()
  #highest = -1
  usedAt = 0

  /** @returns whether the number was new; it is not from now on */
  take (count: number): boolean {
    if (count > this.#highest) this.#slide(count)
    else if (count <= this.#highest - SIZE) return false
    const at = Math.floor(count / PAGE)
    let page = this.#pages.get(at)
    if (page === undefined) this.#pages.set(at, page = new Uint32Array(PAGE / 32))
    const word = (count % PAGE) >>> 5
    const bit = 1 << (count & 31)
    if ((page[word]! & bit) !== 0) return false
    page[word]! |= bit
    return true
  }

  #slide (count: number): void {
    const last = Math.floor((count - SIZE) / PAGE)
    // a page goes with its last number: nothing in it can be asked for any more
    if (Math.floor(this.#highest / PAGE) !== Math.floor(count / PAGE)) {
      for (const at of this.#pages.keys()) {
        if (at < last) this.#pages.delete(at)
      }
    }
    this.#highest = count
  }
}

/**
 * Remembers which tokens have been used, in memory that does not grow with their number. Each process that issues
 * tokens has a window; nobody makes up a process without the secret.
 */
export class ReplayGuard {
  readonly #windows: Map<number, Window> = new Map()
  /** ms; the longest that a token of any process is good for */
  lifetime: number

  /** @param lifetime of a token, in ms */
  constructor (lifetime: number) {
    this.lifetime = lifetime
  }

  /**
   * @param now in ms
   * @returns whether the token was not used before; it is from now on
   */
  take (instance: number, count: number, now: number): boolean {
    let window = this.#windows.get(instance)
    if (window === undefined) {
      this.#forget(now)
      this.#windows.set(instance, window = new Window())
    }
    window.usedAt = Math.max(window.usedAt, now)
    return window.take(count)
  }

  #forget (now: number): void {
    for (const [instance, { usedAt }] of this.#windows) {
      // a token from a clock that goes a lifetime ahead is good for two
      if (now - usedAt > 2 * this.lifetime) this.#windows.delete(instance)
    }
  }
}
