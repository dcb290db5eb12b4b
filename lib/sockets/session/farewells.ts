import type { Transport } from 'engine.io'
import type { FastifyRequest } from 'fastify'
import { PollingTransport } from './polling-transport.ts'
import { ownerOfRequest, type OwnedSession } from './owner.ts'
import { kOwner } from '../../http/request-marks.ts'

/** ms that a client has to come for what is left: it is between two polls, or upgrades, which are round trips. */
export const FAREWELL = 5000

/** A session, with a member that Engine.IO's types keep private. */
export interface Farewelled extends OwnedSession {
  readonly id: string
  readonly transport: Transport
}

interface Farewell {
  readonly binding: string
  readonly payload: string
  readonly timer: ReturnType<typeof setTimeout>
}

type Packets = Parameters<PollingTransport['send']>[0]

/**
 * What revoked sessions have still to say. A polling client that is between two polls hears nothing else: its next poll
 * is refused. So the last packets are kept, for one poll of the same client, and the session itself is not.
 */
export class Farewells {
  readonly #kept: Map<string, Farewell> = new Map()

  /** @param packets nothing else is sent */
  keep ({ id, transport, [kOwner]: binding }: Farewelled, packets: readonly object[]): void {
    // Other transports (protocol 3, JSONP) write other answers.
    if (packets.length === 0 || binding === undefined || !(transport instanceof PollingTransport)) return
    const payload = transport.encode(packets as Packets)
    const timer = setTimeout(() => { this.#kept.delete(id) }, FAREWELL).unref()
    this.#kept.set(id, { binding, payload, timer })
  }

  /** @returns the answer to a refused request that is such a poll, once */
  take (request: FastifyRequest): string | undefined {
    if (this.#kept.size === 0 || request.raw.method !== 'GET') return undefined
    const { sid, transport } = request.query as Record<string, unknown>
    const farewell = this.#kept.get(sid as string)
    if (farewell === undefined || transport !== 'polling' || farewell.binding !== ownerOfRequest(request)) { return undefined }
    clearTimeout(farewell.timer)
    this.#kept.delete(sid as string)
    return farewell.payload
  }

  clear (): void {
    for (const { timer } of this.#kept.values()) clearTimeout(timer)
    this.#kept.clear()
  }
}
