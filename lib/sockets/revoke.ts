import type { OriginPolicy } from '../policy/policy.ts'
import { FAREWELL, type Farewelled, type Farewells } from './session/farewells.ts'
import type { SocketServer } from './server.ts'
import { ownerOf } from './session/owner.ts'

/** Sent to a client right before it is cut off because its origin is no longer allowed. */
export const REVOKED_EVENT = 'origin_revoked'

/** Socket.IO protocol 5, "EVENT". */
const EVENT = 2

/** A session, with members that Engine.IO's types keep private. */
interface Revoked extends Farewelled {
  readonly writeBuffer: readonly object[]
  readonly upgrading: boolean
  flush (): void
  close (discard?: boolean): void
  once (event: 'close', listener: () => void): void
}

/** Socket.IO's socket, with a member that its types keep private. */
interface Sender {
  readonly conn: unknown
  packet (packet: object): void
  disconnect (): void
}

/**
 * Asks a changed policy about every live session, and ends those that it would no longer let in. Their clients are told
 * why, and told not to come back (`io server disconnect`).
 */
export async function revokeSessions ({ io, engine }: SocketServer, policy: OriginPolicy): Promise<void> {
  const { version } = policy
  let joined: Map<unknown, Sender[]> | undefined
  const socketsOf = (session: unknown): Sender[] => {
    if (joined === undefined) {
      joined = socketsBySession(io)
      // an origin function may answer late, and others have joined by then
      setImmediate(() => { joined = undefined })
    }
    return joined.get(session) ?? []
  }
  await Promise.all(engine.sessions.map(async (session) => {
    const caller = ownerOf(session)
    const decision = policy.decide(caller?.origin, caller?.request)
    // at once where it can be: whoever is refused hears nothing more
    const { allowed, reason } = decision instanceof Promise ? await decision : decision
    // a newer policy has already asked
    if (allowed || policy.version !== version) return
    revoke(session as unknown as Revoked, socketsOf(session), reason, engine.farewells)
  }))
}

function revoke (session: Revoked, sockets: readonly Sender[], reason: string, farewells: Farewells): void {
  const { transport } = session
  const { writable } = transport
  const queued = session.writeBuffer.length
  // All in one answer: the poll after it would be refused already.
  transport.writable = false
  try {
    for (const socket of sockets) {
      // Not emit(): with state recovery that is a broadcast of the adapter's, which may come after the disconnect.
      socket.packet({ type: EVENT, data: [REVOKED_EVENT, { code: 'ORIGIN_REVOKED', reason }] })
      socket.disconnect()
    }
  } finally {
    // also when a 'disconnect' listener of the user's throws
    transport.writable = writable
    end(session, session.writeBuffer.slice(queued), farewells)
  }
}

function end (session: Revoked, packets: readonly object[], farewells: Farewells): void {
  const { transport } = session
  if (transport.writable || transport.name === 'websocket') {
    // `ws` queues what it cannot send yet
    transport.writable = true
    session.flush()
  } else if (session.upgrading && packets.length > 0) {
    endWithUpgrade(session)
    return
  } else {
    farewells.keep(session, packets)
  }
  session.close(true)
}

/** A client that upgrades does not poll any more: it hears what is left by its WebSocket, which is closed behind it. */
function endWithUpgrade (session: Revoked): void {
  const timer = setTimeout(() => { session.close(true) }, FAREWELL).unref()
  session.once('close', () => clearTimeout(timer))
  session.close()
}

function socketsBySession (io: SocketServer['io']): Map<unknown, Sender[]> {
  const joined = new Map<unknown, Sender[]>()
  for (const namespace of io._nsps.values()) {
    for (const socket of namespace.sockets.values() as unknown as Iterable<Sender>) {
      const others = joined.get(socket.conn)
      if (others === undefined) joined.set(socket.conn, [socket])
      else others.push(socket)
    }
  }
  return joined
}
