// What was probably meant by a value of a type that an option does not take.

import { types } from 'node:util'
import { show } from '../../text.ts'
import { correctList } from '../origin/suggest-origin.ts'

const UNSET = 'is an environment variable not set?'

/** For `cors` as a whole: Socket.IO takes `cors: '*'` of old. */
export function corsHint (value: unknown): string | undefined {
  if (value === false) return 'leave cors out: then only the server\'s own origin is allowed'
  if (value === true) return 'cors: { origin: \'*\' } for any origin'
  if (typeof value === 'string') return `cors: { origin: ${show(value).replaceAll('"', '\'')} }`
  if (Array.isArray(value)) return 'cors: { origin: […] }'
  if (typeof value === 'function') return 'cors: { origin: (origin, callback) => … }'
  return types.isRegExp(value) ? `cors: { origin: ${show(value)} }` : undefined
}

/** For `origin` as a whole. */
export function originHint (value: unknown): string | undefined {
  if (types.isSet(value)) return 'a list of them: [...set]'
  return value instanceof URL ? `'${value.origin}'` : undefined
}

/** For an entry of `origin`. */
export function entryHint (value: unknown): string | undefined {
  if (value === undefined) return UNSET
  if (typeof value === 'function') return 'a function stands alone: origin: (origin, callback) => …'
  if (Array.isArray(value)) return 'one list: […].flat()'
  if (types.isSet(value)) return 'one list: [...set]'
  return value instanceof URL ? `'${value.origin}'` : undefined
}

/** For an entry of `origin` that is a text, but of something else. */
export function textHint (text: string): string | undefined {
  const bare = text.trim()
  if (bare === 'true' || bare === 'false') return `the boolean, without quotes: origin: ${bare}`
  if (bare === 'undefined') return UNSET
  if (isRegExpText(bare)) return 'a RegExp, without quotes: origin: /^https:…$/'
  return bare.startsWith('[') ? 'a list, without quotes: origin: [\'https://…\']' : undefined
}

/** For an entry of `ALLOWED_ORIGINS`. */
export function variableHint (text: string): string | undefined {
  if (text === 'true') return '* for any origin'
  if (isRegExpText(text)) return 'a pattern, such as https://*.example.com: a variable cannot hold a RegExp'
  return textHint(text) ?? correctList(text)?.join(',')
}

function isRegExpText (text: string): boolean {
  return /^\/[^/].*\/[a-z]*$/s.test(text)
}
