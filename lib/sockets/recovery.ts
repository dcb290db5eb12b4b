import { createHash } from 'node:crypto'
import type { Namespace } from 'socket.io'
import { kOrigin, type OwnedSession } from './session/owner.ts'
import { kOwner } from '../http/request-marks.ts'
import { namespaceInternals } from './upstream/socket-io.ts'

/** Marks a namespace's middleware that asks a policy: recovered sockets, which skip middlewares, meet it, too. */
export const kMayJoin: unique symbol = Symbol('fastify-io.mayJoin')
export type MayJoin = (session: OwnedSession) => Promise<boolean>

interface Middleware { readonly [kMayJoin]?: MayJoin }

/** Characters of a digest of 16 bytes in base64url. */
const DIGEST = 22

/**
 * Binds what connection state recovery keeps to the origin that it was kept for.
 *
 * An adapter finds the kept state (rooms, data, missed packets) by the `pid` that the client was given, and asks for
 * nothing else. So a digest of the owner is a part of the `pid`. Every adapter passes it on, and nobody can exchange
 * it, for adapters look for the whole `pid`. The `pid` of another origin counts as unknown.
 *
 * @param reportsOnly whether nothing is refused, so that any state is recovered
 */
export function bindRecovery (namespace: Namespace, reportsOnly: () => boolean): void {
  const internals = namespaceInternals<Middleware, OwnedSession>(namespace)
  if (Object.hasOwn(internals, '_createSocket')) return
  const { _createSocket: create } = internals
  internals._createSocket = async function (client, auth) {
    const { conn } = client
    const { pid } = auth
    const asked = typeof pid === 'string' && !reportsOnly()
    const strange = asked && !(isFor(pid, conn) && await mayJoin(internals._fns, conn))
    const socket = await create.call(namespace, client, strange ? { ...auth, pid: undefined } : auth)
    if (strange) socket.handshake.auth = auth
    if (!socket.recovered) socket.pid = `${socket.pid}${digestOf(socket.pid, conn)}`
    return socket
  }
}

function isFor (pid: string, session: OwnedSession): boolean {
  return pid.slice(-DIGEST) === digestOf(pid.slice(0, -DIGEST), session)
}

/** The origin counts too: pages over http and over https at one host have the same owner. */
function digestOf (pid: string, { [kOwner]: owner = '', [kOrigin]: origin = '' }: OwnedSession): string {
  return createHash('sha256').update(`${pid}\n${owner}\n${origin}`).digest('base64url').slice(0, DIGEST)
}

/** @returns whether every policy that narrows a namespace lets a session in */
export async function mayStay (namespace: Namespace, session: OwnedSession): Promise<boolean> {
  return await mayJoin(namespaceInternals<Middleware, OwnedSession>(namespace)._fns, session)
}

async function mayJoin (middlewares: readonly Middleware[], session: OwnedSession): Promise<boolean> {
  for (const { [kMayJoin]: ask } of middlewares) {
    if (ask !== undefined && !await ask(session)) return false
  }
  return true
}
