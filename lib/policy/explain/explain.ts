import { show } from '../../text.ts'
import type { Compiled } from '../options/compile.ts'
import { correctOrigin } from '../origin/suggest-origin.ts'
import type { Decision } from '../origin/decision.ts'
import { nearest } from './nearest.ts'
import { parseOrigin } from '../origin/origin.ts'

/** Text for people: the decision about an origin; for a refusal also the nearest allowed origin and what differs. */
export function explain (policy: Compiled, origin: string, decision: Decision | undefined): string {
  const parsed = parseOrigin(origin)
  const name = parsed === undefined && origin !== 'null' ? show(origin) : origin
  if (decision === undefined) return `${name} is decided by the origin function when a request comes.`
  switch (decision.reason) {
    case 'exact':
      return `${name} is allowed: it is listed.`
    case 'pattern':
      return `${name} is allowed: ${(parsed && policy.patterns.find(parsed)) ?? 'a pattern'} covers it.`
    case 'regexp':
      return `${name} is allowed: ${
        show(policy.regexps.find((regexp) => regexp.test(origin)) ?? 'a RegExp')
      } matches it.`
    case 'function':
      return `${name} is allowed: the origin function says so.`
    case 'any':
      return `${name} is allowed: any origin is.`
    case 'same-origin':
      return `${name} is allowed: it is the server's own origin.`
    case 'null':
      return 'null is not allowed: every sandboxed frame, local file and some redirects carry this origin, on any site.'
    case 'error':
      return `${name} is not allowed: the origin function failed.`
    case 'timeout':
      return `${name} is not allowed: the origin function did not answer in time.`
    case 'malformed': {
      const corrected = correctOrigin(origin)
      const single = corrected !== undefined && !corrected.startsWith('[')
      const ask = single ? `; did you mean ${corrected}?` : '.'
      return `${name} is not allowed: it is not an origin as browsers send it${ask}`
    }
    default: {
      const near = parsed && nearest(policy, parsed, origin)
      if (near !== undefined) return `${name} is not allowed; ${near.origin} is: ${near.difference}.`
      if (policy.originFunction !== undefined) return `${name} is not allowed: the origin function does not allow it.`
      if (policy.exact.size + policy.patterns.size + policy.regexps.length > 0) { return `${name} is not allowed, and no allowed origin is like it.` }
      return policy.options.sameOrigin === false
        ? `${name} is not allowed: no origin is.`
        : `${name} is not allowed: no other origin than the server's own is.`
    }
  }
}
