/** ms between two reads at least: a flood of announcements is not a flood of reads. */
const GAP = 100
/** ms after which a read that failed is tried again; twice as long each time. */
const RETRY = 1000

/** Calls `read` when it is asked to, and every `interval`. One read at a time. Its timers keep no process alive. */
export class Refresher {
  readonly #read: () => Promise<boolean>
  readonly #interval: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #reading = false
  #asked = false
  #ended = false
  #last = -GAP
  #failures = 0

  /**
   * @param read resolves with whether it could; never rejects
   * @param interval ms
   */
  constructor (read: () => Promise<boolean>, interval: number) {
    this.#read = read
    this.#interval = interval
  }

  begin (): void {
    this.#next(true)
  }

  /** Reads as soon as may be, and after the read that goes on. */
  ask (): void {
    if (this.#reading) this.#asked = true
    else this.#in(Math.max(0, this.#last + GAP - performance.now()))
  }

  end (): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  async #run (): Promise<void> {
    this.#reading = true
    this.#asked = false
    const read = await this.#read()
    this.#reading = false
    this.#last = performance.now()
    this.#next(read)
  }

  #next (read: boolean): void {
    this.#failures = read ? 0 : this.#failures + 1
    // spread, so that processes that began together do not read together
    const poll = this.#interval * (0.9 + Math.random() * 0.2)
    this.#in(this.#asked ? GAP : read ? poll : Math.min(poll, RETRY * 2 ** (this.#failures - 1)))
  }

  #in (ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#ended) this.#timer = setTimeout(() => { void this.#run() }, ms).unref()
  }
}
