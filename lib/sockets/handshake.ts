import type { ServerOptions } from 'engine.io'
import { ReplayGuard } from './replay.ts'
import { type Secret, TokenIssuer } from './token.ts'

/**
 * Handshakes that hold no memory, as TCP's SYN cookies do for connections: the `sid` is a signed, expiring token, and
 * the session is made by the first request that comes back with it.
 */
export class StatelessHandshake {
  readonly #tokens: TokenIssuer
  readonly #used: ReplayGuard
  /** s that a client has to come back: as long as Engine.IO keeps a session whose client stays silent. */
  readonly #lifetime: number
  readonly #tail: string

  constructor (options: ServerOptions, secrets?: readonly Secret[]) {
    const { pingInterval, pingTimeout, maxHttpBufferSize, allowUpgrades, transports } = options
    const upgrades = allowUpgrades && transports!.includes('websocket') ? ['websocket'] : []
    this.#lifetime = Math.ceil((pingInterval! + pingTimeout!) / 1000)
    this.#tokens = new TokenIssuer(secrets)
    this.#used = new ReplayGuard(this.#lifetime)
    this.#tail = `",${JSON.stringify({ upgrades, pingInterval, pingTimeout, maxPayload: maxHttpBufferSize }).slice(1)}`
  }

  /** @returns whether these options leave the open packet to us: nothing of the user's goes into it */
  static fits ({ cookie, initialPacket, httpCompression }: ServerOptions): boolean {
    const threshold = httpCompression as { threshold?: number } | false
    return !cookie && initialPacket === undefined && (threshold === false || (threshold.threshold ?? 0) > 512)
  }

  /** @returns the open packet (Engine.IO protocol 4, "Handshake"), its `sid` good for this binding only */
  open (binding: string): string {
    return `0{"sid":"${this.#tokens.issue(binding, now())}${this.#tail}`
  }

  /** @returns whether the `sid` came from an open packet and is used for the first time; it counts as used from now on */
  redeem (sid: string, binding: string): boolean {
    const claims = this.#tokens.verify(sid, binding)
    if (claims === undefined) return false
    const at = now()
    // Clocks of several processes may differ by a little.
    if (at - claims.issued > this.#lifetime || claims.issued - at > this.#lifetime) return false
    return this.#used.take(claims.instance, claims.count, at)
  }
}

function now (): number {
  return Math.floor(Date.now() / 1000)
}
