import { show } from '../errors.ts'
import type { Compiled } from './compile.ts'
import { correctOrigin } from './correct.ts'
import type { Decision } from './decision.ts'
import { differenceOf } from './difference.ts'
import { type Origin, parseOrigin } from './origin.ts'

/** Text for people: what became of an origin, and for a refusal the nearest allowed one and what differs. */
export function explain (policy: Compiled, origin: string, decision: Decision | undefined): string {
  const name = parseOrigin(origin) === undefined && origin !== 'null' ? show(origin) : origin
  if (decision === undefined) return `${name} is decided by the origin function when a request comes.`
  switch (decision.reason) {
    case 'exact': return `${name} is allowed: it is listed.`
    case 'pattern': return `${name} is allowed: a pattern covers it.`
    case 'regexp': return `${name} is allowed: a RegExp matches it.`
    case 'function': return `${name} is allowed: the origin function says so.`
    case 'any': return `${name} is allowed: any origin is.`
    case 'same-origin': return `${name} is allowed: it is the server's own origin.`
    case 'null': return 'null is not allowed: every sandboxed frame, local file and some redirects carry this origin, on any site.'
    case 'error': return `${name} is not allowed: the origin function failed.`
    case 'timeout': return `${name} is not allowed: the origin function did not answer in time.`
    case 'malformed': {
      const corrected = correctOrigin(origin)
      return `${name} is not allowed: it is no origin as browsers send it${corrected === undefined ? '' : `; ${corrected} would be`}.`
    }
    default: {
      const near = nearest(policy, origin)
      if (near !== undefined) return `${name} is not allowed; ${near.origin} is: ${near.difference}.`
      return policy.exact.size + policy.patterns.size + policy.regexps.length === 0 && policy.ask === undefined
        ? `${name} is not allowed: no other origin than the server's own is.`
        : `${name} is not allowed, and no allowed origin is like it.`
    }
  }
}

interface Near {
  readonly origin: string
  readonly difference: string
  /** The less, the nearer. */
  readonly rank: number
}

/** One pass of cheap string comparisons; only the few that look alike are parsed. */
function nearest ({ exact, patterns }: Compiled, text: string): Near | undefined {
  const origin = parseOrigin(text)
  if (origin === undefined) return undefined
  const core = origin.host.replace(/^www\./, '').replace(/\.$/, '')
  let best: Near | undefined
  const consider = (near: Near | undefined): void => {
    if (near !== undefined && (best === undefined || near.rank < best.rank)) best = near
  }
  for (const candidate of exact.keys()) {
    if (candidate.includes(core)) consider(compare(origin, parseOrigin(candidate), candidate))
    else if (isTypo(text, candidate)) consider({ origin: candidate, difference: 'it is spelt a little otherwise', rank: 7 })
  }
  for (let dot = core.indexOf('.'); dot !== -1; dot = core.indexOf('.', dot + 1)) {
    const parent = `${origin.scheme}://${core.slice(dot + 1)}${origin.port && `:${origin.port}`}`
    if (exact.has(parent)) consider({ origin: parent, difference: 'there is a subdomain too many', rank: 5 })
  }
  for (const near of patterns.near(origin)) consider(near)
  return best
}

function compare (asked: Origin, listed: Origin | undefined, name: string): Near | undefined {
  if (listed === undefined) return undefined
  const scheme = asked.scheme !== listed.scheme
  const port = asked.port !== listed.port
  if (asked.host === listed.host) return { origin: name, difference: differenceOf(asked, listed), rank: scheme && port ? 3 : scheme ? 1 : 2 }
  const plus = Number(scheme) + Number(port)
  const also = plus > 0 ? `, and ${differenceOf(asked, listed)}` : ''
  if (asked.host === `${listed.host}.` || listed.host === `${asked.host}.`) return { origin: name, difference: `the host ends in a dot${also}`, rank: 3 + plus }
  if (asked.host === `www.${listed.host}`) return { origin: name, difference: `it has no "www."${also}`, rank: 3 + plus }
  if (listed.host === `www.${asked.host}`) return { origin: name, difference: `it begins with "www."${also}`, rank: 3 + plus }
  if (listed.host.endsWith(`.${asked.host}`)) return { origin: name, difference: `a subdomain is missing${also}`, rank: 6 + plus }
  return undefined
}

/** Whether two texts differ in one place, by two characters at most. */
function isTypo (a: string, b: string): boolean {
  const difference = a.length - b.length
  if (difference > 2 || difference < -2) return false
  const least = Math.min(a.length, b.length)
  let head = 0
  while (head < least && a.charCodeAt(head) === b.charCodeAt(head)) head++
  let tail = 0
  while (tail < least - head && a.charCodeAt(a.length - 1 - tail) === b.charCodeAt(b.length - 1 - tail)) tail++
  return Math.max(a.length, b.length) - head - tail <= 2
}
