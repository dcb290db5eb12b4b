// A regexp as a position automaton (Glushkov): one state per single-character matcher, an edge wherever one may follow
// another. Edges that arise twice are counted, since `(a+)+` differs from `a+` in nothing else.

import type { AST } from '@eslint-community/regexpp'
import { CharTable, isCharNode, ORIGIN_CHARS, type CharNode } from './chars.ts'

/** Thrown when a regexp needs more states or steps than an audit at start-up may spend. */
export class TooComplex extends Error {
  constructor () {
    super('the regexp is too complex to be audited')
    this.name = 'TooComplex'
  }
}

/** The letters of a host, bit by bit. Only these come in runs: an origin has one `://`, and a port has five digits. */
const PUMPED = 'abcdefghijklmnopqrstuvwxyz0123456789-_.'
const HALF = 26

/** Steps of each search through an automaton. */
export const STEPS_LIMIT = 300_000
const STATES_LIMIT = 50_000
const EDGES_LIMIT = 200_000
const CHAIN_LIMIT = 64 // `[a-f0-9]{32}` is 32 states
const EXPAND_LIMIT = 10 // `\d{1,5}` is 5 states; `[a-z0-9-]{1,63}` counts as unbounded

interface Fragment {
  readonly nullable: boolean
  readonly first: readonly number[]
  readonly last: readonly number[]
}

const NOTHING: Fragment = { nullable: true, first: [], last: [] }

/** The automaton of one regexp, or of one look-around's body. */
export class Automaton {
  /** Per state, which of PUMPED it accepts, in two halves of bits. */
  readonly low: number[] = []
  readonly high: number[] = []
  /** Per state, whether it accepts whatever an origin can hold. */
  readonly full: boolean[] = []
  /** Per state, its followers and in how many ways each follows. */
  readonly follow: Array<Map<number, number>> = []
  /** The states a match may end in. */
  readonly last: ReadonlySet<number>
  /** The bodies of look-arounds: each is matched separately. */
  readonly lookarounds: Automaton[] = []
  /** `$`, and anything else that can still refuse a match once its characters are consumed. */
  hasEnd = false
  hasGuard = false
  readonly #chars: CharTable
  readonly #open: Set<AST.Node> // groups being built: a backreference into one of them matches nothing
  #edges = 0

  constructor (alternatives: readonly AST.Alternative[], chars: CharTable, open: Set<AST.Node> = new Set()) {
    this.#chars = chars
    this.#open = open
    this.last = new Set(this.#disjunction(alternatives).last)
  }

  get size (): number {
    return this.low.length
  }

  #disjunction (arms: readonly AST.Alternative[]): Fragment {
    const parts = arms.map(({ elements }) =>
      elements.reduce((head, element) => this.#concat(head, this.#element(element)), NOTHING)
    )
    return {
      nullable: parts.some((part) => part.nullable),
      first: parts.flatMap((part) => part.first),
      last: parts.flatMap((part) => part.last)
    }
  }

  #element (node: AST.Element): Fragment {
    if (isCharNode(node)) return this.#state(node)
    switch (node.type) {
      case 'Quantifier': return this.#quantifier(node)
      case 'Group': return this.#disjunction(node.alternatives)
      case 'CapturingGroup': {
        this.#open.add(node)
        const fragment = this.#disjunction(node.alternatives)
        this.#open.delete(node)
        return fragment
      }
      case 'Backreference': { // at most what its group matches
        this.hasGuard = true
        const groups = Array.isArray(node.resolved) ? node.resolved : [node.resolved]
        const parts = groups.filter((group) => !this.#open.has(group)).map((group) => this.#element(group))
        return { nullable: true, first: parts.flatMap((part) => part.first), last: parts.flatMap((part) => part.last) }
      }
      case 'Assertion':
        if (node.kind === 'end') this.hasEnd = true
        else if (node.kind !== 'start') this.hasGuard = true
        if (node.kind === 'lookahead' || node.kind === 'lookbehind') {
          this.lookarounds.push(new Automaton(node.alternatives, this.#chars, this.#open))
        }
        return NOTHING
      default: return NOTHING
    }
  }

  #state (node: CharNode): Fragment {
    const members = this.#chars.membersOf(node)
    let low = 0
    let high = 0
    for (const char of members) {
      const bit = PUMPED.indexOf(char)
      if (bit >= HALF) high |= 1 << (bit - HALF)
      else if (bit >= 0) low |= 1 << bit
    }
    const state = this.low.push(low) - 1
    if (state >= STATES_LIMIT) throw new TooComplex()
    this.high.push(high)
    this.full.push(members.length === ORIGIN_CHARS.length)
    this.follow.push(new Map())
    return { nullable: false, first: [state], last: [state] }
  }

  #quantifier ({ element, min, max }: AST.Quantifier): Fragment {
    if (max === 0) return NOTHING
    const simple = !repeats(element) // a repeated repetition is where ambiguity comes from: never unrolled
    const chain = simple && min === max && max <= CHAIN_LIMIT
    if (max <= 2 || chain || (simple && max <= EXPAND_LIMIT)) {
      // a(a(a)?)?, not aa?a?, in which "aa" would be matched in two ways.
      let rest = NOTHING
      for (let copy = max; copy > 0; copy--) {
        const more = this.#concat(this.#element(element), rest)
        rest = copy > min ? { ...more, nullable: true } : more
      }
      return rest
    }
    let lead = NOTHING // `a{3,}` needs its three, or `a{3,}b` would look like `a*b`
    if (simple) {
      for (let copy = 1; copy < Math.min(min, EXPAND_LIMIT); copy++) lead = this.#concat(lead, this.#element(element))
    }
    const body = this.#element(element)
    this.#link(body.last, body.first)
    return this.#concat(lead, min === 0 ? { ...body, nullable: true } : body)
  }

  #concat (head: Fragment, tail: Fragment): Fragment {
    this.#link(head.last, tail.first)
    return {
      nullable: head.nullable && tail.nullable,
      first: head.nullable ? [...head.first, ...tail.first] : head.first,
      last: tail.nullable ? [...head.last, ...tail.last] : tail.last
    }
  }

  #link (from: readonly number[], to: readonly number[]): void {
    this.#edges += from.length * to.length
    if (this.#edges > EDGES_LIMIT) throw new TooComplex()
    for (const state of from) {
      const follow = this.follow[state]!
      for (const next of to) follow.set(next, (follow.get(next) ?? 0) + 1)
    }
  }
}

function repeats (node: AST.Element): boolean {
  if (node.type === 'Quantifier') return true
  return (node.type === 'Group' || node.type === 'CapturingGroup') &&
    node.alternatives.some(({ elements }) => elements.some(repeats))
}

/** The bits of `.` in the upper half: the one character that ends a label of at most 63 characters (RFC 1035 2.3.4). */
export const DOT_BIT: number = 1 << (PUMPED.indexOf('.') - HALF)
