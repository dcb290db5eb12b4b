import { parseOrigin } from './origin.ts'
import { parsePattern } from './pattern.ts'

/**
 * Corrects a slash, a path, upper case, an IDN, a default port, spaces and a missing scheme; takes a comma-joined list
 * apart.
 *
 * @returns what was probably meant by a text that is no serialised origin, if anything comes to mind
 */
export function correctOrigin (text: string): string | undefined {
  const items = correctList(text)
  if (items === undefined) return undefined
  return items.length === 1 ? items[0] : `[${items.map((item) => `'${item}'`).join(', ')}]`
}

/** @returns the origins that a text was probably meant to name; one at least */
export function correctList (text: string): string[] | undefined {
  if (text.length > 2000) return undefined
  // before a semicolon is taken for a comma
  const items = text.replace(/(?<![a-z])(https?);(?=\/\/)/gi, '$1:').split(/[\s,;|]+/).filter((item) => item !== '')
  const corrected = items.map((item) => isSound(item) ? item : correctOne(item))
  return corrected.length > 0 && corrected.every((item) => item !== undefined) ? corrected : undefined
}

function correctOne (text: string): string | undefined {
  const bare = text.replace(/^["'`<]+|["'`>]+$/g, '')
  if (/^(?:javascript|data|blob|file|about|mailto|tel|sms|urn):/i.test(bare)) return undefined
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(bare)
  // an address for mail, not a user of a host
  if (!hasScheme && bare.includes('@')) return undefined
  const withScheme = hasScheme ? bare : addScheme(bare)
  const anyPort = /:\*(?:\/.*)?$/.test(withScheme)
  try {
    const { origin, protocol, host } = new URL(anyPort ? withScheme.replace(/:\*.*$/, '') : withScheme)
    const corrected = (origin === 'null' ? `${protocol}//${host}` : origin) + (anyPort ? ':*' : '')
    return isSound(corrected) ? corrected : undefined
  } catch {
    return undefined
  }
}

/** Instead of none, or of what is left of one: `//example.com`, `https:example.com`, `http//example.com`. */
function addScheme (text: string): string {
  const scheme = /^(?:localhost|127\.|\[::1)/i.test(text) ? 'http' : 'https'
  return `${scheme}://${text.replace(/^(?:https?:\/*|https?\/+|\/+)(?=[^/])/i, '')}`
}

function isSound (text: string): boolean {
  return parseOrigin(text) !== undefined || parsePattern(text) !== undefined
}
