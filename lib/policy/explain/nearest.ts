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

const TYPO = 7
const SUBDOMAIN_MISSING = 6

/**
 * One pass of cheap string comparisons; only what looks alike is parsed. The answer goes into the log line of a refusal,
 * so no origin that an attacker sends may make the pass slow: `https://com` must not have every `.com` parsed.
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
    if (
      kinship === 'host' ||
      (kinship === 'below' && core.includes('.') && !(best !== undefined && best.rank <= SUBDOMAIN_MISSING))
    ) {
      consider(compare(origin, parseOrigin(candidate), candidate))
    } else if (best === undefined && isTypo(text, candidate)) {
      best = { origin: candidate, difference: 'the spelling differs slightly', rank: TYPO }
    }
  }
  for (let dot = core.indexOf('.'); dot !== -1; dot = core.indexOf('.', dot + 1)) {
    const parent = `${origin.scheme}://${core.slice(dot + 1)}${origin.port && `:${origin.port}`}`
    if (exact.has(parent)) consider({ origin: parent, difference: 'there is a subdomain too many', rank: 5 })
  }
  for (const near of patterns.near(origin)) consider(near)
  return best
}

/** Whether the host of an origin is another one (but for `www.` and a dot at its end), or below it. */
function kinshipOf (candidate: string, host: string): 'host' | 'below' | undefined {
  const at = candidate.lastIndexOf(host)
  if (at < 1) return undefined
  const end = at + host.length
  if (end < candidate.length) {
    const next = candidate[end]
    if (next !== ':' && !(next === '.' && (end + 1 === candidate.length || candidate[end + 1] === ':'))) { return undefined }
  }
  const before = candidate[at - 1]
  if (before === '/') return 'host'
  if (before !== '.') return undefined
  return candidate.endsWith('/www.', at) ? 'host' : 'below'
}

function compare (asked: Origin, listed: Origin | undefined, name: string): Near | undefined {
  if (listed === undefined) return undefined
  const scheme = asked.scheme !== listed.scheme
  const port = asked.port !== listed.port
  if (asked.host === listed.host) { return { origin: name, difference: differenceOf(asked, listed), rank: scheme && port ? 3 : scheme ? 1 : 2 } }
  const plus = Number(scheme) + Number(port)
  const also = plus > 0 ? `, and ${differenceOf(asked, listed)}` : ''
  if (asked.host === `${listed.host}.` || listed.host === `${asked.host}.`) { return { origin: name, difference: `the host ends in a dot${also}`, rank: 3 + plus } }
  if (asked.host === `www.${listed.host}`) { return { origin: name, difference: `it has no "www."${also}`, rank: 3 + plus } }
  if (listed.host === `www.${asked.host}`) { return { origin: name, difference: `it begins with "www."${also}`, rank: 3 + plus } }
  if (listed.host.endsWith(`.${asked.host}`)) { return { origin: name, difference: `a subdomain is missing${also}`, rank: SUBDOMAIN_MISSING + plus } }
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
