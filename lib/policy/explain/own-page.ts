import { show } from '../../text.ts'
import type { PolicyRequest } from '../origin/decision.ts'
import { DEFAULT_PORTS, type Origin, parseOrigin } from '../origin/origin.ts'
import { schemeOf } from '../origin/same-origin.ts'

const NGINX_HOST = 'nginx: proxy_set_header Host $http_host'

const PORT = /:\d+$/

/** Where two origins differ. */
type Part = 'scheme' | 'host' | 'port'

/** What a request was sent to: as the server sees it, or as the proxy says in X-Forwarded headers. */
interface Target {
  readonly protocol?: string | undefined
  readonly host?: string | undefined
}

/**
 * For a page that may be the server's own behind a proxy: what the server takes itself for, which part differs, and
 * what to change at the proxy. All of it stands on the request.
 *
 * @param page its origin
 * @param sameOrigin `true`, or the hosts that the server goes by
 */
export function explainOwnPage (page: Origin, request: PolicyRequest, sameOrigin: true | readonly string[]): string {
  const told = toldByProxy(request)
  const differing = partsThatDiffer(page, request)
  const left = partsThatDiffer(page, told)
  const unheeded = address(request) !== address(told) || (request.ips === undefined && left.includes('scheme'))
  const cures = [
    ...(unheeded ? trustCure(request) : []),
    ...left.map((part) => CURES[part](request)),
    ...(sameOrigin !== true && !isPinned(page, sameOrigin) ? ['Add its host to cors.sameOrigin.'] : [])
  ]
  const verb = differing.length > 1 ? 'differ' : 'differs'
  const difference = differing.length === 0 ? '' : `: the ${differing.join(' and the ')} ${verb}`
  return [`this server takes itself for ${address(request)}${difference}.`, ...cures].join(' ')
}

/** Whether a page's host could be the server's, going by its name. */
export function looksOwn (page: Origin, request: PolicyRequest, sameOrigin: true | readonly string[]): boolean {
  if (sameOrigin !== true && isPinned(page, sameOrigin)) return true
  const told = toldByProxy(request)
  if (withoutPort(told.host) !== page.host) return withoutPort(request.host) === page.host
  // two servers of one machine, such as localhost:3000 and localhost:3001, and no sign of a proxy
  const otherPort = PORT.test(told.host ?? '') && partsThatDiffer(page, told).join() === 'port'
  return !otherPort || request.ips !== undefined || isForwarded(request)
}

/** What the server takes itself for, as an origin. */
export function address ({ protocol, host }: Target): string {
  const origin = originAs(schemeOf(protocol ?? ''), host)
  return parseOrigin(origin) === undefined ? show(origin) : origin
}

const CURES: Readonly<Record<Part, (request: PolicyRequest) => string>> = {
  scheme (request) {
    const proto = forwarded(request, 'proto')
    if (proto !== undefined) return `The proxy sends X-Forwarded-Proto: ${show(proto)}.`
    const trust = request.ips === undefined ? ', which counts only with trustProxy' : ''
    return `The proxy does not send X-Forwarded-Proto (nginx: proxy_set_header X-Forwarded-Proto $scheme)${trust}.`
  },
  host (request) {
    const host = forwarded(request, 'host')
    if (host !== undefined) return `The proxy sends X-Forwarded-Host: ${show(host)}.`
    return `The proxy does not pass Host (${NGINX_HOST}; Vite and webpack: changeOrigin: false).`
  },
  port (request) {
    const host = forwarded(request, 'host')
    if (host !== undefined) return `The proxy sends X-Forwarded-Host: ${show(host)}.`
    if (PORT.test(request.host ?? '')) return `The proxy puts another port into Host (${NGINX_HOST}).`
    return `The port is missing: the proxy drops it from Host (${NGINX_HOST}, not $host).`
  }
}

/** The proxy says where the request was sent, and the server does not listen. */
function trustCure (request: PolicyRequest): string[] {
  if (request.ips !== undefined) {
    const proxy = String(request.ips[0])
    return [`The option trustProxy does not cover the proxy at ${proxy}, so its X-Forwarded headers do not count.`]
  }
  return isForwarded(request) ? ['Set trustProxy: without it the X-Forwarded headers of the proxy do not count.'] : []
}

function partsThatDiffer (page: Origin, { protocol, host }: Target): Part[] {
  // ports as those of the page's scheme: one difference must not look like two
  const seen = parseOrigin(originAs(page.scheme, host))
  const parts: Part[] = page.scheme === schemeOf(protocol ?? '') ? [] : ['scheme']
  if (seen?.host !== page.host) parts.push('host')
  else if (seen.port !== page.port) parts.push('port')
  return parts
}

function isPinned ({ host, port }: Pick<Origin, 'host' | 'port'>, pinned: readonly string[]): boolean {
  return pinned.includes(host) || pinned.includes(`${host}:${port}`)
}

function isForwarded ({ headers }: PolicyRequest): boolean {
  return Object.keys(headers).some((name) => name.startsWith('x-forwarded-'))
}

function withoutPort (host: string | undefined): string | undefined {
  return host?.toLowerCase().replace(PORT, '')
}

function toldByProxy (request: PolicyRequest): Target {
  return { protocol: forwarded(request, 'proto') ?? request.protocol, host: forwarded(request, 'host') ?? request.host }
}

/** The last entry counts, as in Fastify: it is the nearest proxy's. */
function forwarded ({ headers }: PolicyRequest, what: 'proto' | 'host'): string | undefined {
  const value = headers[`x-forwarded-${what}`]
  const text = Array.isArray(value) ? value.at(-1) : value
  return text?.slice(text.lastIndexOf(',') + 1).trim()
}

/** An origin has no default port (RFC 6454, section 6.2); a Host may have it. */
function originAs (scheme: string, host: string | undefined): string {
  const port = `:${DEFAULT_PORTS[scheme]}`
  const name = (host ?? '').toLowerCase()
  return `${scheme}://${name.endsWith(port) ? name.slice(0, -port.length) : name}`
}
