import { parseArgs } from 'node:util'
import { configurations } from './configurations.ts'

export interface Options {
  /** Determines everything but timing. */
  readonly seed: number
  /** s; `Infinity` when `requests` bounds the run. */
  readonly seconds: number
  /** Answers to wait for. */
  readonly requests: number
  readonly workers: number
  /** Connections of a round. */
  readonly connections: number
  readonly configurations: readonly string[]
  readonly round: { readonly seed: number, readonly only: number | undefined } | undefined
  readonly all: boolean
  readonly help: boolean
}

/** What was typed is wrong; the message says what. */
export class UsageError extends Error {}

const names = Object.keys(configurations)

export const help = `Usage: npm run fuzz -- [options]

Sends raw bytes to servers of many configurations: REST, long-polling, upgrades and
WebSocket frames, right and wrong. Exits with 1 when a server does what it must not.

  --seed N             what determines everything but timing (random, and printed)
  --seconds S          how long (60, unless --requests is given)
  --requests N         how many requests have to be answered
  --workers N          processes (2)
  --connections N      connections of a round (600)
  --configurations L   of ${names.slice(0, 7).join(', ')},
                       ${names.slice(7, 13).join(', ')},
                       ${names.slice(13).join(', ')}
  --round SEED         one round again, by the seed that a report names
  --connection N       nothing of that round but this connection
  --all                go on after a violation; each kind is printed once for a configuration
  --help               this text`

/** @throws {UsageError} */
export function parse (argv: readonly string[]): Options {
  const { values } = read(argv)
  const number = (
    name: 'seed' | 'seconds' | 'requests' | 'workers' | 'connections' | 'round' | 'connection',
    least: number,
    otherwise: number
  ): number => {
    const given = values[name]
    if (given === undefined) return otherwise
    const value = Number(given)
    if (!(value >= least) || (name !== 'seconds' && !Number.isSafeInteger(value))) {
      throw new UsageError(`--${name} takes a number from ${least} on, not ${given}`)
    }
    return value
  }
  const chosen = values.configurations?.split(',').map((name) => name.trim()) ?? names
  const unknown = chosen.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new UsageError(`no configuration has this name: ${unknown}`)
  if (values.round !== undefined && chosen.length !== 1) {
    throw new UsageError('--round needs --configurations with one name')
  }
  if (values.connection !== undefined && values.round === undefined) throw new UsageError('--connection needs --round')
  return {
    seed: number('seed', 0, Math.floor(Math.random() * 2 ** 32)),
    seconds: number('seconds', 0.001, values.requests === undefined && values.round === undefined ? 60 : Infinity),
    requests: number('requests', 1, Infinity),
    workers: values.round === undefined ? number('workers', 1, 2) : 1,
    connections: number('connections', 1, 600),
    configurations: chosen,
    round: values.round === undefined
      ? undefined
      : { seed: number('round', 0, 0), only: values.connection === undefined ? undefined : number('connection', 0, 0) },
    all: values.all === true,
    help: values.help === true
  }
}

function read (argv: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...argv],
      options: {
        seed: text,
        seconds: text,
        requests: text,
        workers: text,
        connections: text,
        configurations: text,
        round: text,
        connection: text,
        all: flag,
        help: flag
      }
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
