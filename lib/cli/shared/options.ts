import { parseArgs } from 'node:util'
import { closest } from '../../policy/options/did-you-mean.ts'
import { show } from '../../text.ts'

/** What somebody typed is not a command: exit with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface Option {
  /** What the value is, for the help; an option without it is a switch. */
  readonly value?: string
  /** Whether it may be given several times. */
  readonly multiple?: boolean
  readonly help: string
}

export type Options = Readonly<Record<string, Option>>

/** What was typed behind a command. */
export interface Given {
  readonly positionals: readonly string[]
  /** The values of an option, in their order; `''` for a switch. */
  readonly values: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads the arguments of a command.
 *
 * @throws {UsageError} for an option that there is not, and for a value that is missing or too much
 */
export function readOptions (args: readonly string[], options: Options): Given {
  const types = Object.entries(options).map(([name, { value }]) =>
    [name, { type: value === undefined ? 'boolean' as const : 'string' as const, multiple: true }]
  )
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(types), help: { type: 'boolean', short: 'h', multiple: true } },
    allowPositionals: true,
    strict: false,
    tokens: true
  })
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined) throw new UsageError(unknown(rawName, Object.keys(options)))
    if (option.value === undefined && value !== undefined) throw new UsageError(`${rawName} takes no value`)
    if (option.value !== undefined && (!value || (inlineValue !== true && value.startsWith('-')))) {
      throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}`)
    }
    if (values.has(name) && option.value !== undefined && option.multiple !== true) {
      throw new UsageError(`${rawName} is given twice`)
    }
    values.set(name, [...values.get(name) ?? [], value ?? ''])
  }
  return { positionals, values }
}

function unknown (rawName: string, names: readonly string[]): string {
  const near = closest(rawName.replace(/^-+/, ''), names)
  return `there is no option ${show(rawName).slice(1, -1)}${near === undefined ? '' : `; did you mean --${near}?`}`
}

/**
 * @returns the one value of an option, as a whole number
 * @throws {UsageError} when it is none, or outside the range
 */
export function numberOf (given: Given, name: string, fallback: number, least: number, most: number): number {
  const text = given.values.get(name)?.[0]
  if (text === undefined) return fallback
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < least || number > most) {
    throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not ${show(text)}`)
  }
  return number
}
