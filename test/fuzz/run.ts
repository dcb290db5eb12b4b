// The command line: `npm run fuzz`. Starts the workers, adds up what they tell, and prints what they find.
import { type ChildProcess, fork } from 'node:child_process'
import { help, type Options, parse, UsageError } from './args.ts'
import { seedOf } from './random.ts'
import type { Message, Orders } from './worker.ts'
import type { Violation } from './world.ts'

/** ms without an answer or a new round, after which a worker counts as hung: more than all its waits in a round. */
const STANDSTILL = 90_000
/** MB of heap for a worker: one that leaks ends. */
const HEAP = 1024
/** ms between two lines about how far the run is. */
const LINES = 10_000

interface Worker {
  readonly child: ChildProcess
  /** When it last got on. */
  moved: number
  done: boolean
  round: { readonly configuration: string, readonly seed: number } | undefined
  tally: Extract<Message, { type: 'tally' }> | undefined
}

/** @returns the exit code */
async function run (options: Options): Promise<number> {
  const { seed, seconds, requests, workers: count, connections, configurations, round, all } = options
  console.log(`seed ${seed}, ${count} workers, Node ${process.version}`)
  const begun = performance.now()
  const found = new Set<string>()
  const workers = Array.from(
    { length: count },
    (_, at) =>
      start({
        seed: seedOf(seed, at),
        connections,
        configurations: turned(configurations, Math.floor(at * configurations.length / count)),
        round,
        all
      })
  )
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    for (const { child } of workers) if (child.connected) child.send('stop')
  }
  const complain = (configuration: string, roundSeed: number, violation: Violation): void => {
    const key = `${violation.oracle} / ${configuration}`
    if (!found.has(key)) print(configuration, roundSeed, connections, violation)
    found.add(key)
    if (!all) stop()
  }
  const checking = setInterval(() => {
    const now = performance.now()
    if (now - begun > seconds * 1000 || answersOf(workers) >= requests) stop()
    for (const { child, moved, done, round } of workers) {
      if (done || now - moved < STANDSTILL) continue
      complain(round?.configuration ?? '', round?.seed ?? 0, {
        oracle: 'no endless loop',
        detail: `the worker has not got on for ${STANDSTILL} ms`
      })
      child.kill('SIGKILL')
    }
  }, 100)
  const telling = setInterval(() => console.log(summary(workers, begun)), LINES)
  await Promise.all(workers.map((worker) => listen(worker, complain)))
  clearInterval(checking)
  clearInterval(telling)
  console.log(summary(workers, begun, true))
  console.log(found.size === 0 ? 'no violation' : `violations: ${found.size}\n  ${[...found].join('\n  ')}`)
  return found.size === 0 ? 0 : 1
}

function start (orders: Orders): Worker {
  const child = fork(new URL('worker.ts', import.meta.url), {
    execArgv: ['--import', 'tsx', `--max-old-space-size=${HEAP}`]
  })
  child.send(orders)
  return { child, moved: performance.now(), done: false, round: undefined, tally: undefined }
}

function listen (
  worker: Worker, complain: (configuration: string, seed: number, violation: Violation) => void
): Promise<void> {
  return new Promise((resolve) => {
    worker.child.on('message', (message: Message) => {
      if (message.type !== 'tally' || message.tally.answers !== worker.tally?.tally.answers) {
        worker.moved = performance.now()
      }
      if (message.type === 'round') worker.round = message
      else if (message.type === 'tally') worker.tally = message
      else if (message.type === 'violation') complain(message.configuration, message.seed, message.violation)
      else worker.done = true
    })
    worker.child.on('exit', (code, signal) => {
      if (!worker.done) {
        complain(worker.round?.configuration ?? '', worker.round?.seed ?? 0, {
          oracle: 'no crash',
          detail: `the worker ended with ${signal ?? code}`
        })
      }
      worker.done = true
      resolve()
    })
  })
}

/** Workers begin with different configurations. */
function turned<T> (list: readonly T[], by: number): T[] {
  return [...list.slice(by), ...list.slice(0, by)]
}

function answersOf (workers: readonly Worker[]): number {
  return workers.reduce((sum, { tally }) => sum + (tally?.tally.answers ?? 0), 0)
}

function summary (workers: readonly Worker[], begun: number, whole = false): string {
  const seconds = (performance.now() - begun) / 1000
  const sum = (of: (tally: Extract<Message, { type: 'tally' }>) => number): number =>
    workers.reduce((total, { tally }) => total + (tally === undefined ? 0 : of(tally)), 0)
  const answers = answersOf(workers)
  const text =
    `${seconds.toFixed(0)} s: ${answers} answers (${(answers / seconds).toFixed(0)} a second), ${
      sum(({ tally }) => tally.connections)
    } connections, ` +
    `${sum(({ tally }) => tally.frames)} frames, ${sum(({ rounds }) => rounds)} rounds, ${
      (Math.max(...workers.map(({ tally }) => tally?.resident ?? 0)) / 2 ** 20).toFixed(0)
    } MB resident`
  if (!whole) return text
  const statuses = new Map<string, number>()
  for (const { tally } of workers) {
    for (const [status, times] of Object.entries(tally?.tally.statuses ?? {})) {
      statuses.set(status, (statuses.get(status) ?? 0) + times)
    }
  }
  return `${text}\nanswers by status: ${
    [...statuses].sort().map(([status, times]) => `${status}: ${times}`).join(', ')
  }`
}

function print (
  configuration: string, seed: number, connections: number, { oracle, detail, connection, sent, received }: Violation
): void {
  const again = `npm run fuzz -- --configurations '${configuration}' --round ${seed}${
    connections === 600 ? '' : ` --connections ${connections}`
  }`
  console.log(
    `\nVIOLATION: ${oracle}\n  ${detail}\n  configuration: ${configuration}, seed of the round: ${seed}${
      connection === undefined ? '' : `, connection ${connection}`
    }`
  )
  console.log(`  again: ${again}${connection === undefined ? '' : `\n     or: ${again} --connection ${connection}`}`)
  if (sent) console.log(`  sent: ${JSON.stringify(sent)}`)
  if (received) console.log(`  received: ${JSON.stringify(received)}`)
  console.log()
}

try {
  const options = parse(process.argv.slice(2))
  if (options.help) console.log(help)
  else process.exitCode = await run(options)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${help}`)
  process.exitCode = 2
}
