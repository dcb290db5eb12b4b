import type { TObject, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { type ConfigIssue, show } from '../errors.ts'

/** Reasons for options that people bring along and that do not exist here. */
export type Refusals = Readonly<Record<string, string>>

/**
 * Checks a value against an object schema and copies it: what comes out has only known, well-typed members, and none of
 * the caller's lists or objects. Never throws, whatever the value does when it is read.
 *
 * @param issues every mistake found is added
 */
export function checkObject (schema: TObject, value: unknown, path: string, issues: ConfigIssue[], refusals: Refusals = {}): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  let names: (string | symbol)[]
  try {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError()
    names = Reflect.ownKeys(value)
  } catch {
    issues.push({ code: 'INVALID_TYPE', path, value, message: `must be an object, not ${show(value)}` })
    return result
  }
  for (const name of names) {
    const at = `${path}/${pointer(name)}`
    const property = typeof name === 'string' && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
    let member: unknown
    try {
      member = (value as Record<string | symbol, unknown>)[name]
    } catch {
      issues.push({ code: 'INVALID_TYPE', path: at, value: undefined, message: 'cannot be read' })
      continue
    }
    if (property === undefined) issues.push(unknownOption(schema, name, at, member, refusals))
    // left out on purpose, as `origin: process.env.ORIGIN ? … : undefined` does
    else if (member !== undefined) result[name as string] = checkMember(property, member, at, issues)
  }
  for (const name of schema.required ?? []) {
    if (!(name in result) && !issues.some((issue) => issue.path === `${path}/${name}`)) issues.push({ code: 'INVALID_TYPE', path: `${path}/${name}`, value: undefined, message: 'is missing' })
  }
  return result
}

function checkMember (schema: TSchema, value: unknown, path: string, issues: ConfigIssue[]): unknown {
  if (schema.type === 'object' && schema.properties !== undefined) return checkObject(schema as TObject, value, path, issues)
  let ok = false
  try {
    ok = Value.Check(schema, value)
  } catch {}
  const list = arrayOf(schema)
  const before = issues.length
  if (!ok && Array.isArray(value) && list !== undefined) {
    const items = checkItems(list.items as TSchema, value, path, issues)
    if (issues.length > before) return items
  }
  if (!ok) issues.push({ code: 'INVALID_TYPE', path, value, message: `must be ${expected(schema)}, not ${show(value)}` })
  return Array.isArray(value) ? [...value] : value
}

/** @returns the sound items, each at its own place */
function checkItems (schema: TSchema, items: readonly unknown[], path: string, issues: ConfigIssue[]): unknown[] {
  return Array.from(items, (item, at) => {
    let ok = false
    try {
      ok = Value.Check(schema, item)
    } catch {}
    if (!ok) issues.push({ code: 'INVALID_TYPE', path: `${path}/${at}`, value: item, message: `must be ${expected(schema)}, not ${show(item)}` })
    return ok ? item : undefined
  })
}

/** The array that a schema is, or that it takes among other things. */
function arrayOf (schema: TSchema): TSchema | undefined {
  return schema.type === 'array' ? schema : (schema.anyOf as TSchema[] | undefined)?.find(({ type }) => type === 'array')
}

function expected (schema: TSchema): string {
  return schema.expected ?? (schema.const === undefined ? `a ${schema.type}` : show(schema.const))
}

function unknownOption (schema: TObject, name: string | symbol, path: string, value: unknown, refusals: Refusals): ConfigIssue {
  const reason = typeof name === 'string' && Object.hasOwn(refusals, name) ? refusals[name] : undefined
  const near = typeof name === 'string' ? nearest(name, Object.keys(schema.properties)) : undefined
  const hint = reason ?? (near === undefined ? undefined : `did you mean "${near}"?`)
  return { code: 'UNKNOWN_OPTION', path, value, message: 'is not an option', ...(hint !== undefined && { hint }) }
}

function pointer (name: string | symbol): string {
  return String(name).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')
}

/** @returns the known word closest to one that was mistyped, if any is close */
export function nearest (word: string, known: readonly string[]): string | undefined {
  if (word.length > 40) return undefined
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const cost = distance(word.toLowerCase(), candidate.toLowerCase())
    if (cost < least) {
      least = cost
      best = candidate
    }
  }
  return best
}

/** Levenshtein's distance, row by row. */
export function distance (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
