import type { Compiled } from '../options/compile.ts'
import { differenceOf } from '../origin/difference.ts'
import { type Origin, parseOrigin } from '../origin/origin.ts'

/** An allowed origin, or a pattern, that is like one that is not. */
export interface Near {
  readonly origin: string
  readonly difference: string
  /** The less, the nearer. */
  readonly rank: number
}

/** By what differs: the likelier the mistake, the lower. Another scheme or port beside it adds one each. */
const RANK = {
  scheme: 1,
  port: 2,
  schemeAndPort: 3,
  dot: 3,
  www: 3,
  pattern: 3,
  patternHost: 4,
  subdomainTooMany: 5,
  subdomainMissing: 6,
  typo: 7
} as const

/**
 * One pass of cheap string comparisons; only what looks alike is parsed. The answer goes into the log line of a
 * refusal, so no origin that an attacker sends may make the pass slow: `https://com` must not have every `.com` parsed.
 */
export function nearest (
  { exact, patterns }: Pick<Compiled, 'exact' | 'patterns'>,
  origin: Origin,
  text: string
): Near | undefined {
  const core = origin.host.replace(/^www\./, '').replace(/\.$/, '')
  let best: Near | undefined
  const consider = (near: Near | undefined): void => {
    if (near !== undefined && (best === undefined || near.rank < best.rank)) best = near
  }
  for (const candidate of exact.keys()) {
    const kinship = kinshipOf(candidate, core)
    const isNearer = best === undefined || best.rank > RANK.subdomainMissing
    if (kinship === 'host' || (kinship === 'below' && core.includes('.') && isNearer)) {
      consider(compare(origin, parseOrigin(candidate), candidate))
    } else if (best === undefined && isTypo(text, candidate)) {
      best = { origin: candidate, difference: 'the spelling differs slightly', rank: RANK.typo }
    }
  }
  for (let dot = core.indexOf('.'); dot !== -1; dot = core.indexOf('.', dot + 1)) {
    const parent = `${origin.scheme}://${core.slice(dot + 1)}${origin.port && `:${origin.port}`}`
    const difference = 'there is a subdomain too many'
    if (exact.has(parent)) consider({ origin: parent, difference, rank: RANK.subdomainTooMany })
  }
  for (const { what, ...near } of patterns.near(origin)) {
    consider({ ...near, rank: what === 'host' ? RANK.patternHost : RANK.pattern })
  }
  return best
}

/** Whether the host of an origin is another one (but for `www.` and a dot at its end), or below it. */
function kinshipOf (candidate: string, host: string): 'host' | 'below' | undefined {
  const at = candidate.lastIndexOf(host)
  if (at < 1) return undefined
  const end = at + host.length
  // the host ends there, or is followed by a port, the dot of the DNS root, or both
  if (!/^\.?(?::|$)/.test(candidate.slice(end, end + 2))) return undefined
  const before = candidate[at - 1]
  if (before === '/') return 'host'
  if (before !== '.') return undefined
  return candidate.endsWith('/www.', at) ? 'host' : 'below'
}

function compare (asked: Origin, listed: Origin | undefined, name: string): Near | undefined {
  if (listed === undefined) return undefined
  const scheme = asked.scheme !== listed.scheme
  const port = asked.port !== listed.port
  if (asked.host === listed.host) {
    const what = scheme && port ? 'schemeAndPort' : scheme ? 'scheme' : 'port'
    return { origin: name, difference: differenceOf(asked, listed), rank: RANK[what] }
  }
  const found = compareHosts(asked.host, listed.host)
  if (found === undefined) return undefined
  const more = Number(scheme) + Number(port)
  const difference = more > 0 ? `${found.difference}, and ${differenceOf(asked, listed)}` : found.difference
  return { origin: name, difference, rank: RANK[found.what] + more }
}

function compareHosts (asked: string, listed: string): { what: keyof typeof RANK, difference: string } | undefined {
  if (asked === `${listed}.` || listed === `${asked}.`) return { what: 'dot', difference: 'the host ends in a dot' }
  if (asked === `www.${listed}`) return { what: 'www', difference: 'it has no "www."' }
  if (listed === `www.${asked}`) return { what: 'www', difference: 'it begins with "www."' }
  if (listed.endsWith(`.${asked}`)) return { what: 'subdomainMissing', difference: 'a subdomain is missing' }
  return undefined
}

/** Whether two texts differ in one place, by two characters at most. */
function isTypo (a: string, b: string): boolean {
  const difference = a.length - b.length
  if (difference > 2 || difference < -2) return false
  const least = Math.min(a.length, b.length)
  // the place is in one half, so the other is the same: a look at its middle spares most comparisons
  const quarter = least >> 2
  if (
    a.charCodeAt(2 * quarter) !== b.charCodeAt(2 * quarter) &&
    a.charCodeAt(a.length - quarter) !== b.charCodeAt(b.length - quarter)
  ) return false
  let head = 0
  while (head < least && a.charCodeAt(head) === b.charCodeAt(head)) head++
  let tail = 0
  while (tail < least - head && a.charCodeAt(a.length - 1 - tail) === b.charCodeAt(b.length - 1 - tail)) tail++
  return Math.max(a.length, b.length) - head - tail <= 2
}
