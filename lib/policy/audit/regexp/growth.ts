// Which regexps backtrack more than in proportion to an origin's length. Judged by ambiguity, the cause of it (Weideman et al.,
// "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers", 2016): a word that leads from a state back
// to itself in two ways makes matching exponential; one that loops on a state, leads to another, and loops there too makes it polynomial.
//
// An origin is at most a few hundred characters, and a label at most 63 of them (RFC 1035 2.3.4). So ambiguity that cannot cross a dot
// is bounded by a constant, and is allowed up to the third power (measured: below 40 µs), as is the scan for a start of a
// regexp without `^`, to which a browser's Origin adds at most one power.

import type { AST } from '@eslint-community/regexpp'
import { Automaton, DOT_BIT, TooComplex } from './automaton.ts'
import { CharTable } from './chars.ts'

const STEPS_LIMIT = 300_000
const LABEL_POWER = 3

/** How a regexp's matching time grows with the length of the origin, when that is faster than it should. */
export type Growth = 'exponential' | 'polynomial'

/**
 * Judges a parsed regexp without running it; takes a few milliseconds at the most.
 * Throws TooComplex when its automaton outgrows the audit's limits.
 */
export function growthOf (pattern: AST.Pattern, flags: AST.Flags): Growth | undefined {
  const whole = new Automaton(pattern.alternatives, new CharTable(flags.raw))
  const scan = pattern.alternatives.every(startsAnchored) ? 0 : 1
  return growthOfAutomaton(whole, scan)
}

function growthOfAutomaton (automaton: Automaton, scan: number): Growth | undefined {
  const components = exponentialOr(automaton)
  if (components === 'exponential') return 'exponential'
  if (isPolynomial(automaton, components, scan)) return 'polynomial'
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
 * The loops of the automaton, as sets of states, or 'exponential' when one of them can be gone round in two ways by the same word:
 * in the automaton of pairs, a diagonal state shares a strongly connected component with a state off the diagonal.
 */
function exponentialOr (automaton: Automaton): ReadonlyArray<readonly number[]> | 'exponential' {
  const { size, follow, low, high } = automaton
  const pumped = follow.map((followers) => [...followers.keys()].filter((state) => (low[state]! | high[state]!) !== 0))
  const components = stronglyConnected([...pumped.keys()], (state) => pumped[state]!)
  const loops = components.filter((states) => states.length > 1 || pumped[states[0]!]!.includes(states[0]!))
  for (const loop of loops) {
    const inside = new Set(loop)
    const nearby = new Map(loop.map((state) => [state, pumped[state]!.filter((to) => inside.has(to))]))
    if (loop.some((state) => nearby.get(state)!.some((to) => follow[state]!.get(to)! > 1))) return 'exponential'
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
    if (stronglyConnected(diagonals, next).some((pairs) => pairs.some(isDiagonal) && !pairs.every(isDiagonal))) { return 'exponential' }
  }
  return loops
}

/** Whether words exist that loop on one state, lead to a state of another loop, and loop there: too many of them, or across dots. */
function isPolynomial (automaton: Automaton, loops: ReadonlyArray<readonly number[]>, scan: number): boolean {
  const budget = { steps: STEPS_LIMIT }
  const longest = new Map<number, number>() // loop -> length of the longest chain of ambiguous loops that ends there
  // Tarjan's algorithm yields a component after those that it leads to, so a chain is walked from its end.
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

/** A match that has reached this state succeeds whatever follows, as in `foo.*` or `foo.*$`: nothing to backtrack for. */
function alwaysEndsAt (automaton: Automaton, state: number): boolean {
  return automaton.last.has(state) && !automaton.hasGuard && (!automaton.hasEnd || automaton.full[state]!)
}

/** Looks for p, q and a word with p -w-> p, p -w-> q, q -w-> q, where p is in `from` and q in `to`. */
function ambiguity (
  automaton: Automaton,
  from: readonly number[],
  to: readonly number[],
  budget: { steps: number }
): 'dotted' | 'label' | undefined {
  const { size, follow, low, high } = automaton
  const [inFrom, inTo] = [new Set(from), new Set(to)]
  let found: 'label' | undefined
  for (const p of from) {
    for (const q of to) {
      const seen = new Set<number>()
      const stack: Array<readonly [number, number, number, number]> = [[p, p, q, 0]]
      while (stack.length > 0) {
        const [a, b, c, dotted] = stack.pop()!
        for (const nextA of follow[a]!.keys()) {
          if (!inFrom.has(nextA)) continue
          for (const nextC of follow[c]!.keys()) {
            if (!inTo.has(nextC)) continue
            const sharedLow = low[nextA]! & low[nextC]!
            const sharedHigh = high[nextA]! & high[nextC]!
            if ((sharedLow | sharedHigh) === 0) continue
            for (const nextB of follow[b]!.keys()) {
              if (--budget.steps < 0) throw new TooComplex()
              const byLabel = (sharedLow & low[nextB]!) | (sharedHigh & high[nextB]! & ~DOT_BIT)
              const byDot = sharedHigh & high[nextB]! & DOT_BIT
              for (const dot of [byLabel !== 0 ? dotted : -1, byDot !== 0 ? 1 : -1]) {
                if (dot < 0) continue
                if (nextA === p && nextB === q && nextC === q) {
                  if (dot === 1) return 'dotted'
                  found = 'label'
                }
                const key = ((nextA * size + nextB) * size + nextC) * 2 + dot
                if (seen.has(key)) continue
                seen.add(key)
                stack.push([nextA, nextB, nextC, dot])
              }
            }
          }
        }
      }
    }
  }
  return found
}

/** Tarjan's algorithm without recursion, over the states that can be reached from `roots`. */
function stronglyConnected (roots: readonly number[], next: (state: number) => readonly number[]): number[][] {
  const order = new Map<number, number>()
  const lowest = new Map<number, number>()
  const open: number[] = []
  const isOpen = new Set<number>()
  const components: number[][] = []
  let budget = STEPS_LIMIT
  for (const root of roots) {
    if (order.has(root)) continue
    const enter = (state: number): { state: number, followers: readonly number[], at: number } => {
      order.set(state, order.size)
      lowest.set(state, order.get(state)!)
      open.push(state)
      isOpen.add(state)
      const followers = next(state)
      budget -= followers.length
      if (budget < 0) throw new TooComplex()
      return { state, followers, at: 0 }
    }
    const calls = [enter(root)]
    while (calls.length > 0) {
      const call = calls.at(-1)!
      const follower = call.followers[call.at++]
      if (follower !== undefined) {
        if (!order.has(follower)) calls.push(enter(follower))
        else if (isOpen.has(follower)) lowest.set(call.state, Math.min(lowest.get(call.state)!, order.get(follower)!))
        continue
      }
      calls.pop()
      const caller = calls.at(-1)
      if (caller !== undefined) lowest.set(caller.state, Math.min(lowest.get(caller.state)!, lowest.get(call.state)!))
      if (lowest.get(call.state) !== order.get(call.state)) continue
      const component = open.splice(open.lastIndexOf(call.state))
      for (const state of component) isOpen.delete(state)
      components.push(component)
    }
  }
  return components
}
