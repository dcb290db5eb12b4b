import { isLoopbackHost, parseOrigin } from '../../policy/origin/origin.ts'
import { ownedBy } from '../../policy/audit/ownership.ts'
import type { Header } from './wire/exchange.ts'

/** A route of the same server, and how a page would ask for it. */
export interface RestRoute {
  readonly method: string
  readonly path: string
}

/** What is examined: a server, from a page. */
export interface Target {
  readonly url: URL
  /** Of the page, as the browser serialises it. */
  readonly origin: string
  /** Where Socket.IO should be; `undefined`: at one of the usual paths. */
  readonly path: string | undefined
  readonly rest: RestRoute | undefined
  /** Whether the page asks `withCredentials`. */
  readonly credentials: boolean
  /** What the page sets with `extraHeaders`. */
  readonly headers: readonly Header[]
  /** What the browser holds for the server. */
  readonly cookie: string | undefined
  /** How many fresh connections ask for one session. */
  readonly requests: number
  readonly attack: boolean
}

/** Whether the page comes from the server itself: then CORS has no say. */
export function isSameOrigin ({ url, origin }: Target): boolean {
  return url.origin === origin
}

/** Whether cookies go along with polling: to the page's own server, or when the page asks for it. */
export function sendsCookies (target: Target): boolean {
  return target.credentials || isSameOrigin(target)
}

/**
 * What a browser says in Sec-Fetch-Site (Fetch Metadata, section 2.4): one site is one registrable domain and scheme.
 */
export function siteOf (url: URL, origin: string): 'same-origin' | 'same-site' | 'cross-site' {
  if (url.origin === origin) return 'same-origin'
  const page = parseOrigin(origin)
  const server = parseOrigin(url.origin)
  if (page === undefined || server === undefined || page.scheme !== server.scheme) return 'cross-site'
  if (page.host === server.host) return 'same-site'
  const owner = ownedBy(server)
  return owner !== undefined && owner.name === ownedBy(page)?.name ? 'same-site' : 'cross-site'
}

/** Whether the server counts as secure (Secure Contexts, section 3.1): else browsers send it no Sec-Fetch headers. */
export function isTrustworthy ({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopbackHost(hostname)
}
