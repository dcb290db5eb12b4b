// Which regexps backtrack more than in proportion to an origin's length. Judged by ambiguity, the cause of it (Weideman
// et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers", 2016). A word that leads from
// a state back to itself in two ways makes matching exponential. One that loops on a state, leads to another, and loops
// there too makes it polynomial.
//
// An origin is at most a few hundred characters, and a label at most 63 of them (RFC 1035 2.3.4). So a constant bounds
// ambiguity that cannot cross a dot. It is allowed up to the third power (measured: below 40 µs). So is the scan for a
// start of a regexp without `^`, to which a browser's Origin adds at most one power.

import type { AST } from '@eslint-community/regexpp'
import { Automaton, DOT_BIT, STEPS_LIMIT, TooComplex } from './automaton.ts'
import { CharTable } from './chars.ts'
import { stronglyConnected } from './strongly-connected.ts'

const LABEL_POWER = 3

/** How a regexp's matching time grows with the length of the origin, when that is faster than it should. */
export type Growth = 'exponential' | 'polynomial'

/** States of the automaton that lead to each other. */
type Loop = readonly number[]

/**
 * Judges a parsed regexp without running it; takes a few milliseconds at the most.
 *
 * @throws {TooComplex} when its automaton outgrows the audit's limits
 */
export function growthOf (pattern: AST.Pattern, flags: AST.Flags): Growth | undefined {
  const whole = new Automaton(pattern.alternatives, new CharTable(flags.raw))
  const scan = pattern.alternatives.every(startsAnchored) ? 0 : 1
  return growthOfAutomaton(whole, scan)
}

function growthOfAutomaton (automaton: Automaton, scan: number): Growth | undefined {
  const { follow, low, high } = automaton
  const pumped = follow.map((followers) => [...followers.keys()].filter((state) => (low[state]! | high[state]!) !== 0))
  const components = stronglyConnected([...pumped.keys()], (state) => pumped[state]!)
  const loops = components.filter((states) => states.length > 1 || pumped[states[0]!]!.includes(states[0]!))
  if (loops.some((loop) => isExponential(automaton, loop, pumped))) return 'exponential'
  if (isPolynomial(automaton, loops, scan)) return 'polynomial'
  for (const lookaround of automaton.lookarounds) {
    const growth = growthOfAutomaton(lookaround, 1)
    if (growth !== undefined) return growth
  }
  return undefined
}

function startsAnchored ({ elements }: AST.Alternative): boolean {
  const [first] = elements
  if (first?.type === 'Assertion') return first.kind === 'start'
  return (first?.type === 'Group' || first?.type === 'CapturingGroup') && first.alternatives.every(startsAnchored)
}

/**
 * Whether one word goes round a loop in two ways: in the automaton of pairs, a diagonal state shares a strongly
 * connected component with a state off the diagonal.
 *
 * @param pumped the followers of each state that accept a character of a host
 */
function isExponential ({ size, follow, low, high }: Automaton, loop: Loop, pumped: readonly Loop[]): boolean {
  const inside = new Set(loop)
  const nearby = new Map(loop.map((state) => [state, pumped[state]!.filter((to) => inside.has(to))]))
  if (loop.some((state) => nearby.get(state)!.some((to) => follow[state]!.get(to)! > 1))) return true
  const next = (pair: number): number[] => {
    const pairs: number[] = []
    for (const a of nearby.get(Math.floor(pair / size))!) {
      for (const b of nearby.get(pair % size)!) {
        if (((low[a]! & low[b]!) | (high[a]! & high[b]!)) !== 0) pairs.push(Math.min(a, b) * size + Math.max(a, b))
      }
    }
    return pairs
  }
  const isDiagonal = (pair: number): boolean => pair % (size + 1) === 0
  const diagonals = loop.map((state) => state * size + state)
  return stronglyConnected(diagonals, next).some((pairs) => pairs.some(isDiagonal) && !pairs.every(isDiagonal))
}

/**
 * Whether words exist that loop on one state, lead to a state of another loop, and loop there: too many of them, or
 * across dots.
 *
 * @param loops each after those that it leads to, so that a chain is walked from its end
 */
function isPolynomial (automaton: Automaton, loops: readonly Loop[], scan: number): boolean {
  const budget = { steps: STEPS_LIMIT }
  const longest = new Map<number, number>() // loop -> length of the longest chain of ambiguous loops that ends there
  for (const [from, loop] of loops.entries()) {
    let length = 1
    for (let to = 0; to < from; to++) {
      if (loops[to]!.some((state) => alwaysEndsAt(automaton, state))) continue
      const word = ambiguity(automaton, loop, loops[to]!, budget)
      if (word === 'dotted') return true
      if (word === 'label') length = Math.max(length, 1 + longest.get(to)!)
    }
    longest.set(from, length)
    if (length > 1 && length + scan > LABEL_POWER) return true
  }
  return false
}

/** A match that reached this state succeeds whatever follows, as in `foo.*` or `foo.*$`: nothing to backtrack for. */
function alwaysEndsAt (automaton: Automaton, state: number): boolean {
  return automaton.last.has(state) && !automaton.hasGuard && (!automaton.hasEnd || automaton.full[state]!)
}

/** Where one word leads from p (to stay there), from p (to reach q), and from q; whether it has a dot (`1`). */
type Triple = readonly [a: number, b: number, c: number, dotted: 0 | 1]

/** Looks for p, q and a word with p -w-> p, p -w-> q, q -w-> q, where p is in `from` and q in `to`. */
function ambiguity (
  automaton: Automaton, from: Loop, to: Loop, budget: { steps: number }
): 'dotted' | 'label' | undefined {
  const [inFrom, inTo] = [new Set(from), new Set(to)]
  let found: 'label' | undefined
  for (const p of from) {
    for (const q of to) {
      const word = wordBetween(p, q, automaton.size, (triple) => successors(automaton, triple, inFrom, inTo, budget))
      if (word === 'dotted') return word
      found ??= word
    }
  }
  return found
}

function wordBetween (
  p: number, q: number, size: number, follow: (triple: Triple) => Iterable<Triple>
): 'dotted' | 'label' | undefined {
  let found: 'label' | undefined
  const seen = new Set<number>()
  const stack: Triple[] = [[p, p, q, 0]]
  for (let triple = stack.pop(); triple !== undefined; triple = stack.pop()) {
    for (const next of follow(triple)) {
      const [a, b, c, dotted] = next
      const isWord = a === p && b === q && c === q
      if (isWord && dotted === 1) return 'dotted'
      if (isWord) found = 'label'
      const key = ((a * size + b) * size + c) * 2 + dotted
      if (!seen.has(key)) stack.push(next)
      seen.add(key)
    }
  }
  return found
}

/** The triples that one more character leads to; a letter and a dot make two. */
function * successors (
  { follow, low, high }: Automaton, [a, b, c, dotted]: Triple, inFrom: ReadonlySet<number>, inTo: ReadonlySet<number>,
  budget: { steps: number }
): Generator<Triple> {
  for (const nextA of follow[a]!.keys()) {
    if (!inFrom.has(nextA)) continue
    for (const nextC of follow[c]!.keys()) {
      const sharedLow = low[nextA]! & low[nextC]!
      const sharedHigh = high[nextA]! & high[nextC]!
      if (!inTo.has(nextC) || (sharedLow | sharedHigh) === 0) continue
      for (const nextB of follow[b]!.keys()) {
        if (--budget.steps < 0) throw new TooComplex()
        const byLabel = (sharedLow & low[nextB]!) | (sharedHigh & high[nextB]! & ~DOT_BIT)
        if (byLabel !== 0) yield [nextA, nextB, nextC, dotted]
        if ((sharedHigh & high[nextB]! & DOT_BIT) !== 0) yield [nextA, nextB, nextC, 1]
      }
    }
  }
}
