import { types } from 'node:util'
import { type ConfigIssue, show } from '../errors.ts'
import { auditRegExp } from './audit.ts'
import { correctOrigin } from './correct.ts'
import { isLoopback, type Origin, parseOrigin } from './origin.ts'
import { ownedBy } from './ownership.ts'
import { isPattern, parsePattern, type Pattern } from './pattern.ts'
import type { OriginFunction } from './schema.ts'

/** The entries of `origin`, sorted by what they are. */
export interface Origins {
  any: '*' | true | undefined
  readonly exact: string[]
  readonly patterns: Pattern[]
  readonly regexps: RegExp[]
  ask: OriginFunction | undefined
}

interface Context {
  readonly credentials: boolean
  readonly dangerously: Readonly<Record<string, boolean | undefined>>
  readonly issues: ConfigIssue[]
}

/** @param path of `origin` in what was given */
export function checkOrigins (value: unknown, path: string, context: Context): Origins {
  const origins: Origins = { any: undefined, exact: [], patterns: [], regexps: [], ask: undefined }
  if (typeof value === 'function') origins.ask = value as OriginFunction
  else if (Array.isArray(value)) {
    if (value.length === 0) context.issues.push({ code: 'ORIGIN_EMPTY', path, value, message: 'is an empty list', hint: 'list an origin, or say `origin: false` for no cross-origin use' })
    value.forEach((item, at) => checkEntry(item, `${path}/${at}`, origins, context))
  } else checkEntry(value, path, origins, context)
  return origins
}

/** Origins that start the attack on an origin function; what is no origin would start nothing, in silence. */
export function checkExamples (examples: unknown, path: string, issues: ConfigIssue[]): void {
  if (!Array.isArray(examples)) return
  examples.forEach((example: unknown, at) => {
    if (typeof example !== 'string' || parseOrigin(example) !== undefined) return
    const corrected = correctOrigin(example)
    issues.push({ code: 'ORIGIN_INVALID', path: `${path}/${at}`, value: example, message: `${show(example)} is not an origin as browsers send it`, ...(corrected !== undefined && { hint: corrected }) })
  })
}

function checkEntry (value: unknown, path: string, origins: Origins, context: Context): void {
  if (value === true || value === '*') {
    origins.any = origins.any === '*' ? '*' : value
    if (context.credentials && context.dangerously.anyOriginWithCredentials !== true) {
      context.issues.push({ code: 'ORIGIN_ANY_WITH_CREDENTIALS', path, value, message: 'any site could act with the cookies of its visitors', hint: 'list the origins, or set `dangerously: { anyOriginWithCredentials: true }`' })
    }
  } else if (types.isRegExp(value)) checkRegExp(value, path, origins, context)
  else if (typeof value === 'string') checkText(value, path, origins, context)
}

function checkRegExp (value: RegExp, path: string, origins: Origins, { credentials, dangerously, issues }: Context): void {
  const finding = auditRegExp(value, { credentials: credentials && dangerously.insecureOriginsWithCredentials !== true })
  if (finding !== undefined && !(finding.code === 'REGEXP_UNSAFE' && dangerously.unsafeRegExp === true)) issues.push({ ...finding, path, value })
  else origins.regexps.push(value)
}

function checkText (value: string, path: string, origins: Origins, context: Context): void {
  const { issues, dangerously } = context
  if (value === 'null') {
    if (dangerously.nullOrigin === true) origins.exact.push(value)
    else issues.push({ code: 'ORIGIN_NULL', path, value, message: 'every sandboxed frame on any site has the origin "null"', hint: 'leave it out, or set `dangerously: { nullOrigin: true }`' })
    return
  }
  if (value.trim() === '') {
    issues.push({ code: 'ORIGIN_EMPTY', path, value, message: 'is empty', hint: 'name an origin, or say `origin: false` for no cross-origin use' })
    return
  }
  const parsed = isPattern(value) ? parsePattern(value) : parseOrigin(value)
  if (parsed === undefined) {
    const corrected = correctOrigin(value)
    const message = isPattern(value) && corrected === undefined
      ? `${show(value)} is not a pattern: * stands for whole labels before the host (https://*.example.com) or for the port (http://localhost:*)`
      : `${show(value)} is not an origin as browsers send it`
    issues.push({ code: 'ORIGIN_INVALID', path, value, message, ...(corrected !== undefined && { hint: corrected }) })
    return
  }
  checkSecurity(parsed, value, path, context)
  if (isPattern(value)) origins.patterns.push(parsed as Pattern)
  else origins.exact.push(value)
}

function checkSecurity (origin: Origin & { subdomains?: boolean }, value: string, path: string, { credentials, dangerously, issues }: Context): void {
  if (credentials && origin.scheme === 'http' && !isLoopback(origin) && dangerously.insecureOriginsWithCredentials !== true) {
    issues.push({ code: 'ORIGIN_INSECURE', path, value, message: 'whoever is on the network between can change a plain-http page, and act with its cookies', hint: value.replace('http:', 'https:') })
  }
  if (origin.subdomains === true && dangerously.publicSuffixSubdomains !== true && isPublicSuffix(origin)) {
    issues.push({ code: 'ORIGIN_PUBLIC_SUFFIX', path, value, message: `anyone can register a name below ${origin.host}`, hint: `name the origins, such as ${origin.scheme}://your-app.${origin.host}` })
  }
}

/**
 * Whether a stranger can own a name below a host: of a name two labels below, more than the host is what somebody
 * registered (`a.b.com`: `b.com`). Private entries of the public suffix list count too: github.io, vercel.app.
 */
function isPublicSuffix (origin: Origin): boolean {
  return ['x', 'x.x'].some((name) => {
    const owned = ownedBy({ ...origin, host: `${name}.${origin.host}` })
    return owned !== undefined && owned.name.length > origin.host.length
  })
}
