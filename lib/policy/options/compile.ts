import { ConfigError } from '../../errors.ts'
import { type ConfigIssue, Issues } from '../../issues.ts'
import { Dangers } from './dangers.ts'
import { allowance, type Decision } from '../origin/decision.ts'
import { readCors } from './read-cors.ts'
import { warnOfIdle } from './idle-options.ts'
import { PatternIndex } from '../origin/pattern-index.ts'
import type { CorsOptions, PolicyOptions } from './cors-options.ts'
import type { OriginFunction } from '../function/origin-function.ts'
import { checkHeaders, checkMethods } from './check-headers.ts'
import { checkHosts } from './check-hosts.ts'
import { checkNumbers } from './check-numbers.ts'
import { checkExamples, checkOrigins } from './check-origins.ts'
import { warnOfUnwise } from './warnings.ts'

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

const DEFAULT_METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE']

/** @throws {ConfigError} with every mistake in the `cors` options */
export function compile (input: unknown): Compiled {
  const [issues, warnings] = [new Issues(), new Issues()]
  const read = readCors(input, issues)
  const { options: given } = read
  const credentials = given.credentials === true
  const dangers = new Dangers(given.dangerously)
  const lists = { credentials, issues, warnings }
  // what is of another type has been found already
  const origin = issues.all.some(({ path }) => path === '/origin') ? false : given.origin ?? false
  const origins = checkOrigins(origin, '/origin', { credentials, dangers, issues })
  const methods = checkMethods(given.methods ?? DEFAULT_METHODS, '/methods', lists)
  const allowedHeaders = given.allowedHeaders === undefined
    ? undefined
    : checkHeaders(given.allowedHeaders, '/allowedHeaders', 'request', lists)
  const exposedHeaders = checkHeaders(given.exposedHeaders ?? [], '/exposedHeaders', 'response', lists)
  checkNumbers(given, issues)
  checkHosts(given.sameOrigin, '/sameOrigin', issues)
  checkExamples(given.originExamples, '/originExamples', issues)
  if (issues.all.length > 0) throw new ConfigError(issues.all)

  const { wildcard, exact, regexps, originFunction } = origins
  const patterns = new PatternIndex(origins.patterns)
  // A bare `*` sends no Vary. So listed origins must get `*` too: a cache gives one origin's answer to another.
  const sendsLiteralStar = wildcard === '*' && !credentials
  warnOfIdle(read, origins, dangers, warnings)
  warnOfUnwise(given, { wildcard, sendsLiteralStar, patterns, regexps }, warnings)
  return {
    options: Object.freeze({
      credentials,
      methods: Object.freeze(methods),
      allowedHeaders: Object.freeze(allowedHeaders),
      exposedHeaders: Object.freeze(exposedHeaders),
      maxAge: given.maxAge,
      cacheControl: given.cacheControl,
      preflightContinue: given.preflightContinue ?? false,
      optionsSuccessStatus: given.optionsSuccessStatus ?? 204,
      strictPreflight: given.strictPreflight ?? true,
      sameOrigin: frozenHosts(given.sameOrigin ?? true),
      missingOrigin: given.missingOrigin ?? 'allow',
      enforce: given.enforce ?? 'sockets',
      emitHeaders: given.emitHeaders ?? true,
      jsonp: given.jsonp ?? false,
      onRevoke: given.onRevoke ?? 'disconnect',
      originTimeout: given.originTimeout ?? 5000,
      originCache: Object.freeze(given.originCache),
      originExamples: Object.freeze(given.originExamples ?? [])
    }),
    wildcard,
    sendsLiteralStar,
    crossOrigin: wildcard !== undefined || exact.length + patterns.size + regexps.length > 0 ||
      originFunction !== undefined,
    exact: new Map(exact.map((origin) => [origin, allowance('exact', sendsLiteralStar ? '*' : origin)])),
    patterns,
    regexps,
    originFunction,
    snapshot: given,
    warnings: Object.freeze(warnings.all)
  }
}

function frozenHosts (sameOrigin: boolean | readonly string[]): boolean | readonly string[] {
  return typeof sameOrigin === 'boolean' ? sameOrigin : Object.freeze(sameOrigin.map((host) => host.toLowerCase()))
}
