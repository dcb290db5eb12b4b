// The contenders of one workload in one round, each in a fresh process, so that no round inherits the sessions and the
// garbage of another. They take short turns: a machine's slow moments, which come and go within tenths of a second,
// fall on all of them.
import { performance } from 'node:perf_hooks'
import { setTimeout as elapse } from 'node:timers/promises'
import { Child, type Reading } from './child.ts'
import type { Contender } from './contenders.ts'
import { fileOf } from './contenders.ts'
import { Recorder } from './drivers/recorder.ts'
import type { Latency, Load } from './drivers/recorder.ts'
import { rotate } from './stats.ts'
import type { WarmUp } from './warm-up.ts'
import type { Workload } from './workloads.ts'

export interface Cell {
  readonly ops: number
  /** Operations per second. */
  readonly throughput: number
  /** µs of the server's CPU per operation, user and system, all its threads. */
  readonly cpu: number
  /** ms. */
  readonly latency: Latency
  /** 0..1: the part of its turns in which the server's event loop was busy. */
  readonly serverBusy: number
  /** Engine.IO sessions that the server holds after its turns, per operation since it started. */
  readonly sessions: number
  readonly failures: number
  readonly firstFailure: string | undefined
}

export interface Window {
  readonly warmUp: WarmUp
  /** Seconds of all turns together. */
  readonly duration: number
  readonly connections: number
}

/** Seconds of a turn, roughly; one that has begun an operation ends it. */
const TURN = 0.02
/** ms */
const PATIENCE = 3000

/**
 * Measures contenders under one workload, turn about.
 *
 * @throws Error when one of them does not start, or not one of its operations succeeds
 */
export async function runCells (
  contenders: readonly Contender[],
  workload: Workload,
  window: Window
): Promise<Cell[]> {
  const players: Player[] = []
  try {
    for (const contender of contenders) players.push(await Player.start(contender, workload, window))
    const turns = Math.max(1, Math.round(window.duration / (workload.turn ?? TURN)))
    for (let turn = 0; turn < turns; turn++) {
      for (const player of rotate(players, turn)) await player.play(window.duration / turns)
    }
    return players.map((player) => player.result())
  } finally {
    for (const player of players) await player.stop()
  }
}

/** A contender that is warm, and its clients. Between its turns it does nothing. */
class Player {
  readonly #name: string
  readonly #child: Child
  readonly #load: Load
  readonly #recorder: Recorder
  #warmedUp = 0
  /** Before the first turn, and behind the last. */
  #first: Reading | undefined
  #last: Reading | undefined
  /** ms that turns have taken, and of them those in which the event loop was busy. */
  readonly #sum = { lasted: 0, busy: 0 }

  private constructor (name: string, child: Child, load: Load, recorder: Recorder) {
    this.#name = name
    this.#child = child
    this.#load = load
    this.#recorder = recorder
  }

  static async start (contender: Contender, workload: Workload, { warmUp, connections }: Window): Promise<Player> {
    const child = await Child.start(fileOf(contender.id), { gc: true, talk: workload.talk === true })
    let load: Load | undefined
    try {
      const recorder = new Recorder()
      load = await workload.start(child.port, contender, connections, recorder)
      const player = new Player(`${contender.id}, ${workload.id}`, child, load, recorder)
      await player.#warm(warmUp)
      return player
    } catch (error) {
      await load?.stop()
      await child.stop()
      throw error
    }
  }

  /** Twice, with a full collection of garbage between: README.md, "Garbage". */
  async #warm ({ seconds, operations }: WarmUp): Promise<void> {
    await this.#heat({ seconds, operations: operations / 3 })
    await this.#child.sample(true)
    await this.#heat({ seconds, operations })
    this.#warmedUp = this.#recorder.ops
    this.#recorder.reset()
  }

  /** A contender is not charged for code that is compiled late: slow operations get time to run often. */
  async #heat ({ seconds, operations }: WarmUp): Promise<void> {
    const end = performance.now() + seconds * 10_000
    const enough = this.#recorder.ops + operations
    await this.#run(seconds)
    while (this.#recorder.ops < enough && !this.#recorder.hopeless && performance.now() < end) {
      await this.#run(seconds / 4)
    }
  }

  async play (seconds: number): Promise<void> {
    const before = await this.#child.read()
    const lasted = await this.#run(seconds)
    const after = await this.#child.read()
    this.#sum.lasted += lasted
    this.#sum.busy += Math.min(lasted, after.active - before.active)
    this.#first ??= before
    this.#last = after
  }

  /** Who fails may never come to rest. */
  async #run (seconds: number): Promise<number> {
    const limit = seconds * 1000 + PATIENCE
    return await awake(Promise.race([this.#load.run(seconds), elapse(limit, limit, { ref: false })]))
  }

  /** @throws Error when not one operation succeeded */
  result (): Cell {
    const { ops, failures, firstFailure } = this.#recorder
    if (ops === 0) {
      throw new Error(`${this.#name}: not one operation succeeded: ${firstFailure ?? 'no answer at all'}`)
    }
    const { lasted, busy } = this.#sum
    // What it does between its turns is still its garbage.
    const cpu = this.#last!.cpu - this.#first!.cpu
    return {
      ops,
      throughput: ops / lasted * 1000,
      cpu: cpu / ops,
      latency: this.#recorder.latency(),
      serverBusy: busy / lasted,
      sessions: this.#last!.sessions / (ops + this.#warmedUp),
      failures,
      firstFailure
    }
  }

  async stop (): Promise<void> {
    await this.#load.stop()
    await this.#child.stop()
  }
}

/**
 * Keeps the driver from sleeping: to wake a process costs the one that writes to it, so a server would be charged for
 * the time that its driver has to spare.
 */
async function awake<T> (work: Promise<T>): Promise<T> {
  let working = true
  const turn = (): void => { if (working) setImmediate(turn) }
  turn()
  try {
    return await work
  } finally {
    working = false
  }
}
