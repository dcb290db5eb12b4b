import type { FastifyBaseLogger } from 'fastify'
import { missing, needed, type Needs, own } from './contract.ts'
import { installed, known, twoCopies } from './packages.ts'

/**
 * Looks for the private members of engine.io and socket.io that this plugin touches, and for a second copy of
 * engine.io, once at registration: a missing member would otherwise be a TypeError under load.
 *
 * @param log gets one line for each finding
 * @param from a file of this package; the packages are those that it would load
 * @returns whether our own sessions and transports can work; otherwise Engine.IO's must serve
 * @throws Error when nothing can serve, or when the origin policy would not hold
 */
export function checkUpstream (log: FastifyBaseLogger, needs: Needs, from: string = import.meta.url): boolean {
  const copies = twoCopies(from)
  if (copies !== undefined) log.warn(copies)
  const lacking = missing(needed(needs))
  if (lacking.length > 0) throw new Error(`fastify-io cannot run: ${versions(lacking, from)}`)
  const lackingForOwn = missing(own())
  if (lackingForOwn.length === 0) return true
  log.warn({ missing: lackingForOwn }, 'fastify-io uses Engine.IO\'s own sessions and transports, which need more ' +
    `memory and CPU, and its own handshakes (as with statelessHandshake: false): ${versions(lackingForOwn, from)}`)
  return false
}

function versions (lacking: readonly string[], from: string): string {
  return `the installed packages (${installed(from)}) lack ${lacking.join(', ')}. Install the versions that ` +
    `fastify-io is tested with (${known()}), or a newer fastify-io.`
}
