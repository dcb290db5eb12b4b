import { channel } from 'node:diagnostics_channel'
import type { EngineReason } from './engine-refusals.ts'
import type { Reason } from '../policy/origin/decision.ts'

/** A refusal of the origin hook that the policy has no part in. */
export type Cause = 'jsonp' | 'unclaimed'

/** Why a request is refused: the policy's reason, or what else turned it down. */
export type RefusalReason = Reason | Cause | EngineReason

/** What became of a handshake's `sid` when a request came with it. */
export type TokenOutcome = 'redeemed' | 'foreign' | 'expired' | 'replayed' | 'unknown'

/** How many requests, for each reason that has occurred. */
export type ByReason = Readonly<Partial<Record<RefusalReason, number>>>

/** What `app.io.stats()` returns: whole numbers, counted since the plugin was registered, but for `sessions`. */
export interface Stats {
  /** Handshakes of Socket.IO, by outcome. */
  readonly handshakes: {
    /** Polling handshakes that were answered, with no session yet; see docs/handshakes.md. */
    readonly answered: number
    /** Handshakes that opened a session at once: WebSocket, and with `statelessHandshake: false` polling too. */
    readonly opened: number
    /** Handshakes that were refused, by the origin policy or by Engine.IO. */
    readonly refused: number
  }
  /** Requests that were answered with an error, by reason; also those that are no handshakes, and REST. */
  readonly refusals: ByReason
  /**
   * Requests that were served although their origin is not allowed, by reason: REST with `enforce: 'sockets'`, where
   * the policy has origins besides the server's, and everything with `enforce: 'report'`.
   */
  readonly reported: ByReason
  /** Sessions that are open now, by transport. */
  readonly sessions: { readonly polling: number, readonly websocket: number }
  /** Requests with the `sid` of a handshake that was answered without a session. */
  readonly tokens: {
    /** The session was made; the handshake was this process's. */
    readonly redeemed: number
    /** The session was made; the handshake was another process's. */
    readonly foreign: number
    /** The client came too late. */
    readonly expired: number
    /** It was used before: its session has ended, or somebody has copied it. */
    readonly replayed: number
    /** Nobody issued it here, or another origin has it; also the `sid` of a process that was restarted. */
    readonly unknown: number
  }
  /** Sessions that were ended because an update of the policy refuses their origin. */
  readonly revoked: number
}

/** A message on the `fastify-io:count` diagnostics channel: one thing that has been counted. */
export interface Count {
  readonly handshake?: keyof Stats['handshakes']
  readonly token?: TokenOutcome
  readonly revoked?: true
}

const counted = channel('fastify-io:count')

/** Counts what happens to one registration of the plugin. Refusals have a channel to themselves. */
export class Counters {
  readonly #handshakes = { answered: 0, opened: 0, refused: 0 }
  readonly #tokens: Record<TokenOutcome, number> = { redeemed: 0, foreign: 0, expired: 0, replayed: 0, unknown: 0 }
  readonly #refusals: Partial<Record<RefusalReason, number>> = {}
  readonly #reported: Partial<Record<RefusalReason, number>> = {}
  #revoked = 0

  handshake (outcome: keyof Stats['handshakes']): void {
    this.#handshakes[outcome]++
    if (counted.hasSubscribers) counted.publish({ handshake: outcome } satisfies Count)
  }

  token (outcome: TokenOutcome): void {
    this.#tokens[outcome]++
    if (counted.hasSubscribers) counted.publish({ token: outcome } satisfies Count)
  }

  /** @param enforced whether it was answered with an error */
  refusal (reason: RefusalReason, enforced: boolean): void {
    const counts = enforced ? this.#refusals : this.#reported
    counts[reason] = (counts[reason] ?? 0) + 1
  }

  revoked (): void {
    this.#revoked++
    if (counted.hasSubscribers) counted.publish({ revoked: true } satisfies Count)
  }

  /** @param sessions that are open, by transport */
  stats (sessions: Stats['sessions']): Stats {
    return {
      handshakes: { ...this.#handshakes },
      refusals: { ...this.#refusals },
      reported: { ...this.#reported },
      sessions,
      tokens: { ...this.#tokens },
      revoked: this.#revoked
    }
  }
}
