// Who could serve a page from an origin: the question behind "may an attacker own it".

import { parse } from 'tldts'
import { isLoopback, type Origin } from '../origin/origin.ts'

/** What somebody has to own to serve a page from an origin. */
export interface Owned {
  /** Equal for origins with the same owner: a registrable domain, an address, an extension. */
  readonly name: string
  /** Where in the host the owned part starts; what is left of it is its owner's to choose. */
  readonly from: number
  readonly kind: 'domain' | 'platform' | 'address' | 'extension'
  /** The public suffix below which names are handed out; empty for addresses and extensions. */
  readonly suffix: string
}

/** Private entries of the list count too, and what is parsed is a host already. */
const HOST_ALONE = { allowPrivateDomains: true, extractHostname: false, validateHostname: false }

/** Anyone can publish an extension, and its pages send Origin with its id. */
const EXTENSIONS = /^(?:chrome|moz|safari-web|ms-browser|edge)-extension$/

/**
 * The owner of an origin among strangers on the internet; undefined where no stranger can be it: loopback, private
 * addresses, intranet names, names below an unregistered suffix (`.local`, `.internal`), schemes of installed apps.
 * `.example` counts as registrable: it stands for every domain there is (RFC 2606).
 */
export function ownedBy (origin: Origin): Owned | undefined {
  const { scheme, host, ip } = origin
  if (EXTENSIONS.test(scheme)) return { name: `${scheme}://${host}`, from: 0, kind: 'extension', suffix: '' }
  if ((scheme !== 'http' && scheme !== 'https') || isLoopback(origin)) return undefined
  if (ip) return isPrivateAddress(host) ? undefined : { name: host, from: 0, kind: 'address', suffix: '' }
  const { domain, publicSuffix, isIcann, isPrivate } = parse(host, HOST_ALONE)
  if (domain === null || publicSuffix === null) return undefined
  if (isIcann !== true && isPrivate !== true && publicSuffix !== 'example') return undefined
  // Netlify hands out no name with two hyphens: they join a deploy preview to the site that it belongs to.
  const joint = publicSuffix === 'netlify.app' ? domain.lastIndexOf('--') : -1
  const name = joint === -1 ? domain : domain.slice(joint + 2)
  const at = host.lastIndexOf(name)
  return { name, from: at, kind: isPrivate === true ? 'platform' : 'domain', suffix: publicSuffix }
}

/** RFC 1918, RFC 3927, RFC 6598, RFC 1122 (0.0.0.0/8) and, for version 6, RFC 4193 and RFC 4291. */
function isPrivateAddress (host: string): boolean {
  if (host.startsWith('[')) return /^\[(?:f[cd]|fe[89ab])[0-9a-f]{0,2}:|^\[::\]$/.test(host)
  const [first, second] = host.split('.').map(Number) as [number, number]
  return first === 0 || first === 10 || (first === 172 && second >= 16 && second <= 31) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254) || (first === 100 && second >= 64 && second <= 127) || first >= 224
}
