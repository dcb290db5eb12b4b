import { DEFAULT_PORTS, type Origin } from './origin.ts'

/** For two origins of one host. */
export function differenceOf (asked: Pick<Origin, 'scheme' | 'port'>, listed: Pick<Origin, 'scheme' | 'port'>): string {
  const scheme = asked.scheme !== listed.scheme
  const port = asked.port !== listed.port
  const ports = `the port differs (${asked.port || defaultPort(asked)}, not ${listed.port || defaultPort(listed)})`
  if (scheme && port) return `the scheme differs (${asked.scheme}, not ${listed.scheme}), and ${ports}`
  return scheme ? 'the scheme differs' : ports
}

function defaultPort ({ scheme }: Pick<Origin, 'scheme'>): string {
  return DEFAULT_PORTS[scheme] ?? 'none'
}
