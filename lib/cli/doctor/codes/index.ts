import { ATTACK_CODES } from './attacks.ts'
import type { Code, Fix } from './code.ts'
import { CORS_CODES } from './cors.ts'
import { SERVER_CODES } from './server.ts'
import { TRANSPORT_CODES } from './transport.ts'

/** Every kind of finding, in the order in which the report lists those of one severity. */
export const CODES = { ...SERVER_CODES, ...CORS_CODES, ...TRANSPORT_CODES, ...ATTACK_CODES }

export type FindingCode = keyof typeof CODES

/** What `{{name}}` stands for. */
export type Values = Readonly<Record<string, string>>

/** @throws {Error} for a name without a value: a mistake in the table, or in the probe */
export function fill (template: string, values: Values): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`no value for {{${name}}}`)
    return value
  })
}

export function fillFix (fix: Fix, values: Values): Fix {
  const { text, ...snippets } = fix
  const filled = Object.entries(snippets).map(([name, snippet]) => [name, fill(snippet, values)])
  return { text: fill(text, values), ...Object.fromEntries(filled) }
}

export function codeOf (code: FindingCode): Code {
  return CODES[code]
}
