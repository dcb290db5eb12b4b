import { BlockList, isIP } from 'node:net'
import { parse } from 'tldts'
import { ownedBy } from '../../../policy/audit/ownership.ts'
import { isLoopbackHost, parseOrigin } from '../../../policy/origin/origin.ts'
import type { Examination } from '../examination.ts'
import type { Exchange } from '../wire/exchange.ts'

/** RFC 1918, RFC 3927, RFC 6598, RFC 4193 and RFC 4291. */
const LOCAL = new BlockList()
LOCAL.addSubnet('10.0.0.0', 8)
LOCAL.addSubnet('172.16.0.0', 12)
LOCAL.addSubnet('192.168.0.0', 16)
LOCAL.addSubnet('169.254.0.0', 16)
LOCAL.addSubnet('100.64.0.0', 10)
LOCAL.addSubnet('fc00::', 7, 'ipv6')
LOCAL.addSubnet('fe80::', 10, 'ipv6')

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

/** Names that no page comes from (RFC 2606, RFC 6761). */
const RESERVED = /(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid)$/

/** Where an address is, in the words of Chromium's local network access. */
export function spaceOf (address: string): 'loopback' | 'local' | 'public' {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
  if (LOOPBACK.check(plain, family)) return 'loopback'
  return LOCAL.check(plain, family) ? 'local' : 'public'
}

/** Whether browsers let a page reach the server at all: secure pages, and pages of the public internet. */
export function examineNetwork ({ target: { url, origin }, findings }: Examination, exchange: Exchange): void {
  const { address } = exchange
  const evidence = [exchange]
  if (origin.startsWith('https:') && url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    findings.add('MIXED_CONTENT', { evidence })
  }
  if (address === undefined || !isPublicPage(origin)) return
  const space = spaceOf(address)
  if (space !== 'public') findings.add('LOCAL_NETWORK', { evidence, values: { address, space } })
}

function isPublicPage (origin: string): boolean {
  const page = parseOrigin(origin)
  if (page === undefined || page.scheme !== 'https' || ownedBy(page) === undefined) return false
  return page.ip || !RESERVED.test(parse(page.host).hostname ?? page.host)
}
