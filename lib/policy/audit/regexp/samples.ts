// Strings that a regexp should accept, made from its AST, with a note of which of their characters the pattern's author
// wrote and which an attacker would choose. Over-approximate on purpose: whoever uses a sample runs the regexp on it.

import type { AST } from '@eslint-community/regexpp'
import { CharTable, isCharNode, type CharNode } from './chars.ts'
import { PAYLOADS } from './payloads.ts'

/** A string and, per character, who chose it: `1` the pattern's own text, `0` the attacker. */
export interface Piece {
  readonly text: string
  readonly pins: string
}

const SEQUENCE_LIMIT = 400 // combinations kept of one sequence, beyond each single deviation
const HARD_LIMIT = 3000 // pieces kept of one node, whatever its size
const COPIES_LIMIT = 64

const EMPTY: Piece = { text: '', pins: '' }

const pinned = (text: string): Piece => ({ text, pins: '1'.repeat(text.length) })
const free = (text: string): Piece => ({ text, pins: '0'.repeat(text.length) })

/**
 * Samples of a parsed regexp: every arm of an alternation, optionals present and absent, least counts and one more,
 * and PAYLOADS where the pattern has a wildcard. The most ordinary sample comes first.
 */
export function samplesOf (pattern: AST.Pattern, flags: AST.Flags): readonly Piece[] {
  const sampler = new Sampler(flags)
  return distinct(sampler.disjunction(pattern.alternatives))
}

class Sampler {
  readonly #chars: CharTable
  readonly #lower: boolean
  readonly #open = new Set<AST.Node>() // groups being sampled, for backreferences into themselves

  constructor (flags: AST.Flags) {
    this.#chars = new CharTable(flags.raw)
    this.#lower = flags.ignoreCase
  }

  disjunction (arms: readonly AST.Alternative[]): readonly Piece[] {
    const sampled = arms.map((arm) => combine(arm.elements.map((element) => this.#element(element))))
    const pieces: Piece[] = []
    const longest = Math.max(...sampled.map((list) => list.length))
    // Row by row, so that a limit further up cuts variants, never a whole arm.
    for (let row = 0; row < longest && pieces.length < HARD_LIMIT; row++) {
      for (const list of sampled) if (row < list.length) pieces.push(list[row]!)
    }
    return pieces
  }

  #element (node: AST.Element): readonly Piece[] {
    if (isCharNode(node)) return this.#char(node)
    switch (node.type) {
      case 'Quantifier': return this.#quantifier(node)
      case 'Group': return this.disjunction(node.alternatives)
      case 'CapturingGroup': {
        this.#open.add(node)
        const pieces = this.disjunction(node.alternatives)
        this.#open.delete(node)
        return pieces
      }
      case 'Backreference': {
        const groups = Array.isArray(node.resolved) ? node.resolved : [node.resolved]
        const pieces = groups.flatMap((group) => this.#open.has(group) ? [] : this.#element(group))
        return [...pieces, EMPTY]
      }
      case 'Assertion': // what a positive look-around asks for may as well be the text that stands there
        if ((node.kind !== 'lookahead' && node.kind !== 'lookbehind') || node.negate) return [EMPTY]
        return [EMPTY, ...this.disjunction(node.alternatives)]
      default: return [EMPTY]
    }
  }

  #char (node: CharNode): readonly Piece[] {
    if (node.type === 'Character') {
      const char = String.fromCodePoint(node.value)
      return [pinned(this.#lower ? char.toLowerCase() : char)]
    }
    const members = this.#chars.membersOf(node)
    if (this.#chars.isSpelledOut(node)) return [...members].map(pinned)
    const wild = representatives(members).map(free)
    // An unescaped `.` was meant as a dot: then it makes the host that its author meant.
    return members.includes('.') ? [pinned('.'), ...wild.filter(({ text }) => text !== '.')] : wild
  }

  #quantifier ({ element, min, max }: AST.Quantifier): readonly Piece[] {
    if (max === 0) return [EMPTY]
    const least = Math.min(min, COPIES_LIMIT)
    const members = this.#chars.repeatedBy(element)
    if (members === undefined || max === 1) return this.#copies(this.#element(element), least, max)
    const fitting = PAYLOADS.filter((text) =>
      text.length >= min && text.length <= max && [...text].every((char) => members.includes(char))
    )
    const counts = [Math.max(least, 1), least + 1, 3].filter((count) => count >= min && count <= max)
    const runs = representatives(members).flatMap((char) => counts.map((count) => char.repeat(count)))
    if (members.includes('.')) {
      const long = counts.filter((count) => count > 5)
      runs.push(...long.map((count) => 'evil.com'.padStart(count, 'x').slice(-count)))
    }
    const pieces = [...fitting, ...runs].map(free)
    if (min === 0) pieces.splice(1, 0, EMPTY)
    return distinct(pieces)
  }

  #copies (once: readonly Piece[], least: number, max: number): readonly Piece[] {
    const counts = [Math.max(least, 1), 0, 2, least, least + 1].filter((count) => count >= least && count <= max)
    const pieces: Piece[] = []
    for (const count of new Set(counts)) {
      // Copies that only an unbounded quantifier grants are text that its author did not write.
      const own = max === Infinity ? Math.max(least, 1) : count
      if (count <= 2) {
        const lists = Array.from({ length: count }, (_, nth) => nth < own ? once : once.map(({ text }) => free(text)))
        pieces.push(...combine(lists))
        continue
      }
      for (const { text, pins } of once) {
        const freePins = '0'.repeat(text.length * Math.max(count - own, 0))
        pieces.push({ text: text.repeat(count), pins: pins.repeat(Math.min(own, count)) + freePins })
      }
    }
    return distinct(pieces).slice(0, HARD_LIMIT)
  }
}

/** A letter, a dot, a hyphen, digits and separators, as far as the members have them, and the first member. */
function representatives (members: string): readonly string[] {
  const wanted = [/[a-z]/, /\./, /-/, /\d/, /:/, /\//].map((kind) => members.match(kind)?.[0])
  const chosen = new Set([...wanted, members[0], members.at(-1)])
  return [...chosen].filter((char) => char !== undefined)
}

/**
 * One of each list, joined: all combinations when they are few, else the first of each, every single deviation, then
 * pairs.
 */
function combine (all: ReadonlyArray<readonly Piece[]>): readonly Piece[] {
  if (all.some((list) => list.length === 0)) return []
  const lists = mergeFixed(all)
  const total = lists.reduce((product, list) => product * list.length, 1)
  if (total <= SEQUENCE_LIMIT) {
    return lists.reduce<readonly Piece[]>((heads, list) => list.length === 1
      ? heads.map((head) => join(head, list[0]!))
      : heads.flatMap((head) => list.map((tail) => join(head, tail))), [EMPTY])
  }
  const defaults = lists.map((list) => list[0]!)
  const pick = (changes: ReadonlyArray<readonly [number, number]>): Piece => {
    const chosen = [...defaults]
    for (const [at, which] of changes) chosen[at] = lists[at]![which]!
    return chosen.reduce(join, EMPTY)
  }
  const pieces = [pick([])]
  for (const [at, list] of lists.entries()) {
    for (let which = 1; which < list.length && pieces.length < HARD_LIMIT; which++) pieces.push(pick([[at, which]]))
  }
  const limit = Math.min(pieces.length + SEQUENCE_LIMIT, HARD_LIMIT)
  const open = [...lists.keys()].filter((at) => lists[at]!.length > 1)
  const deepest = 2 * Math.max(...open.map((at) => lists[at]!.length))
  for (let depth = 2; depth <= deepest && pieces.length < limit; depth++) {
    for (const [nth, left] of open.entries()) {
      for (const right of open.slice(nth + 1)) {
        const first = Math.max(1, depth - lists[right]!.length + 1)
        const end = Math.min(depth, lists[left]!.length)
        for (let which = first; which < end && pieces.length < limit; which++) {
          pieces.push(pick([[left, which], [right, depth - which]]))
        }
      }
    }
  }
  return pieces
}

/** Neighbours of which there is one piece each (literal text, mostly) become one list. */
function mergeFixed (lists: ReadonlyArray<readonly Piece[]>): Array<readonly Piece[]> {
  const merged: Array<readonly Piece[]> = []
  for (const list of lists) {
    const before = merged.at(-1)
    if (list.length === 1 && before?.length === 1) merged[merged.length - 1] = [join(before[0]!, list[0]!)]
    else merged.push(list)
  }
  return merged
}

function join (head: Piece, tail: Piece): Piece {
  return { text: head.text + tail.text, pins: head.pins + tail.pins }
}

/** Without repetitions; of two equal texts the one with more of the pattern's own characters stays. */
function distinct (pieces: readonly Piece[]): Piece[] {
  const byText = new Map<string, Piece>()
  for (const piece of pieces) {
    const known = byText.get(piece.text)
    if (known === undefined || piece.pins > known.pins) byText.set(piece.text, piece)
  }
  return [...byText.values()]
}
