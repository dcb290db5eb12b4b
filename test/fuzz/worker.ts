// A process of the fuzzer: server and clients together, one round after the other, until it is told to stop.
import { configurations } from './configurations.ts'
import { seedOf } from './random.ts'
import { runRound } from './round.ts'
import type { Tally, Violation } from './world.ts'

/** What a worker is to do. */
export interface Orders {
  readonly seed: number
  /** Connections of a round. */
  readonly connections: number
  /** Names of configurations; they take turns. */
  readonly configurations: readonly string[]
  /** One round by its own seed, once; left out: rounds without end. */
  readonly round?: { readonly seed: number, readonly only: number | undefined } | undefined
  /** Whether to go on after a violation. */
  readonly all: boolean
}

/** What a worker tells. */
export type Message =
  | { readonly type: 'round'; readonly configuration: string; readonly seed: number }
  | {
    readonly type: 'tally'
    readonly tally: Tally
    readonly rounds: number
    readonly heap: number
    readonly resident: number
  }
  | { readonly type: 'violation'; readonly configuration: string; readonly seed: number; readonly violation: Violation }
  | { readonly type: 'done' }

/** ms between two reports of the tally. */
const TELLING = 500

const send = (message: Message): void => { process.send?.(message) }
const tally: Tally = { connections: 0, requests: 0, answers: 0, statuses: {}, frames: 0 }
let rounds = 0
let stopped = false
let now = { configuration: '', seed: 0 }

// whoever ordered it is gone: nobody would ever stop it
process.once('disconnect', () => process.exit(1))
process.once('message', (orders: Orders) => {
  work(orders).then(() => {
    tell()
    // what a server holds must not hold this process
    process.send!({ type: 'done' } satisfies Message, () => process.exit())
  }, (error: unknown) => report({ oracle: 'the fuzzer works', detail: inWords(error) }))
})

async function work ({ seed, connections, configurations: names, round, all }: Orders): Promise<void> {
  process.on('message', () => { stopped = true })
  process.on('uncaughtException', (error) => report({ oracle: 'no uncaughtException', detail: inWords(error) }))
  process.on('unhandledRejection', (reason) => report({ oracle: 'no unhandledRejection', detail: inWords(reason) }))
  process.on('warning', (warning) => {
    if (warning.name === 'MaxListenersExceededWarning') {
      report({ oracle: 'listeners do not pile up', detail: inWords(warning) })
    }
  })
  setInterval(tell, TELLING).unref()
  for (let at = 0; !stopped; at++) {
    now = { configuration: names[at % names.length]!, seed: round?.seed ?? seedOf(seed, at) }
    if (!(now.configuration in configurations)) throw new Error(`no configuration has this name: ${now.configuration}`)
    send({ type: 'round', ...now })
    await runRound({ ...now, connections, only: round?.only, tally, report: reporter(all), stopped: () => stopped })
    rounds++
    if (round !== undefined) return
  }
}

function reporter (all: boolean): (violation: Violation) => void {
  return (violation) => {
    report(violation)
    if (!all) stopped = true
  }
}

function report (violation: Violation): void {
  send({ type: 'violation', ...now, violation })
}

function tell (): void {
  const { heapUsed, rss } = process.memoryUsage()
  send({ type: 'tally', tally, rounds, heap: heapUsed, resident: rss })
}

function inWords (error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error)
}
