import type { ConfigIssue } from '../../errors.ts'
import { Dangers } from './dangers.ts'
import { allowance, type Decision } from '../origin/decision.ts'
import { readCors } from './read-cors.ts'
import { idleOptions } from './idle-options.ts'
import { PatternIndex } from '../origin/pattern-index.ts'
import type { CorsOptions } from './schema.ts'
import type { OriginFunction } from '../function/origin-function.ts'
import { checkHeaders, checkMethods } from './check-headers.ts'
import { checkHosts } from './check-hosts.ts'
import { checkExamples, checkOrigins, type Origins } from './check-origins.ts'
import { warningsOf } from './warnings.ts'

/** `cors` with every default filled in. */
export interface PolicyOptions {
  readonly credentials: boolean
  readonly methods: readonly string[]
  readonly allowedHeaders: readonly string[] | undefined
  readonly exposedHeaders: readonly string[]
  /** s */
  readonly maxAge: number | undefined
  readonly cacheControl: string | number | undefined
  readonly preflightContinue: boolean
  readonly optionsSuccessStatus: number
  readonly strictPreflight: boolean
  readonly sameOrigin: boolean | readonly string[]
  readonly missingOrigin: 'allow' | 'refuse'
  readonly enforce: 'sockets' | 'all'
  readonly emitHeaders: boolean
  readonly jsonp: boolean
  readonly onRevoke: 'disconnect' | 'keep'
  /** ms */
  readonly originTimeout: number
  readonly originCache: { readonly max: number, readonly ttl: number } | undefined
  readonly originExamples: readonly string[]
}

/** A validated policy, ready to be asked. Never changes. */
export interface Compiled {
  readonly options: PolicyOptions
  readonly wildcard: '*' | true | undefined
  /** Whether every origin gets the literal `*`. */
  readonly sendsLiteralStar: boolean
  /** Whether any origin but the server's own can be allowed. */
  readonly crossOrigin: boolean
  readonly exact: ReadonlyMap<string, Decision>
  readonly patterns: PatternIndex
  readonly regexps: readonly RegExp[]
  readonly originFunction: OriginFunction | undefined
  readonly snapshot: CorsOptions
  readonly warnings: readonly ConfigIssue[]
}

const DEFAULT_METHODS: readonly string[] = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE']

/**
 * @param path of `cors` in what was given; empty when it is all that was given
 * @returns `undefined` when there are issues
 */
export function compile (input: unknown, path: string, issues: ConfigIssue[]): Compiled | undefined {
  const read = readCors(input, path, issues)
  const { options: given } = read
  const sound = (name: keyof CorsOptions): boolean => !issues.some((issue) => issue.path === `${path}/${name}`)
  const credentials = given.credentials === true
  const dangers = new Dangers(given.dangerously)
  const warnings: ConfigIssue[] = []
  const lists = { credentials, issues, warnings }
  const origins = sound('origin')
    ? checkOrigins(given.origin ?? false, `${path}/origin`, { credentials, dangers, issues })
    : checkOrigins(false, '', { credentials, dangers, issues })
  const methods = given.methods === undefined ? DEFAULT_METHODS : checkMethods(given.methods, `${path}/methods`, lists)
  const allowedHeaders = given.allowedHeaders === undefined
    ? undefined
    : checkHeaders(given.allowedHeaders, `${path}/allowedHeaders`, 'request', lists)
  const exposedHeaders = checkHeaders(given.exposedHeaders ?? [], `${path}/exposedHeaders`, 'response', lists)
  checkNumbers(given, path, issues)
  checkHosts(given.sameOrigin, `${path}/sameOrigin`, issues)
  checkExamples(given.originExamples, `${path}/originExamples`, issues)
  if (issues.length > 0) return undefined
  warnings.push(...idleOptions(read, origins, dangers, path), ...warningsOf(given, origins, path))
  const { maxAge, cacheControl, originCache } = given
  const literal = origins.wildcard === '*' && !credentials
  // A bare `*` sends no Vary. So listed origins must get `*` too: a cache gives one origin's answer to another.
  return {
    options: Object.freeze({
      credentials,
      methods: Object.freeze(methods),
      allowedHeaders: Object.freeze(allowedHeaders),
      exposedHeaders: Object.freeze(exposedHeaders),
      maxAge,
      cacheControl,
      preflightContinue: given.preflightContinue ?? false,
      optionsSuccessStatus: given.optionsSuccessStatus ?? 204,
      strictPreflight: given.strictPreflight ?? true,
      sameOrigin: Array.isArray(given.sameOrigin)
        ? Object.freeze(given.sameOrigin.map((host: string) => host.toLowerCase()))
        : given.sameOrigin ?? true,
      missingOrigin: given.missingOrigin ?? 'allow',
      enforce: given.enforce ?? 'sockets',
      emitHeaders: given.emitHeaders ?? true,
      jsonp: given.jsonp ?? false,
      onRevoke: given.onRevoke ?? 'disconnect',
      originTimeout: given.originTimeout ?? 5000,
      originCache: Object.freeze(originCache),
      originExamples: Object.freeze(given.originExamples ?? [])
    }),
    wildcard: origins.wildcard,
    sendsLiteralStar: literal,
    crossOrigin: origins.wildcard !== undefined ||
      origins.exact.length + origins.patterns.length + origins.regexps.length > 0 ||
      origins.originFunction !== undefined,
    exact: new Map(origins.exact.map((origin) => [origin, allowance('exact', literal ? '*' : origin)])),
    patterns: index(origins),
    regexps: origins.regexps,
    originFunction: origins.originFunction,
    snapshot: given,
    warnings: Object.freeze(warnings)
  }
}

function index ({ patterns }: Origins): PatternIndex {
  const made = new PatternIndex()
  for (const pattern of patterns) made.add(pattern)
  return made
}

function checkNumbers ({ maxAge, optionsSuccessStatus }: CorsOptions, path: string, issues: ConfigIssue[]): void {
  if (Number.isInteger(maxAge) && (maxAge! < -1 || maxAge! > 86400)) {
    issues.push({
      code: 'MAX_AGE_RANGE',
      path: `${path}/maxAge`,
      value: maxAge,
      message: 'must be from -1 to 86400 (s)',
      hint: maxAge! > 86400 ? '86400' : '-1 forbids browsers to keep a preflight, 0 is as good'
    })
  }
  if (Number.isInteger(optionsSuccessStatus) && (optionsSuccessStatus! < 200 || optionsSuccessStatus! > 299)) {
    issues.push({
      code: 'STATUS_RANGE',
      path: `${path}/optionsSuccessStatus`,
      value: optionsSuccessStatus,
      message: 'must be from 200 to 299: browsers take no other status for a preflight',
      hint: '204'
    })
  }
}
