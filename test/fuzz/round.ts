import { configurations } from './configurations.ts'
import { drive } from './drive.ts'
import { activity, emptied, openFiles } from './leftovers.ts'
import { Random, seedOf } from './random.ts'
import { serve } from './server.ts'
import { PATIENCE } from './wire.ts'
import type { Tally, Violation, World } from './world.ts'

/** ms between two updates of a policy. */
const UPDATES = 40
/** ms that app.close() may take. */
const PROMPT = 5000

export interface Round {
  readonly configuration: string
  readonly seed: number
  readonly connections: number
  /** One connection alone. */
  readonly only?: number | undefined
  readonly tally: Tally
  readonly report: (violation: Violation) => void
  readonly stopped: () => boolean
}

/** One server from its start to its close, with many connections in between, and a look at what is left. */
export async function runRound (
  { configuration, seed, connections, only, tally, report, stopped }: Round
): Promise<void> {
  const random = new Random(seedOf(seed, -1))
  const before = activity()
  const files = openFiles()
  const chosen = configurations[configuration]!(random)
  const { app, port, scopes, remains, update } = await serve(chosen, report)
  const world: World = {
    port,
    scopes,
    shared: chosen.shared === true,
    tally,
    closing: false,
    wires: new Set(),
    numbers: new Map(),
    report
  }
  const timers = [setInterval(() => { for (const wire of world.wires) wire.check(performance.now()) }, 250).unref()]
  if (random.chance(40)) {
    let flickering = false
    timers.push(setInterval(() => { update(flickering = !flickering) }, UPDATES).unref())
  }
  const closesUnderLoad = random.chance(10) && only === undefined
  const driving = drive({ world, seed, connections, only, stopped })
  if (closesUnderLoad) {
    await Promise.race([driving, pause(random.between(200, 800))])
    world.closing = true
  } else {
    await driving
    await emptied(world, remains, before, undefined, 'the clients have gone')
  }
  const begun = performance.now()
  const ended = await Promise.race([app.close().then(() => true), pause(PATIENCE).then(() => false)])
  const took = performance.now() - begun
  if (!ended || took > PROMPT) {
    report({
      oracle: 'app.close() returns promptly',
      detail: ended ? `it took ${took.toFixed(0)} ms` : `it has not returned after ${PATIENCE} ms`
    })
  }
  await driving
  for (const timer of timers) clearInterval(timer)
  await emptied(
    world,
    remains,
    before,
    files,
    closesUnderLoad ? 'the server has closed under load' : 'the server has closed'
  )
  // what was held must not spoil the next round
  for (const socket of remains.sockets) socket.destroy()
}

function pause (ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms).unref() })
}
