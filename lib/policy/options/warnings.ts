import type { Issues } from '../../issues.ts'
import { show } from '../../text.ts'
import type { PatternIndex } from '../origin/pattern-index.ts'
import { FILE_ORIGIN, parseOrigin } from '../origin/origin.ts'
import { parsePattern } from '../origin/pattern.ts'
import type { CorsOptions } from './cors-options.ts'
import { distance } from './did-you-mean.ts'

/** What is allowed: that of a compiled policy. */
interface Listed {
  readonly wildcard: '*' | true | undefined
  readonly sendsLiteralStar: boolean
  readonly patterns: PatternIndex
  readonly regexps: readonly RegExp[]
}

/** Warns of what is legal but unwise. */
export function warnOfUnwise ({ maxAge, origin }: CorsOptions, origins: Listed, warnings: Issues): void {
  if (maxAge !== undefined && maxAge > 600) {
    const caps = maxAge > 7200
      ? 'Safari keeps a preflight for 600 s at most, Chromium for 7200 s'
      : 'Safari keeps a preflight for 600 s at most'
    const message = `${caps}, whatever is said here (Firefox: 86400 s)`
    warnings.add('MAX_AGE_CAPPED', '/maxAge', maxAge, { message, hint: maxAge > 7200 ? '7200' : '600' })
  }
  const list: readonly unknown[] = Array.isArray(origin) ? origin : [origin]
  const seen = new Set<unknown>()
  list.forEach((item, nth) => {
    const path = Array.isArray(origin) ? `/origin/${nth}` : '/origin'
    const unlikely = typeof item === 'string' ? unlikelyScheme(item) : undefined
    if (unlikely !== undefined) warnings.add('ORIGIN_UNLIKELY', path, item, unlikely)
    const why = seen.has(item) ? 'is listed twice' : coveredBy(item, origins)
    if (why !== undefined) warnings.add('ORIGIN_REDUNDANT', path, item, { message: `${show(item)} ${why}` })
    seen.add(item)
  })
}

/** @returns in words what else already allows all that an entry does */
function coveredBy (item: unknown, listed: Listed): string | undefined {
  const { wildcard, sendsLiteralStar, patterns, regexps } = listed
  if (item === false || item === undefined || item === '*' || item === true) return undefined
  // of those that allow any origin, the literal `*` alone allows null
  const needsNull = item === 'null' && !sendsLiteralStar
  if (wildcard !== undefined) return needsNull ? undefined : 'is covered: any origin is allowed'
  if (typeof item !== 'string') return undefined
  const origin = parseOrigin(item)
  if (origin === undefined) {
    const pattern = parsePattern(item)
    return pattern !== undefined && patterns.covers(pattern, true) ? 'is covered by another pattern' : undefined
  }
  if (patterns.matches(origin)) return 'is covered by a pattern'
  const regexp = regexps.find((regexp) => regexp.test(item))
  return regexp === undefined ? undefined : `is covered by ${show(regexp)}`
}

/** A page's origin has the scheme of the page: https, even if what it opens is wss (URL standard, "origin"). */
function unlikelyScheme (item: string): { message: string, hint: string } | undefined {
  const scheme = item.slice(0, item.indexOf('://'))
  if (scheme === 'ws' || scheme === 'wss') {
    return { message: `browsers send the page's origin, which is never ${scheme}:`, hint: item.replace(/^ws/, 'http') }
  }
  if ((scheme === 'file' && item !== FILE_ORIGIN) || scheme === 'ftp') {
    const hint = scheme === 'file' ? 'file://, where an application sends it' : 'leave it out'
    return { message: `pages from ${scheme}: have another origin`, hint }
  }
  const isTypo = scheme !== 'http' && scheme !== 'https' && scheme.startsWith('h') && distance(scheme, 'https') <= 1
  if (!isTypo) return undefined
  return { message: `${show(scheme)} is no scheme that browsers know`, hint: item.replace(scheme, 'https') }
}
