// Runs decide/main.js: what one decision costs, without a server around it.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface DecideCase {
  /** ms to make the policy from the list. */
  readonly compile: number
  /** ns for an origin on the list, averaged over the list. */
  readonly hit: number
  /** ns for a well-formed origin that is not. */
  readonly miss: number
  /** ns for 8 kB of labels. */
  readonly hostile: number
}

/** By the number of origins on the list: 3, 1000, 100000. */
export type DecideCell = Readonly<Record<string, DecideCase>>

/** Keys of decide/deciders.js. */
export const deciders: readonly string[] = ['cors', '@fastify/cors', 'ours']

/**
 * @param decider one of `deciders`
 * @param budget ms per case, roughly
 * @throws Error when a decision was wrong, or the process ended without an answer
 */
export async function runDecide (decider: string, budget: number): Promise<DecideCell> {
  const { NODE_OPTIONS: _, ...env } = process.env
  const file = fileURLToPath(new URL('decide/main.js', import.meta.url))
  const child = fork(file, [decider, String(budget)], { execArgv: [], env: { ...env, NODE_ENV: 'production' } })
  return await new Promise<DecideCell>((resolve, reject) => {
    child.once('message', (cell: DecideCell) => resolve(cell))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the decider ${decider} ended with code ${code}`)))
  })
}
