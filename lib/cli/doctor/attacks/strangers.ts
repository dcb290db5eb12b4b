import { ownedBy } from '../../../policy/audit/ownership.ts'
import { isLoopback, type Origin, parseOrigin } from '../../../policy/origin/origin.ts'
import type { FindingCode } from '../codes/index.ts'

/** An origin that somebody else can have, and the mistake that lets it in. */
export interface Lookalike {
  readonly code: Extract<FindingCode,
    'ORIGIN_NULL' | 'ORIGIN_SUFFIX' | 'ORIGIN_PREFIX' | 'ORIGIN_SCHEME' | 'ORIGIN_PORT'>
  readonly origin: string
  /** An origin that has nothing of the page's name: a server that allows it allows the other one on purpose. */
  readonly unless?: string
}

/**
 * Origins that are like the page's and that are not the page's. Most are what an attacker can own. A name below the
 * page's own domain is not, unless the domain hands out names or one is taken over. `https://*.example.com` allows such
 * names on purpose.
 */
export function lookalikesOf (origin: string): Lookalike[] {
  const lookalikes: Lookalike[] = origin === 'null' ? [] : [{ code: 'ORIGIN_NULL', origin: 'null' }]
  const page = parseOrigin(origin)
  if (page === undefined || (page.scheme !== 'http' && page.scheme !== 'https')) return lookalikes
  const { scheme, host, port, ip } = page
  const end = port === '' ? '' : `:${port}`
  const owned = ownedBy(page)
  if (!host.startsWith('[')) {
    lookalikes.push({ code: 'ORIGIN_SUFFIX', origin: `${scheme}://${host}.attacker.example${end}` })
  }
  if (owned !== undefined && !ip) {
    lookalikes.push({ code: 'ORIGIN_PREFIX', origin: `${scheme}://attacker${host.slice(owned.from)}${end}` })
    if (owned.from > 0) lookalikes.push(gluedTo(page, owned.from))
  }
  if (isLoopback(page)) return lookalikes
  if (scheme === 'https') lookalikes.push({ code: 'ORIGIN_SCHEME', origin: `http://${host}${end}` })
  lookalikes.push({ code: 'ORIGIN_PORT', origin: `${scheme}://${host}:${port === '8443' ? '9443' : '8443'}` })
  return lookalikes
}

/**
 * What `endsWith('app.example.com')` lets in, and next to it a name that only `*.example.com` lets in. Netlify joins
 * names by two hyphens.
 */
function gluedTo ({ scheme, host, port }: Origin, from: number): Lookalike {
  const end = port === '' ? '' : `:${port}`
  const dot = host.indexOf('.')
  return {
    code: 'ORIGIN_PREFIX',
    origin: `${scheme}://attacker${host}${end}`,
    unless: `${scheme}://attacker${host.slice(dot < from ? dot : from - 2)}${end}`
  }
}
