import type { Socket } from 'socket.io'
import type { OriginPolicy } from '../policy/policy.ts'
import type { Sockets } from './server.ts'
import { callerOf, type OwnedSession } from './session.ts'

/** Sent to a client right before it is cut off because its origin is no longer allowed. */
export const REVOKED_EVENT = 'origin_revoked'

interface Session extends OwnedSession {
  readonly transport: { writable: boolean }
  flush (): void
  close (discard: boolean): void
}

/**
 * Asks a changed policy about every live session, and ends those that it would no longer let in. Their clients are told
 * why, and told not to come back (`io server disconnect`).
 */
export async function revokeSessions (sockets: Sockets, policy: OriginPolicy): Promise<void> {
  const { clients } = sockets.engine as unknown as { clients: Record<string, Session> }
  const joined = socketsBySession(sockets)
  await Promise.all(Object.values(clients).map(async (session) => {
    const { origin, request } = callerOf(session)
    const decision = await policy.decide(origin, request)
    if (decision.allowed) return
    // All in one answer: the poll after it would be refused already.
    const { transport } = session
    const { writable } = transport
    transport.writable = false
    for (const socket of joined.get(session) ?? []) {
      socket.emit(REVOKED_EVENT, { code: 'ORIGIN_REVOKED', reason: decision.reason })
      socket.disconnect()
    }
    transport.writable = writable
    session.flush()
    session.close(true)
  }))
}

function socketsBySession ({ io }: Sockets): Map<Session, Socket[]> {
  const joined = new Map<Session, Socket[]>()
  for (const namespace of io._nsps.values()) {
    for (const socket of namespace.sockets.values() as Iterable<Socket>) {
      const session = socket.conn as unknown as Session
      const others = joined.get(session)
      if (others === undefined) joined.set(session, [socket])
      else others.push(socket)
    }
  }
  return joined
}
