/** Tokens of one process that can be told apart at a time: 128 kB. An older one is refused as if it were used. */
const SIZE = 1 << 20
/** Processes remembered at a time. */
const MAX_INSTANCES = 64

/** Which numbers have been seen, as IPsec keeps them (RFC 4303, section 3.4.3): a bitmap that slides along. */
class Window {
  readonly #bits = new Uint32Array(SIZE / 32)
  #highest = -1
  usedAt = 0

  /** @returns whether the number was new; it is not from now on */
  take (count: number): boolean {
    if (count > this.#highest) this.#slide(count)
    else if (count <= this.#highest - SIZE) return false
    const slot = count % SIZE
    const word = slot >>> 5
    const bit = 1 << (slot & 31)
    if ((this.#bits[word]! & bit) !== 0) return false
    this.#bits[word]! |= bit
    return true
  }

  #slide (count: number): void {
    if (this.#highest < 0 || count - this.#highest >= SIZE) this.#bits.fill(0)
    else {
      for (let at = this.#highest + 1; at <= count; at++) {
        const slot = at % SIZE
        this.#bits[slot >>> 5]! &= ~(1 << (slot & 31))
      }
    }
    this.#highest = count
  }
}

/** Remembers which tokens have been used, in memory that does not grow with their number. */
export class ReplayGuard {
  readonly #windows: Map<number, Window> = new Map()
  readonly #lifetime: number

  /** @param lifetime of a token, in s */
  constructor (lifetime: number) {
    this.#lifetime = lifetime
  }

  /**
   * @param now in s
   * @returns whether the token was not used before; it is from now on
   */
  take (instance: number, count: number, now: number): boolean {
    let window = this.#windows.get(instance)
    if (window === undefined) {
      if (this.#windows.size >= MAX_INSTANCES) this.#forget(now)
      // Forgetting a window whose tokens are still good would let them be used again.
      if (this.#windows.size >= MAX_INSTANCES) return false
      this.#windows.set(instance, window = new Window())
    }
    window.usedAt = now
    return window.take(count)
  }

  #forget (now: number): void {
    for (const [instance, { usedAt }] of this.#windows) {
      if (now - usedAt > this.#lifetime) this.#windows.delete(instance)
    }
  }
}
