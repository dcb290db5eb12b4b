// Holds a run against floors.json.
import { readFileSync } from 'node:fs'
import { SATURATED, ratioOf, rowsOf, workloadOf } from './results.ts'
import type { Results, Row } from './results.ts'
import { median, ratios, summarize } from './stats.ts'
import type { Summary } from './stats.ts'

export interface Floor {
  readonly workload: string
  readonly metric: 'cpu' | 'throughput' | 'sessions' | 'perHandshake' | 'heapPerClient' | 'rssPerClient' | 'startup'
  /** A contender; without one the figure stands for itself. */
  readonly against?: string
  /** One of the two is given. */
  readonly atLeast?: number
  readonly atMost?: number
  readonly aim?: number
}

export type Verdict = 'reached' | 'floor held' | 'MISSED' | 'not measured'

export interface Finding {
  readonly floor: Floor
  readonly measured: Summary | undefined
  readonly verdict: Verdict
  /** What must be known to read it. */
  readonly remark: string | undefined
}

/** @throws Error when the file is not there or not JSON */
export function readFloors (): Floor[] {
  const file = new URL('floors.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { floors: Floor[] }).floors
}

/** One finding per floor. A figure that was not measured is no failure: --workloads left it out. */
export function check (results: Results, floors: readonly Floor[]): Finding[] {
  return floors.map((floor) => {
    const { measured, remark } = measure(results, floor)
    return { floor, measured, remark, verdict: judge(floor, measured?.figure) }
  })
}

function measure (results: Results, floor: Floor): Measured {
  if (floor.workload === 'memory') return weigh(results, floor)
  return floor.workload === 'startup' ? begin(results, floor) : compare(results, floor)
}

function judge ({ atLeast, atMost, aim }: Floor, value: number | undefined): Verdict {
  if (value === undefined || Number.isNaN(value)) return 'not measured'
  if (atLeast !== undefined && value < atLeast) return 'MISSED'
  if (atMost !== undefined && value > atMost) return 'MISSED'
  if (aim === undefined) return 'floor held'
  return (atLeast !== undefined ? value >= aim : value <= aim) ? 'reached' : 'floor held'
}

interface Measured {
  readonly measured: Summary | undefined
  readonly remark?: string | undefined
}

function compare (results: Results, { workload: id, metric, against }: Floor): Measured {
  const workload = workloadOf(id)
  const rows = workload === undefined ? [] : rowsOf(results, workload)
  const mine = rows.find(({ contender }) => contender === 'ours')
  const cells = results.workloads[id]?.ours
  if (mine === undefined || cells === undefined) return { measured: undefined }
  if (metric === 'sessions') return { measured: summarize(cells.map((cell) => cell.sessions)) }

  const theirs = rows.find(({ contender }) => contender === against)
  const others = results.workloads[id]?.[against ?? '']
  if (theirs === undefined || others === undefined) return { measured: undefined }
  const ratio = ratioOf(cells, others)
  if (metric === 'cpu') return { measured: ratio.cpu }
  // With a server that had time to spare the quotient of throughputs would say how fast the driver is.
  if (isSaturated(mine) && isSaturated(theirs)) return { measured: ratio.throughput }
  return { measured: ratio.cpu, remark: 'by CPU: a server was not saturated' }
}

function isSaturated ({ serverBusy }: Row): boolean {
  return serverBusy >= SATURATED
}

function weigh (results: Results, { metric, against }: Floor): Measured {
  if (metric !== 'perHandshake' && metric !== 'heapPerClient' && metric !== 'rssPerClient') {
    return { measured: undefined }
  }
  const figures = (contender: string): number[] =>
    (results.memory[contender] ?? []).flatMap((cell) => cell[metric] ?? [])
  const mine = figures('ours')
  if (mine.length === 0) return { measured: undefined }
  if (against === undefined) return { measured: summarize(mine) }
  const theirs = figures(against)
  if (theirs.length === 0) return { measured: undefined }
  const reference = median(theirs)
  return { measured: summarize(mine.map((value) => value / reference)) }
}

function begin ({ startup = {} }: Results, { against }: Floor): Measured {
  const figures = (contender: string): number[] => (startup[contender] ?? []).map((cell) => cell.startup)
  const [mine, theirs] = [figures('ours'), figures(against ?? '')]
  return { measured: mine.length === 0 || theirs.length === 0 ? undefined : summarize(ratios(mine, theirs)) }
}
