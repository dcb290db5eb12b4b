import type { Compiled, PolicyOptions } from './compile.ts'
import type { Decision, PolicyRequest } from './decision.ts'
import { explain } from './explain.ts'

/** Text for a log line: what to change so that a refused request passes. */
export function hint (policy: Compiled, origin: string, decision: Decision, _request?: PolicyRequest): string {
  const { options, ask } = policy
  switch (decision.reason) {
    case 'missing': return 'No Origin header came, and missingOrigin is "refuse". Let the client send one, or allow requests without.'
    case 'cross-site': return 'A page of another site sent this without an Origin (a script, image or link). Let it use fetch or the Socket.IO client, with crossorigin on script tags.'
    case 'null': return 'The page has no origin of its own (sandboxed frame, local file, redirect). Serve it over http(s), or give the frame allow-same-origin.'
    case 'error': return 'The origin function failed; its error is logged too.'
    case 'timeout': return `The origin function did not answer within originTimeout (${options.originTimeout} ms).`
    case 'malformed': return `${explain(policy, origin, decision)} The client, or a proxy on the way, made it up.`
    case 'not-listed': return `${explain(policy, origin, decision)} ${ask === undefined ? 'Add it to cors.origin' : 'Let the function allow it'} if it is yours; if it is this server's own${ownHint(options)}.`
    default: return explain(policy, origin, decision)
  }
}

function ownHint ({ sameOrigin }: PolicyOptions): string {
  if (sameOrigin === false) return ', it is refused by sameOrigin: false'
  return sameOrigin === true ? ' behind a proxy, set trustProxy' : ', add its host to cors.sameOrigin'
}
