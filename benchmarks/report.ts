// The run, as text for a terminal.
import type { Finding } from './check.ts'
import { contenderOf } from './contenders.ts'
import { bytes, count, nanoseconds, percent, spread, times } from './format.ts'
import { machineLine } from './machine.ts'
import { SATURATED, rowsOf } from './results.ts'
import type { Results, Row } from './results.ts'
import { leastOf, median, ratios, summarize } from './stats.ts'
import type { Summary } from './stats.ts'
import type { StormCell } from './storm.ts'
import { table } from './table.ts'
import { warmUpOf } from './warm-up.ts'
import { workloads } from './workloads.ts'
import type { Workload } from './workloads.ts'

/** Everything that was measured. */
export function report (results: Results): string {
  return [
    heading(results),
    ...workloads.flatMap((workload) => section(results, workload)),
    ...decideSection(results),
    ...memorySection(results),
    ...startupSection(results),
    ...stormSection(results),
    notes(results)
  ].join('\n\n')
}

function heading ({ machine, rounds, duration, connections, date }: Results): string {
  const { seconds, operations } = warmUpOf(duration)
  const versions = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`).join(', ')
  return [
    machineLine(machine),
    versions,
    `${date.slice(0, 10)}, ${rounds} ${
      rounds === 1 ? 'round' : 'interleaved rounds'
    } of ${duration} s after a warm-up of ${seconds.toFixed(1)} s and ${
      operations.toLocaleString('en')
    } operations, ${connections} connections; load average at the start ${machine.load}`,
    "medians, of CPU the least (± half the spread); CPU is the server process's, user and system; " +
    '×: how many times better; server: how busy its event loop was'
  ].join('\n')
}

function section (results: Results, workload: Workload): string[] {
  const rows = rowsOf(results, workload)
  if (rows.length === 0) return []
  const columns = [
    { head: 'contender', align: 'left' as const },
    ...[
      'ops/s', '±', '50 %', '97.5 %', '99 %', '99.9 %', 'CPU µs/op', '±', 'CPU/stock', 'ops/stock', 'CPU/floor',
      'ops/floor', 'server'
    ].map((head) => ({ head }))
  ]
  return [[
    `${workload.id}: ${workload.operation} (stock: ${workload.stock}${
      workload.floor === undefined ? '' : `, floor: ${workload.floor}`
    }${workload.stretch === undefined ? '' : `; windows of ${count(results.duration * workload.stretch)} s`})`,
    table(columns, rows.map(cellsOf)),
    ...rows.flatMap(remarks)
  ].join('\n')]
}

function cellsOf (row: Row): string[] {
  const { latency } = row
  return [
    row.contender,
    count(row.throughput.figure) + (row.serverBusy < SATURATED ? ' *' : ''),
    spread(row.throughput),
    ...[latency.p50, latency.p97_5, latency.p99, latency.p99_9].map((ms) => `${count(ms)} ms`),
    count(row.cpu.figure),
    spread(row.cpu),
    times(row.stock?.cpu.figure),
    times(row.stock?.throughput.figure),
    times(row.floor?.cpu.figure),
    times(row.floor?.throughput.figure),
    percent(row.serverBusy)
  ]
}

function remarks ({ contender, sessions, serverBusy, failures, firstFailure }: Row): string[] {
  const found: string[] = []
  if (serverBusy < SATURATED) {
    found.push(
      `* ${contender} was busy ${
        percent(serverBusy)
      } of the time only: its throughput is a lower bound, its CPU per operation stands`
    )
  }
  // Some are in flight whenever the clock stops.
  if (sessions > 0.5) {
    found.push(`  ${contender} holds ${sessions.toFixed(2)} sessions per operation when the window ends`)
  }
  if (failures > 0) found.push(`! ${contender} gave ${failures} wrong answers: ${firstFailure}`)
  return found
}

function decideSection ({ decide }: Results): string[] {
  const rows = Object.entries(decide).flatMap(([decider, rounds]) =>
    Object.keys(rounds[0] ?? {}).map((size) => {
      const middle = (key: 'hit' | 'miss' | 'hostile' | 'compile'): string =>
        nanoseconds(median(rounds.map((round) => round[size]?.[key] ?? NaN)) * (key === 'compile' ? 1e6 : 1))
      return {
        size: Number(size),
        cells: [
          decider,
          count(Number(size)).replace(/\.\d+$/, ''),
          middle('hit'),
          middle('miss'),
          middle('hostile'),
          middle('compile')
        ]
      }
    })
  )
  if (rows.length === 0) return []
  const columns = [
    { head: 'decider', align: 'left' as const },
    ...['origins', 'listed', 'not listed', '8 kB of labels', 'compile'].map((head) => ({ head }))
  ]
  const sorted = rows.sort((a, b) => a.size - b.size).map(({ cells }) => cells)
  return [
    `decide: one decision, in process; cors and @fastify/cors write their headers to a stub\n${table(columns, sorted)}`
  ]
}

function memorySection ({ memory }: Results): string[] {
  const rows = Object.entries(memory).map(([contender, rounds]) => {
    const middle = (values: number[]): string =>
      values.length === 0 ? '–' : `${bytes(median(values))} ${spread(summarize(values))}`.trimEnd()
    return [
      contender,
      middle(rounds.flatMap((round) => round.perHandshake ?? [])),
      middle(rounds.map((round) => round.heapPerClient)),
      middle(rounds.map((round) => round.rssPerClient))
    ]
  })
  if (rows.length === 0) return []
  const columns = [
    { head: 'contender', align: 'left' as const },
    ...['heap per abandoned handshake', 'heap per idle client', 'RSS per idle client'].map((head) => ({ head }))
  ]
  return [`memory: held after garbage collection\n${table(columns, rows)}`]
}

function startupSection ({ startup = {} }: Results): string[] {
  const cpu = (contender: string): number[] => (startup[contender] ?? []).map((cell) => cell.startup)
  const rows = Object.entries(startup).map(([contender, rounds]) => {
    const figures = leastOf(cpu(contender))
    const others = cpu('fastify-socketio')
    return [
      contender,
      `${count(figures.figure)} ms`,
      spread(figures),
      times(others.length === 0 ? undefined : median(ratios(cpu(contender), others))),
      `${count(median(rounds.map(({ wall }) => wall)))} ms`
    ]
  })
  if (rows.length === 0) return []
  const heads = ['CPU', '±', 'of fastify-socketio', 'on the clock']
  const columns = [{ head: 'contender', align: 'left' as const }, ...heads.map((head) => ({ head }))]
  return [`startup: from the process to an app that is ready\n${table(columns, rows)}`]
}

function stormSection ({ storm = {} }: Results): string[] {
  const rows = Object.entries(storm).map(([contender, rounds]) => {
    const middle = (key: keyof StormCell): Summary => summarize(rounds.map((round) => round[key]))
    const seconds = (key: keyof StormCell): string => `${count(middle(key).figure)} s ${spread(middle(key))}`.trimEnd()
    const less = (key: keyof StormCell): string => {
      const stock = (storm['fastify-socketio'] ?? []).map((round) => round[key])
      return times(stock.length === 0 ? undefined : median(ratios(stock, rounds.map((round) => round[key]))))
    }
    return [
      contender, seconds('half'), seconds('most'), seconds('all'), less('most'), seconds('cpu'), less('cpu'),
      String(middle('failed').figure), `${count(middle('rest').figure)} ms`, percent(middle('driverBusy').figure)
    ]
  })
  if (rows.length === 0) return []
  const heads = [
    'half are back', '99 %', 'all', '99 %, stock', 'CPU', 'CPU, stock', 'failed attempts', 'REST, 99 %', 'driver'
  ]
  const columns = [{ head: 'contender', align: 'left' as const }, ...heads.map((head) => ({ head }))]
  const clients = Object.values(storm)[0]?.[0]?.clients ?? 0
  return [
    `storm: ${clients} clients lose their server at once; half of them poll, then upgrade\n${table(columns, rows)}`
  ]
}

function notes (results: Results): string {
  const seen = new Set([
    ...Object.values(results.workloads).flatMap((cells) => Object.keys(cells)),
    ...Object.keys(results.memory),
    ...Object.keys(results.startup ?? {}),
    ...Object.keys(results.storm ?? {})
  ])
  return [...seen].map((id) => `${id}: ${contenderOf(id).note}`).join('\n')
}

/** The check's findings. */
export function checkReport (findings: readonly Finding[]): string {
  const columns = ['workload', 'metric', 'against', 'floor', 'aim', 'measured', 'min…max', 'verdict'].map((head) => ({
    head,
    align: 'left' as const
  }))
  const rows = findings.map(({ floor, measured, verdict, remark }) => [
    floor.workload,
    floor.metric,
    floor.against ?? '',
    floor.atLeast !== undefined ? `≥ ${floor.atLeast}` : `≤ ${floor.atMost}`,
    String(floor.aim ?? ''),
    measured === undefined ? '–' : count(measured.figure),
    measured === undefined ? '–' : `${count(measured.min)}…${count(measured.max)}`,
    verdict + (remark === undefined ? '' : ` (${remark})`)
  ])
  return `check\n${table(columns, rows)}`
}
