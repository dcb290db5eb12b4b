import { isIPv4, isIPv6 } from './ip.ts'

/** The parts of a serialised origin (RFC 6454, section 6.2). */
export interface Origin {
  readonly scheme: string
  /** A name, an IPv4 address, or an IPv6 address in its brackets. */
  readonly host: string
  /** Empty for the scheme's default port. */
  readonly port: string
  /** Whether the host is an IP address. */
  readonly ip: boolean
}

/** Characters: a scheme of 64, a host of 253 (RFC 1035), a port, and what joins them. Longer text is not looked at. */
export const MAX_ORIGIN = 326

/** Without a prototype: an origin's scheme may be `constructor`. */
export const DEFAULT_PORTS: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  http: '80', https: '443', ws: '80', wss: '443', ftp: '21'
})

/** Of pages from the disk in some applications (Cordova, Electron). It has no host, so it does not parse. */
export const FILE_ORIGIN = 'file://'

const SCHEME = /^[a-z][a-z0-9+.-]{0,63}$/
const PORT = /^[1-9]\d{0,4}$/
/**
 * Labels with dots between, and maybe one behind (the root of the DNS: another host to a browser). Looser than a host
 * name (RFC 952), for browsers resolve and serialise underscores, and hyphens anywhere.
 */
const NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/
/**
 * The host in a scheme that browsers do not know, as the application serialises it: `app://.` of Electron, upper case
 * in the identifiers of extensions. It is compared byte for byte.
 */
const OPAQUE = /^[A-Za-z0-9._-]{1,254}$/
/** URL standard, "ends in a number checker": such a host is an IPv4 address or nothing. */
const NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/

/**
 * Parses an origin exactly as browsers serialise it: no path, no user, ASCII lower case, no default port, IP addresses
 * in their one form; in a scheme of an application, as that serialises it. The URL class will not do: it repairs what
 * must be refused.
 *
 * @returns `undefined` for anything else; never throws, and its cost is bounded by {@link MAX_ORIGIN}
 */
export function parseOrigin (text: string): Origin | undefined {
  if (typeof text !== 'string' || text.length > MAX_ORIGIN) return undefined
  const colon = text.indexOf('://')
  if (colon === -1) return undefined
  const scheme = text.slice(0, colon)
  if (!SCHEME.test(scheme)) return undefined
  const authority = text.slice(colon + 3)
  const bracketed = authority.charCodeAt(0) === 0x5b
  const portAt = bracketed ? authority.indexOf(']') + 1 : authority.indexOf(':')
  const hasPort = portAt > 0 && portAt < authority.length
  if (hasPort && authority.charCodeAt(portAt) !== 0x3a) return undefined
  const host = hasPort ? authority.slice(0, portAt) : authority
  const port = hasPort ? authority.slice(portAt + 1) : ''
  if (hasPort && (!PORT.test(port) || Number(port) > 65535 || DEFAULT_PORTS[scheme] === port)) return undefined
  if (bracketed) return host.endsWith(']') && isIPv6(host.slice(1, -1)) ? { scheme, host, port, ip: true } : undefined
  if (host.length > 254) return undefined
  const known = scheme in DEFAULT_PORTS || scheme === 'file'
  if (!(known ? NAME : OPAQUE).test(host)) return undefined
  const ip = NUMBER.test(host)
  if (ip && scheme in DEFAULT_PORTS && !isIPv4(host)) return undefined
  return { scheme, host, port, ip: ip && isIPv4(host) }
}

/**
 * Hosts that never leave the machine (Secure Contexts, "potentially trustworthy origin"), also with the dot of the DNS
 * root.
 *
 * @param host a name or an address, without a port
 */
export function isLoopbackHost (host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/.test(host) || host === '[::1]' || (host.startsWith('127.') && isIPv4(host))
}

export function isLoopback ({ host }: Origin): boolean {
  return isLoopbackHost(host)
}
