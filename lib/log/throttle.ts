/** ms within which a key gets one line. */
const WINDOW = 60_000
/** Lines within that time, whatever the keys. */
export const MAX_LINES = 100

/** A key that has a line in the log. */
interface Logged {
  /** When it got its last line, in ms of the monotonic clock. */
  readonly at: number
  /** Events since then. */
  muted: number
}

/**
 * Decides which of many events get a line in the log: one line a minute for each key, and {@link MAX_LINES} lines a
 * minute for all of them. Its memory is bounded, whatever the keys.
 */
export class Throttle {
  /** In the order of their last lines. */
  readonly #logged: Map<string, Logged> = new Map()
  /** When the lines of the last minute were written. */
  readonly #lines: number[] = []
  readonly #onOverflow: (count: number) => void
  #overflow = { since: -Infinity, count: 0 }

  /** @param onOverflow writes the one line a minute that counts what has no line */
  constructor (onOverflow: (count: number) => void) {
    this.#onOverflow = onOverflow
  }

  /** @returns how many events the line to be written stands for; 0 for no line */
  due (key: string): number {
    const now = performance.now()
    const logged = this.#logged.get(key)
    if (logged !== undefined && now - logged.at < WINDOW) {
      logged.muted++
      return 0
    }
    while (this.#lines.length > 0 && now - this.#lines[0]! >= WINDOW) this.#lines.shift()
    if (this.#lines.length >= MAX_LINES) {
      this.#count(now)
      return 0
    }
    this.#lines.push(now)
    this.#logged.delete(key)
    this.#logged.set(key, { at: now, muted: 0 })
    if (this.#logged.size > MAX_LINES * 10) this.#logged.delete(this.#logged.keys().next().value!)
    return 1 + (logged?.muted ?? 0)
  }

  #count (now: number): void {
    const overflow = this.#overflow
    overflow.count++
    if (now - overflow.since < WINDOW) return
    this.#overflow = { since: now, count: 0 }
    this.#onOverflow(overflow.count)
  }
}
