import { types } from 'node:util'
import { ConfigError } from '../../errors.ts'
import { type ConfigIssue, issue } from '../../issues.ts'
import { OriginPolicy } from '../policy.ts'
import type { CorsOptions } from '../options/cors-options.ts'
import { MAX_TEXT } from './store.ts'

/** A RegExp as JSON. */
interface PortableRegExp {
  readonly regexp: string
  readonly flags: string
}

/** Bytes of JSON that a policy may have: what is stored with it needs a few hundred more. */
const MAX_POLICY = MAX_TEXT - 1024

/**
 * The options of a policy as a JSON value, from which {@link fromPortable} makes them again in another process.
 *
 * @param path of the options in what was given
 * @throws {ConfigError} with every mistake in them; a function is one
 */
export function toPortable (cors: CorsOptions | OriginPolicy, path: string): object {
  // `new OriginPolicy()` takes undefined for "allow nobody". Here undefined is a mistake, and must not be stored.
  if (cors === undefined) throw new ConfigError([issue('INVALID_TYPE', path, cors, { message: 'is missing' })])
  const issues: ConfigIssue[] = []
  let options: CorsOptions | undefined
  try {
    options = new OriginPolicy(cors).snapshot()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    issues.push(...error.issues.map((found) => ({ ...found, path: path + found.path })))
  }
  const origin: unknown = options === undefined ? originOf(cors) : options.origin
  if (typeof origin === 'function') issues.push(notPortable(origin, path))
  const portable = { ...options, ...(origin !== undefined && { origin: mapOrigin(origin, regexpToJson) }) }
  const size = Buffer.byteLength(JSON.stringify(portable))
  if (size > MAX_POLICY) issues.push(tooLong(size, path))
  if (issues.length > 0) throw new ConfigError(issues)
  return portable
}

/**
 * @param value as it came out of JSON
 * @returns what `OriginPolicy` validates
 */
export function fromPortable (value: object): CorsOptions {
  return 'origin' in value ? { ...value, origin: mapOrigin(value.origin, regexpFromJson) as true } : value
}

function notPortable (value: unknown, path: string): ConfigIssue {
  return issue('INVALID_TYPE', `${path}/origin`, value, {
    message: 'is a function, which cannot be stored: other processes could not run it',
    hint: 'list origins, patterns or RegExps'
  })
}

function tooLong (size: number, path: string): ConfigIssue {
  const message = `has ${size} bytes as JSON; a stored policy has ${MAX_POLICY} at most`
  return issue('INVALID_TYPE', path, undefined, { message, hint: 'use patterns, such as https://*.example.com' })
}

/** What was given as `origin` to options that are not valid, and may throw when they are read. */
function originOf (cors: unknown): unknown {
  try {
    return (cors as CorsOptions).origin
  } catch {
    return undefined
  }
}

function mapOrigin (origin: unknown, map: (entry: unknown) => unknown): unknown {
  return Array.isArray(origin) ? origin.map(map) : map(origin)
}

function regexpToJson (entry: unknown): unknown {
  return types.isRegExp(entry) ? { regexp: entry.source, flags: entry.flags } satisfies PortableRegExp : entry
}

function regexpFromJson (entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null) return entry
  const { regexp, flags } = entry as PortableRegExp
  if (typeof regexp !== 'string' || typeof flags !== 'string') return entry
  try {
    return new RegExp(regexp, flags)
  } catch {
    // a RegExp of a newer Node; the validation names its place
    return entry
  }
}
