import { types } from 'node:util'
import { PatternIndex } from '../origin/pattern-index.ts'
import { parseOrigin } from '../origin/origin.ts'
import { isPattern, parsePattern } from '../origin/pattern.ts'

type Item = boolean | string | RegExp

/**
 * Whether an answer of an origin function allows an origin: the answers that the `cors` package takes. A string or a
 * RegExp allows what it matches. Nothing (`undefined`, `null`: no such row in the database) allows nothing.
 *
 * @throws {TypeError} for an answer of another type, which says neither yes nor no; the message names the type
 */
export function allowsBy (answer: unknown, origin: string): boolean {
  if (answer === undefined || answer === null) return false
  if (isItem(answer)) return matches(origin, answer)
  if (!Array.isArray(answer)) throw unexpected(nameOf(answer))
  // every item is looked at: a list that holds one by mistake was not meant as it stands
  let allowed = false
  for (const item of answer as readonly unknown[]) {
    if (!isItem(item)) throw unexpected(`an array with ${nameOf(item)} in it`)
    allowed ||= matches(origin, item)
  }
  return allowed
}

function isItem (value: unknown): value is Item {
  return typeof value === 'boolean' || typeof value === 'string' || types.isRegExp(value)
}

function matches (origin: string, answer: Item): boolean {
  if (types.isRegExp(answer)) return new RegExp(answer.source, answer.flags.replace(/[gy]/g, '')).test(origin)
  if (typeof answer === 'boolean') return answer
  if (answer === '*' || answer === origin) return true
  const pattern = isPattern(answer) ? parsePattern(answer) : undefined
  const parsed = pattern === undefined ? undefined : parseOrigin(origin)
  if (pattern === undefined || parsed === undefined) return false
  const index = new PatternIndex()
  index.add(pattern)
  return index.matches(parsed)
}

function unexpected (what: string): TypeError {
  return new TypeError(`the origin function answered ${what}; expected a boolean, string, RegExp or array of these`)
}

/** The type of a value in words: `a number`, `an object`, `a Set`. */
function nameOf (value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1).slice(0, 40)
  const name = typeof value === 'object' ? tag : typeof value
  if (name === 'Object') return 'an object'
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`
}
