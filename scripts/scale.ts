// What a million connects a minute and ten million idle clients cost, calculated from benchmarks/results.json:
// `npm run scale`. Nobody has run it at that size.
import { readFileSync } from 'node:fs'

const CONNECTS_A_MINUTE = 1_000_000
const IDLE_CLIENTS = 10_000_000
/** s between two heartbeats of a client: Socket.IO's default. */
const PING_INTERVAL = 25
/** s that stock Socket.IO waits for a client after its handshake: pingInterval + pingTimeout. */
const HELD = 45
/** Of a core, that a process may use on average: the rest is for peaks. */
const BUSY = 0.6
/** Clients of one process: some 1 GB of heap. */
const CLIENTS_OF_A_PROCESS = 100_000
/** s over which a process ends its sessions (`closeSpread`). */
const SPREAD = 60

interface Results {
  readonly date: string
  readonly machine: { readonly cpu: string, readonly node: string }
  readonly workloads: Readonly<Record<string, Readonly<Record<string, readonly { readonly cpu: number }[]>>>>
  readonly memory: Readonly<Record<string, readonly Memory[]>>
}

/** Bytes. */
interface Memory {
  readonly perHandshake?: number
  readonly heapPerClient: number
  readonly rssPerClient: number
}

type Row = readonly [what: string, one: string, ours: string, stock: string]

/** @returns the table, as Markdown */
export function scaleTable (results: Results): string {
  /** µs of CPU for one operation: the least of the rounds, as in the benchmarks. */
  const cpu = (workload: string, contender: string): number =>
    Math.min(...results.workloads[workload]![contender]!.map((round) => round.cpu))
  /** Bytes for one idle client: the most of the rounds. */
  const memory = (contender: string, kind: 'heapPerClient' | 'rssPerClient'): number =>
    Math.max(...results.memory[contender]!.map((round) => round[kind]))

  const compared = (what: string, cost: (contender: string) => [one: string, all: string]): Row => {
    const [[one, ours], [oneStock, stock]] = [cost('ours'), cost('socketio')]
    return [what, `${one}; ${oneStock}`, ours, stock]
  }
  const connects = (what: string, workload: string): Row => compared(what, (contender) => {
    const one = cpu(workload, contender)
    return [`${Math.round(one)} µs`, cores(CONNECTS_A_MINUTE / 60 * one)]
  })
  const bytes = (what: string, kind: 'heapPerClient' | 'rssPerClient'): Row => compared(what, (contender) => {
    const one = memory(contender, kind)
    return [size(one), `${Math.round(IDLE_CLIENTS * one / 1e9)} GB`]
  })

  const rows: Row[] = [
    connects('1,000,000 connects a minute, WebSocket only', 'ws-cycle'),
    connects('the same, polling only', 'polling-cycle'),
    connects('the same, polling and then WebSocket', 'upgrade-cycle'),
    connects('1,000,000 handshakes a minute whose clients do not come back', 'handshake'),
    compared(`what these hold in the ${HELD} s until they are given up`, (contender) => {
      const one = Math.max(...results.memory[contender]!.map(({ perHandshake }) => perHandshake ?? 0))
      return [size(one), `${(CONNECTS_A_MINUTE / 60 * HELD * one / 1e9).toFixed(1)} GB`]
    }),
    bytes('10,000,000 idle clients, heap', 'heapPerClient'),
    bytes('the same, resident memory', 'rssPerClient'),
    // a ping and its pong are a message in each direction, as an echo is
    compared(`their heartbeats, one in ${PING_INTERVAL} s: at most an echo each`, (contender) => {
      const one = cpu('echo', contender)
      return [`${one.toFixed(1)} µs`, cores(IDLE_CLIENTS / PING_INTERVAL * one)]
    }),
    compared(`${thousands(CLIENTS_OF_A_PROCESS)} clients of a process that closes over ${SPREAD} s`, (contender) => {
      const one = cpu('upgrade-cycle', contender)
      return [`${Math.round(one)} µs`, `${cores(CLIENTS_OF_A_PROCESS / SPREAD * one)} for ${SPREAD} s`]
    })
  ]
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  const processes = Math.ceil(IDLE_CLIENTS / CLIENTS_OF_A_PROCESS)
  return line(['what', 'one (fastify-io; stock)', 'fastify-io', 'stock Socket.IO']) + '|---|---|---|---|\n' +
    rows.map(line).join('') +
    `\nOne core is 1,000,000 µs of CPU a second, and processes are counted at ${100 * BUSY} % of theirs. With ` +
    `${thousands(CLIENTS_OF_A_PROCESS)} clients in a process, 10,000,000 are ${processes} processes. ` +
    `Figures of ${results.date.slice(0, 10)}, ${results.machine.cpu}, Node ${results.machine.node}.\n`
}

function size (bytes: number): string {
  return bytes < 100 ? `${Math.round(bytes)} bytes` : `${(bytes / 1000).toFixed(1)} kB`
}

/** @param load µs of CPU a second */
function cores (load: number): string {
  const processes = Math.ceil(load / 1e6 / BUSY)
  return `${(load / 1e6).toFixed(1)} cores, ${processes} process${processes === 1 ? '' : 'es'}`
}

function thousands (count: number): string {
  return count.toLocaleString('en-US')
}

export function readResults (): Results {
  return JSON.parse(readFileSync(new URL('../benchmarks/results.json', import.meta.url), 'utf8')) as Results
}

if (process.argv[1] === import.meta.filename) process.stdout.write(scaleTable(readResults()))
