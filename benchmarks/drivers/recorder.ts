// Counts operations. One counts only when its answer was the expected one.
import { percentile } from '../stats.ts'

export interface Latency {
  readonly p50: number
  readonly p97_5: number
  readonly p99: number
  readonly p99_9: number
}

/** Past this many wrong answers there is nothing left to measure. */
const MAX_FAILURES = 100

export class Recorder {
  ops = 0
  failures = 0
  firstFailure: string | undefined
  #latencies: number[] = []

  /** @param latency ms, of as many operations as ended at once; `undefined` when it was not measured */
  success (latency: number | undefined, operations: number = 1): void {
    this.ops += operations
    if (latency !== undefined) this.#latencies.push(latency)
  }

  failure (why: string): void {
    this.failures++
    this.firstFailure ??= why
  }

  /** Right ones and wrong ones. */
  get answers (): number {
    return this.ops + this.failures
  }

  /** True when a load should give up. */
  get hopeless (): boolean {
    return this.failures >= MAX_FAILURES
  }

  /** Forgets what was counted, but not what failed: a wrong answer in the warm-up is a wrong answer. */
  reset (): void {
    this.ops = 0
    this.#latencies = []
  }

  /** Percentiles of what was counted, ms. */
  latency (): Latency {
    const sorted = Float64Array.from(this.#latencies).sort()
    const at = (p: number): number => percentile(sorted, p)
    return { p50: at(50), p97_5: at(97.5), p99: at(99), p99_9: at(99.9) }
  }
}

/** Something that puts load on a server, turn after turn, and tells a recorder. */
export interface Load {
  /**
   * Puts load on the server for so many seconds, and waits until nothing is under way: what the server has done must be
   * counted when its CPU is read.
   *
   * @returns ms from the first request to the last answer
   */
  run (seconds: number): Promise<number>
  /** Closes whatever is open; a turn that is under way ends. */
  stop (): Promise<void>
}
