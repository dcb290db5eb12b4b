import type { ServerOptions } from 'engine.io'
import type { TokenOutcome } from '../../log/counters.ts'
import type { Secret } from '../../policy/options/secrets.ts'
import { ReplayGuard } from './replay.ts'
import { TokenIssuer } from './token.ts'

/** ms that the tokens of one batch may lie apart: one by one they cost more than the rest of the open packet. */
const BATCH = 5

/** What handshakes that hold no memory are signed with, and for which server. */
export interface Stateless {
  readonly audience: string
  readonly secrets: readonly Secret[] | undefined
}

/** What the open packet says of the server (Engine.IO protocol 4, "Handshake"). */
interface Described {
  readonly pingInterval: number | undefined
  readonly pingTimeout: number | undefined
  readonly maxHttpBufferSize: number | undefined
  readonly allowUpgrades: boolean | undefined
  readonly transports: readonly string[] | undefined
}

/**
 * Handshakes that hold no memory, as TCP's SYN cookies do for connections: the `sid` is a signed, expiring token, and
 * the session is made by the first request that comes back with it.
 */
export class StatelessHandshake {
  readonly #tokens: TokenIssuer
  readonly #used: ReplayGuard
  /** Engine.IO's; users change them while the server runs. */
  readonly #options: ServerOptions
  #described: Described
  #tail: string

  /**
   * @param options Engine.IO's
   * @param audience the server that tokens are good for
   * @param secrets as {@link TokenIssuer} takes them
   */
  constructor (options: ServerOptions, audience: string, secrets?: readonly Secret[]) {
    this.#options = options
    this.#tokens = new TokenIssuer(secrets, audience)
    this.#used = new ReplayGuard(this.#lifetime + BATCH)
    this.#described = options as Described
    this.#tail = this.#describe()
  }

  /** @returns whether these options leave the open packet to us: nothing of the user's goes into it */
  static fits ({ cookie, initialPacket, httpCompression }: ServerOptions): boolean {
    const threshold = httpCompression as { threshold?: number } | false
    return !cookie && initialPacket === undefined && (threshold === false || (threshold.threshold ?? 0) > 512)
  }

  /** ms that a client has to come back: as long as Engine.IO keeps a session whose client stays silent. */
  get #lifetime (): number {
    return this.#options.pingInterval! + this.#options.pingTimeout!
  }

  /** A token may be good for a few ms too long, never for less than its lifetime; short lifetimes are exact. */
  get #span (): number {
    return Math.max(1, Math.min(BATCH, Math.floor(this.#lifetime / 5000)))
  }

  /** @returns the open packet (Engine.IO protocol 4, "Handshake"), its `sid` good for this owner only */
  open (owner: string): string {
    if (this.#changed()) this.#tail = this.#describe()
    const now = Date.now()
    return `0{"sid":"${this.#tokens.issue(owner, now - now % this.#span)}${this.#tail}`
  }

  /** @returns whether the `sid` is good; it counts as used from now on then */
  redeem (sid: string, owner: string): TokenOutcome {
    const claims = this.#tokens.verify(sid, owner)
    if (claims === undefined) return 'unknown'
    const now = Date.now()
    const age = now - claims.issued
    // Clocks of several processes differ.
    if (age >= this.#lifetime + this.#span || age < -this.#lifetime) return 'expired'
    if (!this.#used.take(claims.instance, claims.count, now)) return 'replayed'
    return claims.instance === this.#tokens.instance ? 'redeemed' : 'foreign'
  }

  #changed (): boolean {
    const { pingInterval, pingTimeout, maxHttpBufferSize, allowUpgrades, transports } = this.#options
    const seen = this.#described
    return pingInterval !== seen.pingInterval || pingTimeout !== seen.pingTimeout || transports !== seen.transports ||
      maxHttpBufferSize !== seen.maxHttpBufferSize || allowUpgrades !== seen.allowUpgrades
  }

  #describe (): string {
    const { pingInterval, pingTimeout, maxHttpBufferSize, allowUpgrades, transports } = this.#options
    this.#used.lifetime = Math.max(this.#used.lifetime, this.#lifetime + BATCH)
    this.#described = { pingInterval, pingTimeout, maxHttpBufferSize, allowUpgrades, transports }
    const upgrades = allowUpgrades && transports!.includes('websocket') ? ['websocket'] : []
    return `",${JSON.stringify({ upgrades, pingInterval, pingTimeout, maxPayload: maxHttpBufferSize }).slice(1)}`
  }
}
