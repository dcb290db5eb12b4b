import { types } from 'node:util'
import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Issues } from '../../issues.ts'
import { show } from '../../text.ts'
import { closest } from './did-you-mean.ts'

/** Of a schema: what was probably meant by a value that it does not take. */
export type Hint = (value: unknown) => string | undefined

/** Reasons for options that people bring along and that do not exist here. */
export type NotOptions = Readonly<Record<string, string>>

/**
 * Checks a value against an object schema and copies it: what comes out has only known, well-typed members, and none of
 * the caller's lists or objects. Never throws, whatever the value does when it is read.
 *
 * @param issues every mistake found is added
 */
export function checkObject<Schema extends TObject> (
  schema: Schema, value: unknown, path: string, issues: Issues, notOptions: NotOptions = {}
): Partial<Static<Schema>> {
  const result: Partial<Static<Schema>> = {}
  let names: (string | symbol)[]
  try {
    if (!isRecord(value)) throw new TypeError()
    names = Reflect.ownKeys(value)
  } catch {
    notAnObject(schema, value, path, issues)
    return result
  }
  for (const name of names) {
    const at = `${path}/${pointer(name)}`
    const property = Object.hasOwn(schema.properties, name) ? schema.properties[String(name)] : undefined
    let member: unknown
    try {
      member = Reflect.get(value as object, name)
    } catch {
      issues.add('INVALID_TYPE', at, undefined, { message: 'cannot be read' })
      continue
    }
    if (property === undefined) unknownOption(schema, name, at, member, notOptions, issues)
    // left out on purpose, as `origin: process.env.ORIGIN ? … : undefined` does
    else if (member !== undefined) Reflect.set(result, name, checkMember(property, member, at, issues))
  }
  for (const name of schema.required ?? []) {
    const at = `${path}/${name}`
    const isFound = name in result || issues.all.some((issue) => issue.path === at)
    if (!isFound) issues.add('INVALID_TYPE', at, undefined, { message: 'is missing' })
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

function notAnObject (schema: TSchema, value: unknown, path: string, issues: Issues): void {
  let tag: string | undefined
  try {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) tag = tagOf(value)
  } catch {}
  const what = tag === undefined ? show(value) : tag === 'Object' ? 'an object with no own properties' : `a ${tag}`
  const message = `must be an object with options, not ${what.slice(0, 100)}`
  issues.add('INVALID_TYPE', path, value, { message, hint: tag === 'Promise' ? 'await it' : hintOf(schema, value) })
}

function checkMember (schema: TSchema, given: unknown, path: string, issues: Issues): unknown {
  if (isObjectSchema(schema)) return checkObject(schema, given, path, issues)
  let value = given
  let ok = false
  try {
    // Check the copy that we keep: the caller's value may change, or be a getter.
    value = Array.isArray(given) ? copyList(given) : copyRegExp(given)
    ok = Value.Check(schema, value)
  } catch {}
  const list = arrayOf(schema)
  const before = issues.all.length
  if (!ok && value !== given && Array.isArray(value) && list !== undefined) {
    const items = checkItems(list.items as TSchema, value, path, issues)
    if (issues.all.length > before) return items
  }
  if (!ok) invalidType(schema, value, path, issues)
  return value
}

function isObjectSchema (schema: TSchema): schema is TObject {
  return schema.type === 'object' && schema.properties !== undefined
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
function invalidType (schema: TSchema, value: unknown, path: string, issues: Issues): void {
  const secret = schema.secret === true
  const message = `must be ${expected(schema)}${secret ? '' : `, not ${show(value)}`}`
  issues.add('INVALID_TYPE', path, secret ? undefined : value, { message, hint: hintOf(schema, value) })
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
function checkItems (schema: TSchema, items: readonly unknown[], path: string, issues: Issues): unknown[] {
  return items.map((item, at) => {
    let ok = false
    try {
      ok = Value.Check(schema, item)
    } catch {}
    if (!ok) invalidType(schema, item, `${path}/${at}`, issues)
    return ok ? item : undefined
  })
}

/** The array that a schema is, or that it takes among other things. */
function arrayOf (schema: TSchema): TSchema | undefined {
  if (schema.type === 'array') return schema
  return (schema.anyOf as TSchema[] | undefined)?.find(({ type }) => type === 'array')
}

function expected (schema: TSchema): string {
  return schema.expected ?? (schema.const === undefined ? `a ${schema.type}` : show(schema.const))
}

/** Mistakes up to which unknown options are compared with the known ones. */
const MAX_HINTS = 500

function unknownOption (
  schema: TObject, name: string | symbol, path: string, value: unknown, notOptions: NotOptions, issues: Issues
): void {
  let hint: string | undefined
  if (typeof name === 'string' && Object.hasOwn(notOptions, name)) {
    hint = notOptions[name]
  } else if (typeof name === 'string' && issues.all.length < MAX_HINTS) {
    const near = closest(name, Object.keys(schema.properties))
    if (near !== undefined) hint = `did you mean "${near}"?`
  }
  issues.add('UNKNOWN_OPTION', path, value, { hint })
}

function pointer (name: string | symbol): string {
  return String(name).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')
}
