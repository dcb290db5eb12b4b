// The order of things: rounds outermost, so that a slow minute of the machine falls on everybody, and within
// a round each workload's contenders turn about (cell.ts), beginning with another one each time.
import type { Options } from './args.ts'
import { runCells } from './cell.ts'
import type { Cell } from './cell.ts'
import { contenderOf } from './contenders.ts'
import { deciders, runDecide } from './decide.ts'
import type { DecideCell } from './decide.ts'
import { describeMachine } from './machine.ts'
import { memoryContenders, runMemory } from './memory.ts'
import type { MemoryCell } from './memory.ts'
import { Progress } from './progress.ts'
import type { Output } from './progress.ts'
import type { Results } from './results.ts'
import { STARTS, runStartup, starters } from './startup.ts'
import type { StartupCell } from './startup.ts'
import { runStorm, stormContenders } from './storm.ts'
import { rotate } from './stats.ts'
import type { StormCell } from './storm.ts'
import { warmUpOf } from './warm-up.ts'
import { workloads } from './workloads.ts'

export interface Step {
  readonly section: string
  readonly name: string
  /** Seconds, roughly. */
  readonly cost: number
  run (): Promise<void>
}

/** Where steps leave their figures. */
interface Sheet {
  readonly cells: Record<string, Record<string, Cell[]>>
  readonly decide: Record<string, DecideCell[]>
  readonly memory: Record<string, MemoryCell[]>
  readonly startup: Record<string, StartupCell[]>
  readonly storm: Record<string, StormCell[]>
}

/** What it costs to start and to end a contender, and to warm up a slow one, seconds. */
const OVERHEAD = 0.5
/** How much longer turns take than what is measured of them. */
const DRAIN = 1.4
/** What it costs to start a process and let it load its modules, seconds. */
const START = 0.5
/** What it costs to connect a client, seconds. */
const PER_CLIENT = 0.0005

/**
 * Measures everything that the options ask for.
 *
 * @throws Error when a contender does not start or gives no right answer at all
 */
export async function measure (options: Options, command: string, output: Output): Promise<Results> {
  const machine = describeMachine()
  const date = new Date().toISOString()
  const sheet: Sheet = { cells: {}, decide: {}, memory: {}, startup: {}, storm: {} }
  const steps = plan(options, sheet)
  const progress = new Progress(output, steps.reduce((sum, step) => sum + step.cost, 0))
  try {
    for (const step of steps) {
      progress.begin(step.section, step.name)
      await step.run()
      progress.end(step.cost)
    }
  } finally {
    progress.close()
  }
  const { rounds, duration, connections } = options
  return {
    command,
    date,
    machine,
    rounds,
    duration,
    connections,
    workloads: sheet.cells,
    decide: inOrder(sheet.decide, deciders),
    memory: inOrder(sheet.memory, memoryContenders),
    startup: inOrder(sheet.startup, starters),
    storm: inOrder(sheet.storm, stormContenders)
  }
}

/** All steps, in order. */
export function plan (options: Options, sheet: Sheet): Step[] {
  const { rounds, specialRounds, workloads: wanted } = options
  return Array.from({ length: rounds }, (_, round) => {
    const special = round < specialRounds
    return [
      ...loadSteps(options, sheet, round),
      ...special && wanted.includes('decide') ? decideSteps(options, sheet, round) : [],
      ...wanted.includes('startup') ? startupSteps(options, sheet, round) : [],
      ...wanted.includes('storm') ? stormSteps(options, sheet, round) : [],
      ...special && wanted.includes('memory') ? memorySteps(options, sheet, round) : []
    ].map((step) => ({ ...step, section: `round ${round + 1}/${rounds}  ${step.section}` }))
  }).flat()
}

function loadSteps (options: Options, { cells }: Sheet, round: number): Step[] {
  return workloads.filter(({ id }) => options.workloads.includes(id)).flatMap((workload) => {
    const duration = options.duration * (workload.stretch ?? 1)
    const connections = workload.crowd ?? options.connections
    const window = { warmUp: warmUpOf(options.duration), duration, connections }
    const ids = rotate(chosen(workload.contenders, options), round)
    if (ids.length === 0) return []
    return [{
      section: workload.id,
      name: ids.join(', '),
      cost: ids.length * (window.warmUp.seconds + duration * DRAIN + OVERHEAD + connections * PER_CLIENT),
      run: async () => {
        const lists = cells[workload.id] ??= {}
        const measured = await runCells(ids.map(contenderOf), workload, window)
        measured.forEach((cell, at) => push(lists, ids[at]!, cell))
      }
    }]
  })
}

function decideSteps (options: Options, { decide }: Sheet, round: number): Step[] {
  // Those of others are always there to compare with; ours needs the build.
  const partakers = deciders.filter((id) => id !== 'ours' || options.contenders.includes(id))
  return rotate(partakers, round).map((id) => ({
    section: 'decide',
    name: id,
    cost: options.decideBudget / 40,
    run: async () => push(decide, id, await runDecide(id, options.decideBudget))
  }))
}

function memorySteps (options: Options, { memory }: Sheet, round: number): Step[] {
  return rotate(chosen(memoryContenders, options), round).map((id) => ({
    section: 'memory',
    name: id,
    cost: 1 + options.memory.clients / 1250,
    run: async () => push(memory, id, await runMemory(contenderOf(id), options.memory))
  }))
}

function startupSteps (options: Options, { startup }: Sheet, round: number): Step[] {
  return rotate(chosen(starters, options), round).map((id) => ({
    section: 'startup',
    name: id,
    cost: STARTS * START,
    run: async () => push(startup, id, await runStartup(id))
  }))
}

function stormSteps (options: Options, { storm }: Sheet, round: number): Step[] {
  return rotate(chosen(stormContenders, options), round).map((id) => ({
    section: 'storm',
    name: id,
    cost: 4 + options.storm / 500,
    run: async () => push(storm, id, await runStorm(contenderOf(id), options.storm))
  }))
}

function chosen (ids: readonly string[], { contenders }: Options): string[] {
  return ids.filter((id) => contenders.includes(id))
}

function push<T> (lists: Record<string, T[]>, key: string, value: T): void {
  const list = lists[key] ??= []
  list.push(value)
}

function inOrder<T> (lists: Record<string, T>, order: readonly string[]): Record<string, T> {
  return Object.fromEntries(order.flatMap((key) => key in lists ? [[key, lists[key]!]] : []))
}
