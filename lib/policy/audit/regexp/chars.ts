// What a single-character matcher of a regexp (a class, an escape, the dot) accepts among the characters that an
// origin can hold. V8 is asked, not the AST, so `i`, `u`, `v`, `\p{…}` and set operations need no code here.

import type { AST } from '@eslint-community/regexpp'

/**
 * Every character that a serialised origin can contain, the most readable first.
 * Source: RFC 3986 scheme, RFC 1123 host, the underscore that browsers tolerate, IPv6 brackets, the port.
 */
export const ORIGIN_CHARS = 'xabcdefghijklmnopqrstuvwyz1234567890-.:/[]_+'

/** A class that spells out at most this many characters names each of them, as an alternation would. */
const ENUMERATED = 4

/** A matcher of exactly one character. */
export type CharNode = AST.Character | AST.CharacterSet | AST.CharacterClass | AST.ExpressionCharacterClass

/** True for the AST nodes that match exactly one character. */
export function isCharNode (node: AST.Node): node is CharNode {
  return node.type === 'Character' || node.type === 'CharacterSet' ||
    node.type === 'CharacterClass' || node.type === 'ExpressionCharacterClass'
}

/** Asks what single-character matchers accept; one per audited regexp, since the flags decide. */
export class CharTable {
  readonly #flags: string
  readonly #known = new Map<string, string>()

  constructor (flags: string) {
    this.#flags = flags.replace(/[gyd]/g, '')
  }

  /** The members of ORIGIN_CHARS that `node` accepts, in that order. */
  membersOf (node: CharNode): string {
    const known = this.#known.get(node.raw)
    if (known !== undefined) return known
    const alone = new RegExp(`^(?:${node.raw})$`, this.#flags)
    const members = [...ORIGIN_CHARS].filter((char) => alone.test(char)).join('')
    this.#known.set(node.raw, members)
    return members
  }

  /** True when the author wrote each accepted character down: a literal, or a class such as `[12]` or `[wW]`. */
  isSpelledOut (node: CharNode): boolean {
    if (node.type === 'Character') return true
    if (node.type === 'CharacterSet') return false
    if (node.negate) return false
    return this.membersOf(node).length <= ENUMERATED
  }

  /**
   * The members that a quantified node repeats, when it is nothing but a choice of single characters: `.`, `[a-z]`,
   * `(\d|\.)`; otherwise undefined. Literals are not such a choice: `a*` repeats what its author wrote.
   */
  repeatedBy (node: AST.QuantifiableElement): string | undefined {
    if (isCharNode(node)) return this.isSpelledOut(node) ? undefined : this.membersOf(node)
    if (node.type !== 'Group' && node.type !== 'CapturingGroup') return undefined
    let members = ''
    for (const { elements } of node.alternatives) {
      const [only] = elements
      if (elements.length !== 1 || only === undefined || !isCharNode(only)) return undefined
      members += this.membersOf(only)
    }
    return members
  }
}
