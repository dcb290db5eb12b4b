import { kLoopback, type PolicyRequest } from './decision.ts'
import { DEFAULT_PORTS, isLoopbackHost } from './origin.ts'

/** `true`, `false`, or the hosts that the server goes by. */
type SameOrigin = boolean | readonly string[]

/** @returns whether an origin is the server's own, and its host one that the server goes by */
export function isSameOrigin (origin: string, request: PolicyRequest, sameOrigin: SameOrigin): boolean {
  return sameOrigin !== false && isOwn(origin, request) && goesBy(request, sameOrigin)
}

/**
 * A page's GET to its own server bears no Origin (Fetch, "append a request Origin header"); `sameOrigin` is for it too.
 * The browser may say that it is such a GET (Sec-Fetch-Site), or the Host is not among the pinned
 * ones: after DNS rebinding (`evil.example` resolves to this server) a page's own host is the attacker's.
 *
 * @param claimed whether Sec-Fetch-Site is `same-origin`
 * @returns the own origin of such a request, possibly empty; `undefined` when nothing is to be refused
 */
export function refusedOwn (request: PolicyRequest, claimed: boolean, sameOrigin: SameOrigin): string | undefined {
  if (!claimed && (typeof sameOrigin === 'boolean' || !request.host)) return undefined
  if (sameOrigin !== false && goesBy(request, sameOrigin)) return undefined
  return ownOrigin(request) ?? ''
}

/** @returns whether an origin would be the server's own, were its host a name of loopback, or the proxy trusted */
export function isGuarded (origin: string, request: PolicyRequest): boolean {
  return request[kLoopback] === true && !goesBy(request, true) && origin === ownOrigin(request)
}

function isOwn (origin: string, request: PolicyRequest): boolean {
  const host = origin.slice(origin.indexOf('://') + 3)
  // a stranger's is not even the beginning of ours: nothing has to be put together to know
  return request.host?.toLowerCase().startsWith(host) === true && origin === ownOrigin(request)
}

/** @returns the origin that the request was sent to, as browsers serialise it; `undefined` when that is not known */
function ownOrigin ({ protocol, host }: PolicyRequest): string | undefined {
  if (protocol === undefined || !host) return undefined
  const scheme = schemeOf(protocol)
  return `${scheme}://${withoutPort(host.toLowerCase(), `:${DEFAULT_PORTS[scheme]}`)}`
}

/** Traefik sends `X-Forwarded-Proto: wss` for upgrades; the page's origin is https. */
export function schemeOf (protocol: string): string {
  return protocol === 'wss' ? 'https' : protocol === 'ws' ? 'http' : protocol
}

/** Whether the Host of a request is a name that the server goes by. */
function goesBy (request: PolicyRequest, sameOrigin: true | readonly string[]): boolean {
  const { protocol = '', host } = request
  if (!host) return false
  // DNS rebinding: what listens on loopback alone is asked by names of loopback, or by a proxy that is to be trusted.
  if (sameOrigin === true && request[kLoopback] !== true) return true
  const name = host.toLowerCase()
  const bare = name.replace(/:\d+$/, '')
  if (sameOrigin === true) return isLoopbackHost(bare)
  const port = `:${DEFAULT_PORTS[schemeOf(protocol)]}`
  const text = withoutPort(name, port)
  return sameOrigin.includes(text) || sameOrigin.includes(`${text}${port}`) || sameOrigin.includes(bare)
}

function withoutPort (host: string, port: string): string {
  return host.endsWith(port) ? host.slice(0, -port.length) : host
}
