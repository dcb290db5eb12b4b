import { types } from 'node:util'
import type { Issues } from '../../issues.ts'
import { show } from '../../text.ts'
import { auditRegExp } from '../audit/audit-regexp.ts'
import { correctOrigin } from '../origin/suggest-origin.ts'
import { type Dangers, orDangerously } from './dangers.ts'
import { FILE_ORIGIN, isLoopback, type Origin, parseOrigin } from '../origin/origin.ts'
import { isPattern, parsePattern, type Pattern } from '../origin/pattern.ts'
import { strangerBelow } from '../audit/public-suffix.ts'
import type { OriginFunction } from '../function/origin-function.ts'
import { textHint } from './type-hints.ts'

/** The entries of `origin`, sorted by what they are. */
export interface Origins {
  wildcard: '*' | true | undefined
  readonly exact: string[]
  readonly patterns: Pattern[]
  readonly regexps: RegExp[]
  originFunction: OriginFunction | undefined
}

interface Context {
  readonly credentials: boolean
  readonly dangers: Dangers
  readonly issues: Issues
}

/** @param path of `origin` in what was given */
export function checkOrigins (value: unknown, path: string, context: Context): Origins {
  const origins: Origins = { wildcard: undefined, exact: [], patterns: [], regexps: [], originFunction: undefined }
  if (typeof value === 'function') origins.originFunction = value as OriginFunction
  else if (Array.isArray(value)) {
    if (value.length === 0) context.issues.add('ORIGIN_EMPTY', path, value)
    value.forEach((item, at) => checkEntry(item, `${path}/${at}`, origins, context))
  } else checkEntry(value, path, origins, context)
  return origins
}

/** Origins that start the attack on an origin function; what is no origin would start nothing, in silence. */
export function checkExamples (examples: unknown, path: string, issues: Issues): void {
  if (!Array.isArray(examples)) return
  examples.forEach((example: unknown, at) => {
    if (typeof example === 'string' && parseOrigin(example) === undefined) invalid(example, `${path}/${at}`, issues)
  })
}

function checkEntry (value: unknown, path: string, origins: Origins, context: Context): void {
  if (value === true || value === '*') {
    origins.wildcard = origins.wildcard === '*' ? '*' : value
    if (context.credentials && !context.dangers.permits('anyOriginWithCredentials')) {
      const hint = orDangerously('list the origins', 'anyOriginWithCredentials')
      context.issues.add('ORIGIN_ANY_WITH_CREDENTIALS', path, value, { hint })
    }
  } else if (types.isRegExp(value)) checkRegExp(value, path, origins, context)
  else if (typeof value === 'string') checkText(value, path, origins, context)
}

function checkRegExp (value: RegExp, path: string, origins: Origins, context: Context): void {
  const { credentials, dangers, issues } = context
  const secure = credentials && !dangers.permits('insecureOriginsWithCredentials')
  const finding = auditRegExp(value, { credentials: secure })
  const accepted = finding === undefined || (finding.code === 'REGEXP_UNSAFE' && dangers.permits('unsafeRegExp'))
  if (accepted) origins.regexps.push(value)
  else issues.add(finding.code, path, value, finding)
}

/** Origins of pages that have nothing else in common. */
const SHARED = {
  null: { code: 'ORIGIN_NULL', message: undefined, danger: 'nullOrigin' },
  [FILE_ORIGIN]: {
    code: 'ORIGIN_INVALID',
    message: 'every file on a visitor\'s disk has this origin, also one that came by mail',
    danger: 'fileOrigin'
  }
} as const

function checkText (value: string, path: string, origins: Origins, context: Context): void {
  const { issues, dangers } = context
  const shared = value === 'null' || value === FILE_ORIGIN ? SHARED[value] : undefined
  if (shared !== undefined) {
    const { code, message, danger } = shared
    if (dangers.permits(danger)) origins.exact.push(value)
    else issues.add(code, path, value, { message, hint: orDangerously('leave it out', danger) })
    return
  }
  if (value.trim() === '') {
    const hint = 'name an origin, or say `origin: false` for no cross-origin use'
    return issues.add('ORIGIN_EMPTY', path, value, { message: 'is empty', hint })
  }
  const pattern = isPattern(value) ? parsePattern(value) : undefined
  const origin = pattern ?? parseOrigin(value)
  if (origin === undefined) return invalid(value, path, issues)
  checkSecurity(origin, value, path, context)
  if (pattern === undefined) origins.exact.push(value)
  else origins.patterns.push(pattern)
}

function invalid (value: string, path: string, issues: Issues): void {
  const hint = textHint(value) ?? correctOrigin(value)
  const message = isPattern(value) && hint === undefined
    ? `${show(value)} is not a pattern: * stands for whole labels before the host (https://*.example.com) ` +
      'or for the port (http://localhost:*)'
    : undefined
  issues.add('ORIGIN_INVALID', path, value, { message, hint })
}

function checkSecurity (origin: Origin | Pattern, value: string, path: string, context: Context): void {
  const { credentials, dangers, issues } = context
  const insecure = credentials && origin.scheme === 'http' && !isLoopback(origin)
  if (insecure && !dangers.permits('insecureOriginsWithCredentials')) {
    const hint = orDangerously(value.replace('http:', 'https:'), 'insecureOriginsWithCredentials')
    issues.add('ORIGIN_INSECURE', path, value, { hint })
  }
  const stranger = 'subdomains' in origin && origin.subdomains ? strangerBelow(origin) : undefined
  if (stranger !== undefined && !dangers.permits('publicSuffixSubdomains')) {
    const message = `anyone can register a name below ${stranger.suffix}`
    const example = `${origin.scheme}://your-app.${stranger.suffix}`
    const hint = orDangerously(`name the origins, such as ${example}`, 'publicSuffixSubdomains')
    issues.add('ORIGIN_PUBLIC_SUFFIX', path, value, { message, hint, proof: stranger.origin })
  }
}
