import type { Compiled } from '../options/compile.ts'
import type { Decision, PolicyRequest } from '../origin/decision.ts'
import { explain } from './explain.ts'
import { FILE_ORIGIN, parseOrigin } from '../origin/origin.ts'
import { isGuarded } from '../origin/same-origin.ts'
import { address, explainOwnPage, looksOwn } from './own-page.ts'
import { lacksOriginOfBrowser, STRIPPED } from './stripped-origin.ts'

const FILE = 'The page was loaded from a file (Cordova, an older Electron), and any file has this origin. ' +
  'Give the app its own scheme, such as app://, or list \'file://\' with dangerously: { fileOrigin: true }.'

/**
 * Text for a log line: what to change so that a refused request passes. A new reason does not compile before it has its
 * words here.
 *
 * @param origin the Origin header; empty for none
 */
export function hint (policy: Compiled, origin: string, decision: Decision, request?: PolicyRequest): string {
  switch (decision.reason) {
    case 'missing': {
      const stripped = request !== undefined && lacksOriginOfBrowser(request)
      const cure = stripped ? STRIPPED : 'Let the client send one, or set missingOrigin: "allow".'
      return `No Origin header came, and missingOrigin is "refuse". ${cure}`
    }
    case 'cross-site':
      return 'A page of another site sent this without an Origin (a script, image or link). ' +
        'Let it use fetch or the Socket.IO client, with crossorigin on script tags.'
    case 'null':
      return 'The page has the origin "null" (a sandboxed frame, a local file, a redirect). ' +
        'Serve it over http(s), or give the frame allow-same-origin.'
    case 'error': return 'The origin function failed; its error is logged too.'
    case 'timeout':
      return `The origin function did not answer within originTimeout (${policy.options.originTimeout} ms).`
    case 'malformed':
      if (origin === FILE_ORIGIN) return FILE
      return `${explain(policy, origin, decision)} No browser sends this: look at the client or the proxy.`
    case 'not-listed':
      return origin === '' ? ownWithoutOrigin(policy, request) : notListed(policy, origin, decision, request)
    case 'same-origin':
    case 'exact':
    case 'pattern':
    case 'regexp':
    case 'function':
    case 'any': return explain(policy, origin, decision)
  }
}

function notListed (policy: Compiled, origin: string, decision: Decision, request: PolicyRequest | undefined): string {
  const { originFunction, options: { sameOrigin } } = policy
  const page = parseOrigin(origin)
  const site = request?.headers?.['sec-fetch-site']
  if (sameOrigin === true && request !== undefined && isGuarded(origin, request)) return guarded(origin)
  if (sameOrigin !== false && request !== undefined && page !== undefined && site === 'same-origin') {
    return `${origin} is this server's own page, as the browser says (Sec-Fetch-Site: same-origin), but ` +
      explainOwnPage(page, request, sameOrigin)
  }
  const add = originFunction === undefined ? 'Add it to cors.origin' : 'Let the function allow it'
  const text = `${explain(policy, origin, decision)} ${add} if it is yours`
  if (sameOrigin === false) return `${text}; if it is this server's own, it is refused by sameOrigin: false.`
  // the browser says that it is another origin's page
  if (site !== undefined) return `${text}.`
  if (request?.host !== undefined && page !== undefined && looksOwn(page, request, sameOrigin)) {
    return `${text}. If it is this server's own page, ${explainOwnPage(page, request, sameOrigin)}`
  }
  if (sameOrigin !== true) return `${text}; if it is this server's own, add its host to cors.sameOrigin.`
  if (request?.host === undefined) return `${text}; if it is this server's own behind a proxy, set trustProxy.`
  const self = `this server takes itself for ${address(request)}`
  return `${text}; if it is this server's own, a proxy does not pass Host: ${self}.`
}

/** A GET of the server's own page bears no Origin (Fetch, "append a request Origin header"). */
function ownWithoutOrigin ({ options: { sameOrigin } }: Compiled, request: PolicyRequest | undefined): string {
  const whose = 'The server\'s own page sent this without an Origin'
  if (sameOrigin === false) return `${whose}, and sameOrigin is false.`
  const self = request === undefined ? '' : address(request)
  if (sameOrigin === true && request !== undefined && isGuarded(self, request)) return guarded(self)
  const page = parseOrigin(self)
  return page === undefined ? `${whose}.` : `${whose}: ${explainOwnPage(page, request!, sameOrigin)}`
}

/** Not "the server's own page": after DNS rebinding, the browser says so of an attacker's. */
function guarded (origin: string): string {
  const { host } = parseOrigin(origin) ?? { host: origin }
  return `${origin} is not taken for this server's own: it listens on loopback alone, and ${host} is no name of ` +
    'loopback, so a page could have led its own name here (DNS rebinding). ' +
    `If the name is this server's, set cors.sameOrigin: ['${host}']; behind a proxy, set trustProxy.`
}
