// The command line.
import { parseArgs } from 'node:util'
import { contenders } from './contenders.ts'
import type { MemoryPlan } from './memory.ts'
import { apart, special, workloads } from './workloads.ts'

export interface Options {
  readonly contenders: readonly string[]
  readonly workloads: readonly string[]
  readonly rounds: number
  /** Seconds of each measured window; the warm-up before it follows from them. */
  readonly duration: number
  readonly connections: number
  /** Rounds of decide and memory, which vary little. */
  readonly specialRounds: number
  readonly memory: MemoryPlan
  /** Clients of the storm. */
  readonly storm: number
  /** ms per case of decide. */
  readonly decideBudget: number
  readonly check: boolean
  /** Everything was asked for, at full length: the run's figures may be published. */
  readonly complete: boolean
  readonly json: string | undefined
  readonly svg: string | undefined
  readonly from: string | undefined
  readonly help: boolean
}

/** What was typed is wrong; the message says what. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const allContenders = contenders.map(({ id }) => id)
const allWorkloads = [...workloads.map(({ id }) => id), ...special]

export const help = `Usage: npm run bench -- [options]

Runs every contender under every workload, each in a new process, and prints
throughput, latency and the server's CPU per operation beside stock Socket.IO and beside
the least that Node can do.

  --workloads LIST    of ${allWorkloads.slice(0, 7).join(', ')},
                      ${allWorkloads.slice(7, 13).join(', ')},
                      ${allWorkloads.slice(13).join(', ')};
                      and ${apart.join(', ')}, which runs only when it is named
  --contenders LIST   of ${allContenders.slice(0, 5).join(', ')},
                      ${allContenders.slice(5).join(', ')}
  --rounds N          rounds, interleaved (5)
  --duration S        seconds of each measured window (0.6); its warm-up takes a third of them, and
                      longer where operations are slow
  --connections N     clients at once (50)
  --quick             everything within a minute: one short round, smaller crowds
  --check             exit with 1 when a figure misses its floor in benchmarks/floors.json
  --json FILE         where the figures go; a complete run writes benchmarks/results.json anyway
  --svg FILE          where the chart goes; a complete run writes docs/benchmarks.svg anyway
  --from FILE         run nothing: tables, chart and check from figures saved before
  --help              this text

"ours" needs the build in dist/, which \`npm run bench\` makes.`

/**
 * @param argv what follows the script's name
 * @throws UsageError
 */
export function parse (argv: readonly string[]): Options {
  const values = read(argv)
  const { quick = false, check = false, help = false, json, svg, from } = values
  const whole = values.contenders === undefined && values.workloads === undefined
  return {
    contenders: list('contenders', values.contenders, allContenders),
    workloads: list('workloads', values.workloads, allWorkloads, apart),
    rounds: number('rounds', values.rounds, quick ? 1 : 5, true),
    duration: number('duration', values.duration, quick ? 0.25 : 0.6, false),
    connections: number('connections', values.connections, 50, true),
    specialRounds: Math.min(number('rounds', values.rounds, quick ? 1 : 5, true), 2),
    memory: quick ? { handshakes: 3000, clients: 500 } : { handshakes: 10_000, clients: 5000 },
    storm: quick ? 500 : 5000,
    decideBudget: quick ? 20 : 100,
    check,
    complete: whole && !quick && from === undefined,
    json,
    svg,
    from,
    help
  }
}

type Values =
  & Partial<
    Record<'contenders' | 'workloads' | 'rounds' | 'duration' | 'connections' | 'json' | 'svg' | 'from', string>
  >
  & Partial<Record<'quick' | 'check' | 'help', boolean>>

function read (argv: readonly string[]): Values {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...argv],
      options: {
        contenders: text,
        workloads: text,
        rounds: text,
        duration: text,
        connections: text,
        json: text,
        svg: text,
        from: text,
        quick: flag,
        check: flag,
        help: { ...flag, short: 'h' }
      }
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** @param standard what there is without the flag; `more` must be named */
function list (
  name: string, value: string | undefined, standard: readonly string[], more: readonly string[] = []
): readonly string[] {
  if (value === undefined) return standard
  const known = [...standard, ...more]
  const wanted = value.split(',').map((item) => item.trim()).filter((item) => item !== '')
  const unknown = wanted.filter((item) => !known.includes(item))
  if (unknown.length > 0) throw new UsageError(`--${name}: ${unknown.join(', ')} is none of ${known.join(', ')}`)
  if (wanted.length === 0) throw new UsageError(`--${name}: nothing in the list`)
  // In the order of the tables, whatever order they were named in, and once each.
  return known.filter((item) => wanted.includes(item))
}

function number (name: string, value: string | undefined, fallback: number, whole: boolean): number {
  if (value === undefined) return fallback
  const result = Number(value)
  if (value.trim() === '' || !(result > 0) || !Number.isFinite(result) || (whole && !Number.isInteger(result))) {
    throw new UsageError(`--${name}: ${JSON.stringify(value)} is not a ${whole ? 'whole ' : ''}number above 0`)
  }
  return result
}
