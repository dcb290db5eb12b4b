import type { Examination } from '../examination.ts'
import { isTrustworthy, sendsCookies, siteOf } from '../target.ts'
import { type Exchange, valuesOf } from '../wire/exchange.ts'

/** Why a browser does not keep a cookie, or not every browser. */
interface Dropped {
  readonly reason: string
  /** The end of Chromium's sentence. */
  readonly blocked: string
  /** Only browsers that block third-party cookies. */
  readonly some?: boolean
}

interface Cookie {
  readonly name: string
  /** Attributes with lower-case names; `''` for those without a value. */
  readonly attributes: ReadonlyMap<string, string>
}

/** Whether the browser keeps the cookies that came with an answer (RFC 6265bis, section 5.7). */
export function examineCookies ({ target, findings }: Examination, exchange: Exchange): void {
  if (!sendsCookies(target)) return
  for (const line of valuesOf(exchange, 'set-cookie')) {
    const cookie = parse(line)
    const dropped = whyDropped(cookie, target.url, siteOf(target.url, target.origin) === 'cross-site')
    if (dropped === undefined) continue
    const { reason, blocked, some = false } = dropped
    findings.add('COOKIE_DROPPED', {
      evidence: [exchange],
      values: { cookie: cookie.name, reason, blocked },
      ...(some && { severity: 'warning' as const, browser: false as const })
    })
  }
}

function parse (line: string): Cookie {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
  const attributes = rest.map((part) => {
    const [name = '', ...value] = part.split('=')
    return [name.trim().toLowerCase(), value.join('=').trim()] as const
  })
  return { name: pair.split('=', 1)[0]!, attributes: new Map(attributes) }
}

const CROSS_SITE = 'came from a cross-site response which was not the response to a top-level navigation.'

function whyDropped ({ attributes }: Cookie, url: URL, crossSite: boolean): Dropped | undefined {
  const secure = attributes.has('secure')
  const sameSite = attributes.get('samesite')?.toLowerCase() ?? 'unset'
  const domain = attributes.get('domain')?.toLowerCase().replace(/^\./, '') ?? ''
  if (domain !== '' && url.hostname !== domain && !url.hostname.endsWith(`.${domain}`)) {
    return {
      reason: `its Domain ${domain} is not that of the server`,
      blocked: 'its Domain attribute was invalid with regards to the current host url.'
    }
  }
  if (secure && !isTrustworthy(url)) {
    return {
      reason: 'it is Secure, and the server is plain http',
      blocked: 'it had the "Secure" attribute but was not received over a secure connection.'
    }
  }
  if (sameSite === 'none' && !secure) {
    return {
      reason: 'SameSite=None needs Secure',
      blocked: 'it had the "SameSite=None" attribute but did not have the "Secure" attribute, ' +
        'which is required in order to use "SameSite=None".'
    }
  }
  return crossSite ? whyNotAcross(sameSite, attributes.has('partitioned')) : undefined
}

function whyNotAcross (sameSite: string, partitioned: boolean): Dropped | undefined {
  if (sameSite === 'unset') {
    return {
      reason: 'without SameSite it does not cross sites',
      blocked: `it didn't specify a "SameSite" attribute, was defaulted to "SameSite=Lax", and ${CROSS_SITE}`
    }
  }
  if (sameSite !== 'none') {
    const name = sameSite === 'strict' ? 'Strict' : 'Lax'
    return {
      reason: `SameSite=${name} does not cross sites`,
      blocked: `it had the "SameSite=${name}" attribute but ${CROSS_SITE}`
    }
  }
  if (partitioned) return undefined
  return { reason: 'browsers that block third-party cookies keep only Partitioned ones', blocked: '', some: true }
}
