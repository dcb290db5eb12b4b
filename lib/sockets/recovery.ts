import { createHash } from 'node:crypto'
import type { Namespace } from 'socket.io'
import { kOrigin, type OwnedSession } from './session/owner.ts'
import { kOwner } from '../http/request-marks.ts'

/** Marks a namespace's middleware that asks a policy: recovered sockets, which skip middlewares, meet it, too. */
export const kMayJoin: unique symbol = Symbol('fastify-io.mayJoin')
export type MayJoin = (session: OwnedSession) => Promise<boolean>

interface Client { readonly conn: OwnedSession }
interface Auth { readonly pid?: unknown }
interface Recovering {
  readonly recovered: boolean
  readonly handshake: { auth: object }
  /** Private in Socket.IO's types. */
  pid: string
}

/** Members of Socket.IO's namespace that its types keep private. */
interface Internals {
  readonly _fns: readonly { [kMayJoin]?: MayJoin }[]
  _createSocket (client: Client, auth: Auth): Promise<Recovering>
}

/** Characters of a digest of 16 bytes in base64url. */
const DIGEST = 22

/**
 * Binds what connection state recovery keeps to the origin that it was kept for.
 *
 * An adapter finds the kept state (rooms, data, missed packets) by the `pid` that the client was given, and asks for
 * nothing else. So a digest of the owner is made a part of the `pid`: it travels with every adapter, and cannot be
 * exchanged, for the state is kept by the whole. Anybody else's `pid` is as good as an unknown one.
 */
export function bindRecovery (namespace: Namespace): void {
  const internals = namespace as unknown as Internals
  if (Object.hasOwn(internals, '_createSocket')) return
  const { _createSocket: create } = internals
  internals._createSocket = async function (this: Internals, client, auth) {
    const { conn } = client
    const { pid } = auth
    const strange = typeof pid === 'string' && !(isFor(pid, conn) && await mayJoin(this._fns, conn))
    const socket = await create.call(this, client, strange ? { ...auth, pid: undefined } : auth)
    if (strange) socket.handshake.auth = auth
    if (!socket.recovered) socket.pid = `${socket.pid}${digestOf(socket.pid, conn)}`
    return socket
  }
}

function isFor (pid: string, session: OwnedSession): boolean {
  return pid.slice(-DIGEST) === digestOf(pid.slice(0, -DIGEST), session)
}

/** The origin counts, too: pages over http and over https at one host are bound alike. */
function digestOf (pid: string, { [kOwner]: binding = '', [kOrigin]: origin = '' }: OwnedSession): string {
  return createHash('sha256').update(`${pid}\n${binding}\n${origin}`).digest('base64url').slice(0, DIGEST)
}

async function mayJoin (middlewares: Internals['_fns'], session: OwnedSession): Promise<boolean> {
  for (const { [kMayJoin]: ask } of middlewares) {
    if (ask !== undefined && !await ask(session)) return false
  }
  return true
}
