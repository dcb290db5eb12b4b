import { types } from 'node:util'
import type { TObject, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { ConfigIssue } from '../../errors.ts'
import { show } from '../../text.ts'
import { closest } from './did-you-mean.ts'

/** Of a schema: what was probably meant by a value that it does not take. */
export type Hint = (value: unknown) => string | undefined

/** Reasons for options that people bring along and that do not exist here. */
export type Refusals = Readonly<Record<string, string>>

/**
 * Checks a value against an object schema and copies it: what comes out has only known, well-typed members, and none of
 * the caller's lists or objects. Never throws, whatever the value does when it is read.
 *
 * @param issues every mistake found is added
 */
export function checkObject (
  schema: TObject,
  value: unknown,
  path: string,
  issues: ConfigIssue[],
  refusals: Refusals = {}
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  let names: (string | symbol)[]
  try {
    if (!isRecord(value)) throw new TypeError()
    names = Reflect.ownKeys(value)
  } catch {
    issues.push(notAnObject(value, path))
    return result
  }
  for (const name of names) {
    const at = `${path}/${pointer(name)}`
    const property = typeof name === 'string' && Object.hasOwn(schema.properties, name)
      ? schema.properties[name]
      : undefined
    let member: unknown
    try {
      member = (value as Record<string | symbol, unknown>)[name]
    } catch {
      issues.push({ code: 'INVALID_TYPE', path: at, value: undefined, message: 'cannot be read' })
      continue
    }
    if (property === undefined) issues.push(unknownOption(schema, name, at, member, refusals, issues))
    // left out on purpose, as `origin: process.env.ORIGIN ? … : undefined` does
    else if (member !== undefined) result[name as string] = checkMember(property, member, at, issues)
  }
  for (const name of schema.required ?? []) {
    if (!(name in result) && !issues.some((issue) => issue.path === `${path}/${name}`)) { issues.push({ code: 'INVALID_TYPE', path: `${path}/${name}`, value: undefined, message: 'is missing' }) }
  }
  return result
}

/**
 * Whether a value can hold options. A Map, a URL or a promise that nobody awaited has none, nor has an instance with
 * private fields only. Treating them as `{}` would hide the mistake.
 */
function isRecord (value: unknown): value is object {
  if (typeof value !== 'object' || value === null || !/^(?:Object|Module)$/.test(tagOf(value))) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // `{}` of any realm: only Object.prototype itself has that member
  return Reflect.ownKeys(value).length > 0 || prototype === null || Object.hasOwn(prototype as object, 'hasOwnProperty')
}

function tagOf (value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

function notAnObject (value: unknown, path: string): ConfigIssue {
  let tag: string | undefined
  try {
    if (typeof value === 'object' && value !== null) tag = tagOf(value)
  } catch {}
  const what = tag === undefined || tag === 'Array'
    ? show(value)
    : tag === 'Object'
      ? 'an object with no own properties'
      : `a ${tag}`
  const hint = tag === 'Promise' ? 'await it' : value === null ? 'leave it out' : undefined
  const message = `must be an object with options, not ${what.slice(0, 100)}`
  return { code: 'INVALID_TYPE', path, value, message, ...(hint !== undefined && { hint }) }
}

function checkMember (schema: TSchema, given: unknown, path: string, issues: ConfigIssue[]): unknown {
  if (schema.type === 'object' && schema.properties !== undefined) { return checkObject(schema as TObject, given, path, issues) }
  let value = given
  let ok = false
  try {
    // Check the copy that we keep: the caller's value may change, or be a getter.
    value = Array.isArray(given) ? copyList(given) : copyRegExp(given)
    ok = Value.Check(schema, value)
  } catch {}
  const list = arrayOf(schema)
  const before = issues.length
  if (!ok && value !== given && Array.isArray(value) && list !== undefined) {
    const items = checkItems(list.items as TSchema, value, path, issues)
    if (issues.length > before) return items
  }
  if (!ok) issues.push(invalidType(schema, value, path))
  return value
}

/** Entries that a list may have: past any real one, and short of what would take the memory of the process. */
const MAX_LIST = 1_000_000

/** @throws {RangeError} past {@link MAX_LIST}, and whatever a proxy throws */
function copyList (list: readonly unknown[]): unknown[] {
  const { length } = list
  if (length > MAX_LIST) throw new RangeError()
  return Array.from({ length }, (_, at) => copyRegExp(list[at]))
}

function copyRegExp (value: unknown): unknown {
  return types.isRegExp(value) ? new RegExp(value) : value
}

/** A secret is named by its schema alone: errors are logged. */
function invalidType (schema: TSchema, value: unknown, path: string): ConfigIssue {
  const secret = (schema as { secret?: boolean }).secret === true
  const message = `must be ${expected(schema)}${secret ? '' : `, not ${show(value)}`}`
  const hint = hintOf(schema, value)
  return { code: 'INVALID_TYPE', path, value: secret ? undefined : value, message, ...(hint !== undefined && { hint }) }
}

/** What a schema says about a value that it does not take; `null` is the default of many options in @fastify/cors. */
function hintOf (schema: TSchema, value: unknown): string | undefined {
  try {
    return (schema as { hint?: Hint }).hint?.(value) ?? (value === null ? 'leave it out' : undefined)
  } catch {
    return undefined
  }
}

/** @returns the sound items, each at its own place */
function checkItems (schema: TSchema, items: readonly unknown[], path: string, issues: ConfigIssue[]): unknown[] {
  return items.map((item, at) => {
    let ok = false
    try {
      ok = Value.Check(schema, item)
    } catch {}
    if (!ok) issues.push(invalidType(schema, item, `${path}/${at}`))
    return ok ? item : undefined
  })
}

/** The array that a schema is, or that it takes among other things. */
function arrayOf (schema: TSchema): TSchema | undefined {
  return schema.type === 'array'
    ? schema
    : (schema.anyOf as TSchema[] | undefined)?.find(({ type }) => type === 'array')
}

function expected (schema: TSchema): string {
  return schema.expected ?? (schema.const === undefined ? `a ${schema.type}` : show(schema.const))
}

/** Mistakes up to which unknown options are compared with the known ones. */
const MAX_HINTS = 500

function unknownOption (
  schema: TObject,
  name: string | symbol,
  path: string,
  value: unknown,
  refusals: Refusals,
  issues: readonly ConfigIssue[]
): ConfigIssue {
  const reason = typeof name === 'string' && Object.hasOwn(refusals, name) ? refusals[name] : undefined
  const near = typeof name === 'string' && issues.length < MAX_HINTS
    ? closest(name, Object.keys(schema.properties))
    : undefined
  const hint = reason ?? (near === undefined ? undefined : `did you mean "${near}"?`)
  return { code: 'UNKNOWN_OPTION', path, value, message: 'is not an option', ...(hint !== undefined && { hint }) }
}

function pointer (name: string | symbol): string {
  return String(name).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')
}
