import { isSameOrigin, isTrustworthy, sendsCookies, siteOf, type Target } from '../target.ts'
import type { Header } from '../wire/exchange.ts'

/** Who asks: the page that is examined, a page of somebody else, or a program that is no browser. */
export interface Caller {
  /** What goes into the Origin header; `undefined` for none. */
  readonly origin: string | undefined
  /** Whether it is the page: then it sets its own headers and follows its own rule for cookies. */
  readonly isPage: boolean
  /** Another Host than that of the URL. */
  readonly host?: string
}

export const NATIVE: Caller = { origin: undefined, isPage: false }

export function pageOf ({ origin }: Target): Caller {
  return { origin, isPage: true }
}

export function stranger (origin: string): Caller {
  return { origin, isPage: false }
}

/** How a browser makes a request. */
export type Kind = 'get' | 'post' | 'websocket' | 'script' | 'preflight'

/**
 * The headers that a browser would send. A GET to the page's own server has no Origin (Fetch, "append a request Origin
 * header"), nor has a script tag. Chromium sends no Sec-Fetch headers with a WebSocket handshake, and none to a server
 * that is not secure.
 *
 * @param kept cookies that this session has been given
 */
export function headersOf (target: Target, caller: Caller, kind: Kind, kept: readonly string[] = []): Header[] {
  const { url, headers } = target
  const { origin, isPage, host } = caller
  const own = isPage && isSameOrigin(target)
  const anonymous = origin === undefined || kind === 'script' || (own && kind === 'get')
  return [
    ...(host === undefined ? [] : [['Host', host] as const]),
    ['Accept', '*/*'],
    ...(anonymous ? [] : [['Origin', origin] as const]),
    ...(origin === undefined || kind === 'websocket' || !isTrustworthy(url) ? [] : fetchMetadata(url, origin, kind)),
    ...(kind === 'post' ? [['Content-Type', 'text/plain;charset=UTF-8'] as const] : []),
    ...(isPage && (kind === 'get' || kind === 'post') ? headers : []),
    ...cookies(target, caller, kind, kept)
  ]
}

function fetchMetadata (url: URL, origin: string, kind: Kind): Header[] {
  const isScript = kind === 'script'
  return [
    ['Sec-Fetch-Site', siteOf(url, origin)],
    ['Sec-Fetch-Mode', isScript ? 'no-cors' : 'cors'],
    ['Sec-Fetch-Dest', isScript ? 'script' : 'empty']
  ]
}

/** Those of the user go along with all but preflights; a stranger's page makes the visitor's browser send them. */
function cookies (target: Target, { isPage }: Caller, kind: Kind, kept: readonly string[]): Header[] {
  if (kind === 'preflight') return []
  const given = target.cookie === undefined ? [] : [target.cookie]
  const all = isPage && sendsCookies(target) ? [...given, ...kept] : given
  return all.length === 0 ? [] : [['Cookie', all.join('; ')]]
}
