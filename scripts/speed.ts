// The tables of speed in README.md and docs/speed.md, from benchmarks/results.json: `npm run docs:tables`.
import { readFileSync } from 'node:fs'
import { check, type Finding, readFloors } from '../benchmarks/check.ts'
import { bytes, count } from '../benchmarks/format.ts'
import type { Results } from '../benchmarks/results.ts'

const results = JSON.parse(readFileSync(new URL('../benchmarks/results.json', import.meta.url), 'utf8')) as Results
const findings = check(results, readFloors())

const AGAINST: Readonly<Record<string, string>> = {
  socketio: 'stock Socket.IO',
  http: 'bare `node:http`',
  'socketio-allowrequest': 'stock with a check in `allowRequest`',
  'ours-stateful': '`statelessHandshake: false`',
  'fastify-cors': 'Fastify with @fastify/cors',
  'fastify-socketio': 'Fastify with Socket.IO'
}
const METRICS: Readonly<Record<Finding['floor']['metric'], string>> = {
  cpu: 'CPU: times less',
  throughput: 'throughput: times as much',
  sessions: 'sessions held for each',
  perHandshake: 'heap for each abandoned handshake',
  heapPerClient: 'heap of an idle client: part of its',
  rssPerClient: 'resident memory of an idle client: part of its',
  startup: 'CPU of the start: times as much'
}

/** The figure of one finding, as people read it. */
function figureOf (workload: string, metric: string, against?: string): string {
  const found = findings.find(({ floor }) =>
    floor.workload === workload && floor.metric === metric && floor.against === against)
  if (found?.measured === undefined) throw new Error(`benchmarks/results.json has no ${metric} of ${workload}`)
  return metric === 'perHandshake' ? bytes(found.measured.figure) : count(found.measured.figure)
}

/** @returns a row for each floor */
export function speedTable (): string {
  const rows = findings.map(({ floor, measured }) => {
    const write = floor.metric === 'perHandshake' ? bytes : count
    const { figure, min, max } = measured!
    const held = floor.atLeast === undefined ? `at most ${floor.atMost}` : `at least ${floor.atLeast}`
    const against = floor.against === undefined ? '' : AGAINST[floor.against]
    const rounds = `${write(min)} to ${write(max)}`
    return [`\`${floor.workload}\``, METRICS[floor.metric], against, write(figure), rounds, held]
  })
  return tableOf([['workload', 'figure', 'against', 'measured', 'rounds', 'must be'], ...rows])
}

/** @returns the five lines of the README */
export function speedSummary (): string {
  const cpu = (workload: string, against = 'socketio'): string => figureOf(workload, 'cpu', against)
  const stockHandshake = Math.max(...results.memory.socketio!.map(({ perHandshake }) => perHandshake ?? 0))
  return tableOf([
    ['against stock Socket.IO with `cors`', 'CPU on the server'],
    ['polling handshake; refused handshake; refused WebSocket',
      `${cpu('handshake')}; ${cpu('refused')}; ${cpu('refused-upgrade')} times less`],
    ['a whole conversation by WebSocket; by polling; by both',
      `${cpu('ws-cycle')}; ${cpu('polling-cycle')}; ${cpu('upgrade-cycle')} times less`],
    ['echo by WebSocket; of 8 kB binary; by polling; broadcast to 500',
      `${cpu('echo')}; ${cpu('echo-binary')}; ${cpu('polling-echo')}; ${cpu('broadcast')} times less`],
    ['memory of an abandoned handshake; of an idle client',
      `${figureOf('memory', 'perHandshake')}, not ${bytes(stockHandshake)}; ` +
      `${figureOf('memory', 'heapPerClient', 'socketio')} of the heap`],
    ['start of the process, against Fastify with Socket.IO alone',
      `**${figureOf('startup', 'startup', 'fastify-socketio')} times more**`]
  ])
}

function tableOf ([head, ...rows]: readonly (readonly (string | undefined)[])[]): string {
  const line = (cells: readonly (string | undefined)[]): string => `| ${cells.join(' | ')} |\n`
  return [line(head!), `|${'---|'.repeat(head!.length)}\n`, ...rows.map(line)].join('')
}
