/** Characters of a value that a message shows. */
const MAX_SHOWN = 80

/** Characters of an origin or a header that a log line shows. */
const MAX_PRINTED = 200

/** A value for a person to read: one line, bounded, control characters escaped. Never throws. */
export function show (value: unknown): string {
  try {
    if (typeof value === 'string' && value.length > MAX_SHOWN) return `${JSON.stringify(value.slice(0, MAX_SHOWN))}…`
    const text = describe(value)
    return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
  } catch {
    return 'a value that cannot be read'
  }
}

function describe (value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (value instanceof RegExp) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** Escapes what would steer a terminal, break a line, or reorder what a person reads. */
export function escape (text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`
  )
}

/** The first characters of a text, as many as a log line shows. */
export function cut (text: string): string {
  return text.length > MAX_PRINTED ? text.slice(0, MAX_PRINTED) : text
}

/** Bounds the length, and escapes as {@link escape} does. */
export function printable (text: string): string {
  return escape(text.length > MAX_PRINTED ? `${cut(text)}…` : text)
}
