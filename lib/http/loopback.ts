import type { FastifyInstance, FastifyRequest } from 'fastify'
import { kLoopback } from '../policy/origin/decision.ts'
import { isLoopbackHost } from '../policy/origin/origin.ts'

/**
 * Lets the policy know that a request came over loopback: every address that the app listens on is one, and it trusts
 * no proxy. `app.inject()` without a listener, and a listener on a Unix socket, are no loopback: DNS cannot lead there.
 */
export function markLoopback (app: FastifyInstance): void {
  let known: boolean | undefined
  app.decorateRequest(kLoopback as never, {
    getter (this: FastifyRequest): boolean {
      known ??= listensOnLoopback(app)
      // Fastify has `ips` with `trustProxy` alone
      return known === true && this.ips === undefined
    }
  } as never)
}

/** @returns `undefined` until there is a listener */
function listensOnLoopback (app: FastifyInstance): boolean | undefined {
  const addresses = app.addresses()
  if (addresses.length === 0) return undefined
  return addresses.every((at) => typeof at === 'object' && isLoopbackHost(hostOf(at.address)))
}

/** As the host of an origin; IPv4 in IPv6 (RFC 4291, section 2.5.5.2) as IPv4. */
function hostOf (address: string): string {
  const text = address.replace(/^::ffff:(?=\d+\.)/, '')
  return text.includes(':') ? `[${text}]` : text
}
