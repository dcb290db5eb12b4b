// The contenders of one workload in one round, each in a fresh process, so that no round inherits the sessions and the
// garbage of another. They take turns of some tenths of a second: a machine's slow moments, which come and go within
// seconds, fall on all of them.
import { performance } from 'node:perf_hooks'
import { setTimeout as elapse } from 'node:timers/promises'
import { Child, type Sample } from './child.ts'
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
  /** 0..1: the same of the driver's. */
  readonly driverBusy: number
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

/** Seconds, roughly. */
const TURN = 0.1
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
    const turns = Math.max(1, Math.round(window.duration / TURN))
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
  #sessions = 0
  /** ms that turns have taken, and of them those in which an event loop was busy; µs of CPU. */
  readonly #sum = { lasted: 0, cpu: 0, server: 0, driver: 0 }

  private constructor (name: string, child: Child, load: Load, recorder: Recorder) {
    this.#name = name
    this.#child = child
    this.#load = load
    this.#recorder = recorder
  }

  static async start (contender: Contender, workload: Workload, { warmUp, connections }: Window): Promise<Player> {
    const child = await Child.start(fileOf(contender.id), { talk: workload.talk === true })
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

  /** A contender is not charged for code that is compiled late: slow operations get time to run often. */
  async #warm ({ seconds, operations }: WarmUp): Promise<void> {
    const end = performance.now() + seconds * 4000
    await this.#run(seconds)
    while (this.#recorder.ops < operations && !this.#recorder.hopeless && performance.now() < end) {
      await this.#run(seconds / 4)
    }
    this.#warmedUp = this.#recorder.ops
    this.#recorder.reset()
  }

  async play (seconds: number): Promise<void> {
    const before = await this.#child.sample()
    const driver = performance.eventLoopUtilization()
    const lasted = await this.#run(seconds)
    const driven = performance.eventLoopUtilization(driver)
    const after = await this.#child.sample()
    this.#add(before, after, lasted, driven.active)
  }

  #add (before: Sample, after: Sample, lasted: number, driven: number): void {
    const sum = this.#sum
    sum.lasted += lasted
    sum.cpu += after.cpu - before.cpu
    sum.server += Math.min(lasted, after.active - before.active)
    sum.driver += Math.min(lasted, driven)
    this.#sessions = after.sessions
  }

  /** Who fails may never come to rest. */
  async #run (seconds: number): Promise<number> {
    const limit = seconds * 1000 + PATIENCE
    return await Promise.race([this.#load.run(seconds), elapse(limit, limit, { ref: false })])
  }

  /** @throws Error when not one operation succeeded */
  result (): Cell {
    const { ops, failures, firstFailure } = this.#recorder
    if (ops === 0) {
      throw new Error(`${this.#name}: not one operation succeeded: ${firstFailure ?? 'no answer at all'}`)
    }
    const { lasted, cpu, server, driver } = this.#sum
    return {
      ops,
      throughput: ops / lasted * 1000,
      cpu: cpu / ops,
      latency: this.#recorder.latency(),
      serverBusy: server / lasted,
      driverBusy: driver / lasted,
      sessions: this.#sessions / (ops + this.#warmedUp),
      failures,
      firstFailure
    }
  }

  async stop (): Promise<void> {
    await this.#load.stop()
    await this.#child.stop()
  }
}
