import { parseOrigin } from './origin.ts'
import { parsePattern } from './pattern.ts'

/**
 * @returns what was probably meant by a text that is no serialised origin: a slash, a path, upper case, an IDN, a default
 * port, spaces or a missing scheme put right, a comma-joined list taken apart; `undefined` when nothing comes to mind
 */
export function correctOrigin (text: string): string | undefined {
  if (text.length > 2000) return undefined
  const items = text.split(/[\s,;|]+/).filter((item) => item !== '')
  if (items.length > 1) {
    const corrected = items.map((item) => isSound(item) ? item : correctOne(item))
    return corrected.every((item) => item !== undefined) ? `[${corrected.map((item) => `'${item}'`).join(', ')}]` : undefined
  }
  return items.length === 1 && isSound(items[0]!) ? items[0] : correctOne(items[0] ?? '')
}

function correctOne (text: string): string | undefined {
  const bare = text.replace(/^["'`<]+|["'`>]+$/g, '')
  if (/^(?:javascript|data|blob|file|about):/i.test(bare)) return undefined
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(bare)
    ? bare
    : `${/^(?:localhost|127\.|\[::1)/i.test(bare) ? 'http' : 'https'}://${bare.replace(/^\w*:?\/*(?=[^/])/, (start) => /^(?:https?:\/*|https?\/+|\/+)$/i.test(start) ? '' : start)}`
  const anyPort = /:\*(?:\/.*)?$/.test(withScheme)
  try {
    const { origin, protocol, host } = new URL(anyPort ? withScheme.replace(/:\*.*$/, '') : withScheme)
    const corrected = (origin === 'null' ? `${protocol}//${host}` : origin) + (anyPort ? ':*' : '')
    return isSound(corrected) ? corrected : undefined
  } catch {
    return undefined
  }
}

function isSound (text: string): boolean {
  return parseOrigin(text) !== undefined || parsePattern(text) !== undefined
}
