/** ms within which a key gets one line. */
const WINDOW = 60_000
/** Lines within that time, whatever the keys. */
export const MAX_LINES = 100

/** What has a line in the log. */
interface Logged {
  readonly kind: string
  readonly reason: string
  /** When it got its last line, in ms of the monotonic clock. */
  readonly at: number
  /** Events since then. */
  muted: number
}

/**
 * Decides which of many events get a line in the log: one line a minute for each text, kind and reason, and
 * {@link MAX_LINES} lines a minute for all of them. Its memory is bounded, whatever the texts.
 */
export class Throttle {
  /** By text, in the order of their last lines. One key joined of all parts would cost a refused upgrade 2 % more. */
  readonly #logged: Map<string, Logged[]> = new Map()
  /** When the lines of the last minute were written. */
  readonly #lines: number[] = []
  readonly #onOverflow: (count: number) => void
  #overflow = { since: -Infinity, count: 0 }

  /** @param onOverflow writes the one line a minute that counts what has no line */
  constructor (onOverflow: (count: number) => void) {
    this.#onOverflow = onOverflow
  }

  /**
   * @param kind one of a few
   * @param reason one of a few
   * @returns how many events the line to be written stands for; 0 for no line
   */
  due (text: string, kind: string = '', reason: string = ''): number {
    const now = performance.now()
    const same = this.#logged.get(text)
    const logged = same && find(same, kind, reason)
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
    this.#logged.delete(text)
    this.#logged.set(text, [{ kind, reason, at: now, muted: 0 }, ...same?.filter((other) => other !== logged) ?? []])
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

/** A loop, for it is on the way of every refusal: `Array.prototype.find` wants a function made each time. */
function find (same: readonly Logged[], kind: string, reason: string): Logged | undefined {
  for (const logged of same) if (logged.reason === reason && logged.kind === kind) return logged
  return undefined
}
