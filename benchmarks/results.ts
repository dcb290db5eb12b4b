// What a run leaves behind, and what is read out of it. Raw figures of every round are kept; figures and
// ratios are always derived from them, here.
import type { Cell } from './cell.ts'
import type { DecideCell } from './decide.ts'
import type { Latency } from './drivers/recorder.ts'
import type { Machine } from './machine.ts'
import type { MemoryCell } from './memory.ts'
import type { StartupCell } from './startup.ts'
import { leastOf, median, ratios, summarize } from './stats.ts'
import type { Summary } from './stats.ts'
import type { StormCell } from './storm.ts'
import { workloads } from './workloads.ts'
import type { Workload } from './workloads.ts'

type Rounds<T> = Readonly<Record<string, readonly T[]>>

export interface Results {
  readonly command: string
  readonly date: string
  readonly machine: Machine
  readonly rounds: number
  /** Seconds. */
  readonly duration: number
  readonly connections: number
  /** By workload, then by contender: one cell per round. */
  readonly workloads: Readonly<Record<string, Rounds<Cell>>>
  /** By decider. */
  readonly decide: Rounds<DecideCell>
  /** By contender. */
  readonly memory: Rounds<MemoryCell>
  /** By contender; absent from older files. */
  readonly startup?: Rounds<StartupCell>
  /** By contender; present when it was asked for. */
  readonly storm?: Rounds<StormCell>
}

/** More is better in both: how many times less CPU, how many times the throughput. */
export interface Ratio {
  readonly cpu: Summary
  readonly throughput: Summary
}

export interface Row {
  readonly contender: string
  readonly throughput: Summary
  /** µs per operation. */
  readonly cpu: Summary
  readonly latency: Latency
  readonly serverBusy: number
  /** Per operation. */
  readonly sessions: number
  readonly failures: number
  readonly firstFailure: string | undefined
  readonly stock: Ratio | undefined
  readonly floor: Ratio | undefined
}

/**
 * Below this the server had time to spare: something else, most likely the driver, set the throughput, which
 * then is a lower bound. Its CPU per operation stands.
 */
export const SATURATED = 0.9

export function workloadOf (id: string): Workload | undefined {
  return workloads.find((workload) => workload.id === id)
}

/** The rows of one workload's table; empty when it was not run. */
export function rowsOf (results: Results, workload: Workload): Row[] {
  const measured = results.workloads[workload.id] ?? {}
  return workload.contenders.flatMap((contender) => {
    const cells = measured[contender]
    return cells === undefined
      ? []
      : [
          rowOf(
            contender,
            cells,
            measured[workload.stock],
            workload.floor === undefined ? undefined : measured[workload.floor]
          )
        ]
  })
}

function rowOf (
  contender: string, cells: readonly Cell[], stock: readonly Cell[] | undefined, floor: readonly Cell[] | undefined
): Row {
  const middle = (of: (cell: Cell) => number): number => median(cells.map(of))
  return {
    contender,
    throughput: summarize(cells.map((cell) => cell.throughput)),
    cpu: leastOf(cells.map((cell) => cell.cpu)),
    latency: {
      p50: middle((cell) => cell.latency.p50),
      p97_5: middle((cell) => cell.latency.p97_5),
      p99: middle((cell) => cell.latency.p99),
      p99_9: middle((cell) => cell.latency.p99_9)
    },
    serverBusy: middle((cell) => cell.serverBusy),
    sessions: middle((cell) => cell.sessions),
    failures: cells.reduce((sum, cell) => sum + cell.failures, 0),
    firstFailure: cells.find((cell) => cell.firstFailure !== undefined)?.firstFailure,
    stock: stock && ratioOf(cells, stock),
    floor: floor && ratioOf(cells, floor)
  }
}

export function ratioOf (cells: readonly Cell[], others: readonly Cell[]): Ratio {
  const cpu = (cell: Cell): number => cell.cpu
  const throughput = (cell: Cell): number => cell.throughput
  return {
    cpu: summarize(ratios(others.map(cpu), cells.map(cpu))),
    throughput: summarize(ratios(cells.map(throughput), others.map(throughput)))
  }
}

/** Wrong answers in the whole run: with one of them the figures are worth nothing. */
export function failuresOf (results: Results): number {
  return Object.values(results.workloads).flatMap((rounds) => Object.values(rounds).flat())
    .reduce((sum, cell) => sum + cell.failures, 0)
}
