import type { FastifyRequest } from 'fastify'
import { PollingTransport } from './polling-transport.ts'
import { ownerOfRequest, type OwnedSession } from './owner.ts'
import { queryOf } from '../../http/query.ts'
import { kOwner } from '../../http/request-marks.ts'
import type { EngineSession, Packet } from '../upstream/engine-io.ts'

/** ms that a client has to come for what is left: it is between two polls, or upgrades, which are round trips. */
export const FAREWELL = 5000

interface Farewell {
  readonly owner: string
  readonly payload: string
  readonly timer: ReturnType<typeof setTimeout>
}

/**
 * The last packets of revoked sessions. The next poll of a polling client is refused, so a client between two polls
 * would hear nothing. The packets are kept for one poll of the same client, and the session is not.
 */
export class Farewells {
  readonly #kept: Map<string, Farewell> = new Map()

  /** @param packets nothing else is sent */
  keep ({ id, transport, [kOwner]: owner }: EngineSession & OwnedSession, packets: Packet[]): void {
    // Other transports (protocol 3, JSONP) write other answers.
    if (packets.length === 0 || owner === undefined || !(transport instanceof PollingTransport)) return
    const payload = transport.encode(packets)
    const timer = setTimeout(() => { this.#kept.delete(id) }, FAREWELL).unref()
    this.#kept.set(id, { owner, payload, timer })
  }

  /** @returns the answer to a refused request that is such a poll, once */
  take (request: FastifyRequest): string | undefined {
    if (this.#kept.size === 0 || request.raw.method !== 'GET') return undefined
    const { sid, transport } = queryOf(request)
    const farewell = this.#kept.get(sid!)
    if (farewell === undefined || transport !== 'polling' || farewell.owner !== ownerOfRequest(request)) {
      return undefined
    }
    clearTimeout(farewell.timer)
    this.#kept.delete(sid!)
    return farewell.payload
  }

  clear (): void {
    for (const { timer } of this.#kept.values()) clearTimeout(timer)
    this.#kept.clear()
  }
}
