import type { OriginPolicy } from '../policy/policy.ts'
import type { Session } from './engine/session-engine.ts'
import { FAREWELL, type Farewells } from './session/farewells.ts'
import type { SocketServer } from './server.ts'
import { kOwner } from '../http/request-marks.ts'
import { refusal } from '../policy/origin/decision.ts'
import { mayStay } from './recovery.ts'
import { JSONP, ownerOf } from './session/owner.ts'
import type { Packet } from './upstream/engine-io.ts'
import { type Member, membersBySession } from './upstream/socket-io.ts'

/** Sent to a client right before it is cut off because its origin is no longer allowed. */
export const REVOKED_EVENT = 'origin_revoked'

const JSONP_REFUSED = refusal('cross-site')

/** Socket.IO protocol 5, "EVENT". */
const EVENT = 2

/**
 * Asks a changed policy about every live session, and ends those that it would no longer let in. Their clients are told
 * why, and told not to come back (`io server disconnect`).
 */
export async function revokeSessions ({ io, engine }: SocketServer, policy: OriginPolicy): Promise<void> {
  const { version } = policy
  let joined: Map<unknown, Member[]> | undefined
  const membersOf = (session: Session): Member[] => {
    if (joined === undefined) {
      joined = membersBySession(io)
      // an origin function may answer late, and others have joined by then
      setImmediate(() => { joined = undefined })
    }
    return joined.get(session) ?? []
  }
  await Promise.all(engine.sessions.map(async (session) => {
    const caller = ownerOf(session)
    const decision = isStrayJsonp(session, engine) ? JSONP_REFUSED : policy.decideAgain(caller?.origin, caller?.request)
    // at once where it can be: whoever is refused hears nothing more
    const { allowed, reason } = decision instanceof Promise ? await decision : decision
    // a newer policy has already asked
    if (policy.version !== version) return
    if (allowed) return await leaveNarrowed(session, membersOf(session))
    engine.counters.revoked()
    if (engine.own) revoke(session, membersOf(session), reason, engine.farewells)
    else cut(session, membersOf(session), reason)
  }))
}

/** Opened by a script tag while JSONP was served: nobody can say of which origin. */
function isStrayJsonp (session: Session, { servesJsonp }: SocketServer['engine']): boolean {
  return session[kOwner] === JSONP && !servesJsonp
}

/** Asks the policies of narrowed namespaces about every live session; whoever they refuse leaves these namespaces. */
export async function leaveNarrowedNamespaces ({ io, engine }: SocketServer): Promise<void> {
  const joined = membersBySession(io)
  await Promise.all(engine.sessions.map((session) => leaveNarrowed(session, joined.get(session) ?? [])))
}

/** Who joined a narrowed namespace by an earlier policy, or while nothing was refused, leaves it; the session stays. */
async function leaveNarrowed (session: Session, members: readonly Member[]): Promise<void> {
  for (const member of members) {
    if (!await mayStay(member.nsp, session)) tell([member], 'not-listed')
  }
}

/** For sessions of an unknown Engine.IO. A client that is between two polls hears only that its next one is refused. */
function cut (session: Session, members: readonly Member[], reason: string): void {
  try {
    tell(members, reason)
  } finally {
    closeWhenSent(session)
  }
}

function tell (members: readonly Member[], reason: string): void {
  for (const member of members) {
    // Not emit(): with state recovery that is a broadcast of the adapter's, which may come after the disconnect.
    member.packet({ type: EVENT, data: [REVOKED_EVENT, { code: 'ORIGIN_REVOKED', reason }] })
    member.disconnect()
  }
}

function revoke (session: Session, members: readonly Member[], reason: string, farewells: Farewells): void {
  const { transport } = session
  const { writable } = transport
  const queued = session.writeBuffer.length
  // All in one answer: the poll after it would be refused already.
  transport.writable = false
  try {
    tell(members, reason)
  } finally {
    // also when a 'disconnect' listener of the user's throws
    transport.writable = writable
    end(session, session.writeBuffer.slice(queued), farewells)
  }
}

function end (session: Session, packets: Packet[], farewells: Farewells): void {
  const { transport } = session
  if (transport.writable || transport.name === 'websocket') {
    // `ws` queues what it cannot send yet
    transport.writable = true
    session.flush()
  } else if (session.upgrading && packets.length > 0) {
    // A client that upgrades does not poll any more: it hears what is left by its WebSocket.
    closeWhenSent(session)
    return
  } else {
    farewells.keep(session, packets)
  }
  session.close(true)
}

/** A session that closes takes no packets from its client. */
function closeWhenSent (session: Session): void {
  const timer = setTimeout(() => { session.close(true) }, FAREWELL).unref()
  session.once('close', () => clearTimeout(timer))
  session.close()
}
