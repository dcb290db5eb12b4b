import { show } from '../../text.ts'
import type { Compiled } from '../options/compile.ts'
import type { Decision } from '../origin/decision.ts'
import { type Origin, parseOrigin } from '../origin/origin.ts'
import { correctOrigin } from '../origin/suggest-origin.ts'
import { nearest } from './nearest.ts'

/**
 * Text for people: the decision about an origin; for a refusal also the nearest allowed origin and what differs.
 *
 * @param decision `undefined` where the origin function decides, and has not been asked
 */
export function explain (policy: Compiled, origin: string, decision: Decision | undefined): string {
  const parsed = parseOrigin(origin)
  const name = parsed === undefined && origin !== 'null' ? show(origin) : origin
  if (decision === undefined) return `${name} is decided by the origin function when a request comes.`
  const why = whyOf(policy, origin, parsed, decision)
  return decision.allowed ? `${name} is allowed: ${why}` : `${name} is not allowed${why}`
}

/** How the sentence goes on. A new reason does not compile before it has its words here. */
function whyOf (policy: Compiled, origin: string, parsed: Origin | undefined, { reason }: Decision): string {
  switch (reason) {
    case 'exact': return 'it is listed.'
    case 'pattern': return `${(parsed && policy.patterns.find(parsed)) ?? 'a pattern'} covers it.`
    case 'regexp': return `${show(policy.regexps.find((regexp) => regexp.test(origin)) ?? 'a RegExp')} matches it.`
    case 'function': return 'the origin function says so.'
    case 'any': return 'any origin is.'
    case 'same-origin': return "it is the server's own origin."
    case 'null': return ': every sandboxed frame, local file and some redirects carry this origin, on any site.'
    case 'error': return ': the origin function failed.'
    case 'timeout': return ': the origin function did not answer in time.'
    case 'malformed': {
      const corrected = correctOrigin(origin)
      const isOne = corrected !== undefined && !corrected.startsWith('[')
      return `: it is not an origin as browsers send it${isOne ? `; did you mean ${corrected}?` : '.'}`
    }
    case 'missing': return ': there is none.'
    case 'cross-site': return ': a page of another site sent the request.'
    case 'not-listed': return whyNotListed(policy, origin, parsed)
  }
}

function whyNotListed (policy: Compiled, origin: string, parsed: Origin | undefined): string {
  const { exact, patterns, regexps, originFunction, options: { sameOrigin } } = policy
  const near = parsed && nearest(policy, parsed, origin)
  if (near !== undefined) return `; ${near.origin} is: ${near.difference}.`
  if (originFunction !== undefined) return ': the origin function does not allow it.'
  if (exact.size + patterns.size + regexps.length > 0) return ', and no allowed origin is like it.'
  return sameOrigin === false ? ': no origin is.' : ": no other origin than the server's own is."
}
