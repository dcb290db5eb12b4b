// The attack on a function that decides about origins: it is asked about neighbours of those that it is meant to allow.

import { INTERCEPTED, mutantsOf, ownership, STRANGERS } from './attack.ts'
import { isLoopback, type Origin, parseOrigin } from '../origin/origin.ts'
import { ownedBy } from './ownership.ts'

/** What is wrong with a function as an `origin`. */
export interface FunctionFinding {
  readonly message: string
  readonly hint: string
  /** An origin that the function accepts and that an attacker can own. */
  readonly proof: string
}

type Ask = (origin: string) => boolean | Promise<boolean>

const CALLS = 64
const BATCH = 16 // calls under way at once

/**
 * Attacks a function that decides about origins, with mutants of those example origins that it allows.
 *
 * @param ask the function; what it throws or rejects with counts as refused
 * @param examples origins that are meant to be allowed, from the policy's other entries
 * @returns the first mutant that it allows although its owner is none of the examples'; never rejects.
 * At most CALLS calls, BATCH of them at once.
 */
export async function auditFunction (
  ask: Ask, examples: readonly string[], { credentials }: { credentials: boolean }
): Promise<FunctionFinding | undefined> {
  const known = examples.filter((text) => parseOrigin(text) !== undefined)
  const own = new Set(known.map((text) => ownedBy(parseOrigin(text)!)?.name))
  const first = known.slice(0, BATCH)
  const allowed = (await answers(ask, first)).filter((text) => text !== undefined)
  const ranks = allowed.map((text) => mutantsOf(text))
  const mutants: string[] = [STRANGERS[0]!]
  const longest = Math.max(0, ...ranks.map((list) => list.length))
  for (let rank = 0; rank < longest; rank++) mutants.push(...ranks.flatMap((list) => list.slice(rank, rank + 1)))
  const dangerous = [...new Set(mutants)].filter((text) => {
    const origin = parseOrigin(text)!
    const owned = ownedBy(origin)
    return (owned !== undefined && !own.has(owned.name)) || (credentials && isDowngrade(origin, allowed))
  })
  for (let at = 0; at < Math.min(dangerous.length, CALLS - first.length); at += BATCH) {
    const batch = dangerous.slice(at, Math.min(at + BATCH, CALLS - first.length))
    const proof = (await answers(ask, batch)).find((text) => text !== undefined)
    if (proof === undefined) continue
    const owned = ownedBy(parseOrigin(proof)!)
    const stolen = owned !== undefined && !own.has(owned.name)
    if (!stolen) {
      const message = `the origin function allows ${proof} ${INTERCEPTED}`
      return { message, hint: 'compare whole origins, with their scheme', proof }
    }
    const message = `the origin function allows ${proof}, ${ownership(owned)}`
    const hint = 'compare whole origins, as `allowed.has(origin)` does, or use patterns such as "https://*.example.com"'
    return { message, hint, proof }
  }
  return undefined
}

/** Plain http where the examples say https. */
function isDowngrade (origin: Origin, allowed: readonly string[]): boolean {
  return origin.scheme === 'http' && !isLoopback(origin) && !allowed.some((text) => text.startsWith('http:'))
}

/** Which of the origins the function allows, each at its own place. */
async function answers (ask: Ask, origins: readonly string[]): Promise<Array<string | undefined>> {
  return await Promise.all(origins.map(async (origin) => {
    try {
      return await ask(origin) === true ? origin : undefined
    } catch {
      return undefined
    }
  }))
}
