// One cell of the plan: one contender under one workload in one round, in a fresh process, so that no round
// inherits the sessions and the garbage of another.
import { performance } from 'node:perf_hooks'
import { setTimeout as elapse } from 'node:timers/promises'
import { Child } from './child.ts'
import type { Contender } from './contenders.ts'
import { fileOf } from './contenders.ts'
import { Recorder } from './drivers/recorder.ts'
import type { Latency, Load } from './drivers/recorder.ts'
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
  /** 0..1: the part of the window in which the server's event loop was busy. */
  readonly serverBusy: number
  /** 0..1: the same of the driver's. */
  readonly driverBusy: number
  /** Engine.IO sessions that the server holds after the window, per operation since it started. */
  readonly sessions: number
  readonly failures: number
  readonly firstFailure: string | undefined
}

export interface Window {
  readonly warmUp: WarmUp
  /** Seconds. */
  readonly duration: number
  readonly connections: number
}

/** ms. */
const PATIENCE = 3000

/** A contender is not charged in the window for code that is compiled late: slow operations get time to run often. */
async function warm (recorder: Recorder, { seconds, operations }: WarmUp): Promise<void> {
  const end = performance.now() + seconds * 4000
  await elapse(seconds * 1000)
  while (recorder.ops < operations && !recorder.hopeless && performance.now() < end) await elapse(20)
}

/** Who fails may never come to rest. */
async function pause (load: Load): Promise<(() => void) | undefined> {
  if (load.pause === undefined) return
  return await Promise.race([load.pause(), elapse(PATIENCE, undefined, { ref: false })])
}

/** @throws Error when not one operation succeeded */
export async function runCell (contender: Contender, workload: Workload, window: Window): Promise<Cell> {
  const child = await Child.start(fileOf(contender.id), { talk: workload.talk === true })
  const recorder = new Recorder()
  let load: Load | undefined
  try {
    load = await workload.start(child.port, contender, window.connections, recorder)
    await warm(recorder, window.warmUp)
    const begin = await pause(load)
    const before = await child.sample()
    const warmedUp = recorder.ops
    recorder.reset()
    begin?.()
    const driver = performance.eventLoopUtilization()
    await elapse(window.duration * 1000)
    await pause(load)
    const after = await child.sample()
    const { ops } = recorder
    const driverBusy = performance.eventLoopUtilization(driver).utilization
    if (ops === 0) {
      throw new Error(
        `${contender.id}, ${workload.id}: not one operation succeeded: ${recorder.firstFailure ?? 'no answer at all'}`
      )
    }
    return {
      ops,
      throughput: ops / (after.at - before.at) * 1000,
      cpu: (after.cpu - before.cpu) / ops,
      latency: recorder.latency(),
      // the two clocks are read one after the other
      serverBusy: Math.min(1, (after.active - before.active) / (after.at - before.at)),
      driverBusy,
      sessions: after.sessions / (ops + warmedUp),
      failures: recorder.failures,
      firstFailure: recorder.firstFailure
    }
  } finally {
    await load?.stop()
    await child.stop()
  }
}
