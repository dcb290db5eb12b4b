import type { PolicyRequest } from './decision.ts'
import { DEFAULT_PORTS } from './origin.ts'

/** @returns whether an origin is the server's own, and its host one that the server goes by */
export function isOwn (origin: string, { protocol, host }: PolicyRequest, sameOrigin: boolean | readonly string[]): boolean {
  if (sameOrigin === false || protocol === undefined || !host) return false
  const name = host.toLowerCase()
  const port = `:${DEFAULT_PORTS[protocol]}`
  const bare = name.endsWith(port) ? name.slice(0, -port.length) : name
  if (origin !== `${protocol}://${bare}`) return false
  if (sameOrigin === true) return true
  return sameOrigin.includes(bare) || sameOrigin.includes(`${bare}${port}`) || sameOrigin.includes(bare.replace(/:\d+$/, ''))
}
