import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Namespace } from 'socket.io'

/** The members of socket.io that this plugin touches, and that its types keep private; see contract.ts. */

/** A client in a namespace, called `Socket` by Socket.IO. */
export interface Member {
  /** The session of Engine.IO that it came by. */
  readonly conn: unknown
  readonly nsp: Namespace
  packet (packet: object): void
  disconnect (): void
}

interface ServerInternals {
  readonly _nsps: ReadonlyMap<string, { readonly sockets: ReadonlyMap<string, Member> }>
  serve (file: string, req: IncomingMessage, res: ServerResponse): void
}

/** @returns who has joined which namespace, by their session */
export function membersBySession (io: object): Map<unknown, Member[]> {
  const members = new Map<unknown, Member[]>()
  for (const { sockets } of (io as ServerInternals)._nsps.values()) {
    for (const member of sockets.values()) {
      const others = members.get(member.conn)
      if (others === undefined) members.set(member.conn, [member])
      else others.push(member)
    }
  }
  return members
}

/** Answers with one of the files of Socket.IO's client. */
export function serveClientFile (io: object, file: string, req: IncomingMessage, res: ServerResponse): void {
  (io as ServerInternals).serve(file, req, res)
}

/** A client that joins a namespace, perhaps one that recovers its state. */
export interface Joining {
  readonly recovered: boolean
  readonly handshake: { auth: object }
  /** By which adapters find the kept state. */
  pid: string
}

export interface NamespaceInternals<Middleware, Session> {
  readonly _fns: readonly Middleware[]
  _createSocket (client: { readonly conn: Session }, auth: { readonly pid?: unknown }): Promise<Joining>
}

export function namespaceInternals<Middleware, Session> (
  namespace: Namespace
): NamespaceInternals<Middleware, Session> {
  return namespace as unknown as NamespaceInternals<Middleware, Session>
}
