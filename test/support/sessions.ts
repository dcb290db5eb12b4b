import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** What tests look at in a session of Engine.IO, whose types keep most of it private. */
export interface Session extends EventEmitter {
  readonly id: string
  readonly upgrading: boolean
  readonly transport: {
    readonly name: string
    /** Whether it takes a message now: polling does while a poll is held. */
    readonly writable: boolean
    /** The poll that is held. */
    readonly req?: IncomingMessage | null
    /** The POST that is being read. */
    readonly dataReq?: IncomingMessage | null
    /** ms that polling waits for a poll to be closed by. */
    closeTimeout: number
    readonly shouldClose?: object | null
    /** Who hears its packets: the session, or a guard before it. */
    readonly sink?: object | undefined
    /** The WebSocket of `ws`. */
    readonly socket: {
      close (code: number, reason: unknown): void
      readonly _socket: Socket
      readonly _receiver: { readonly _fragments: readonly unknown[] }
    }
  }
  close (): void
}

/** An app, or whatever else has the server of Socket.IO. */
interface Served { readonly io: { readonly engine: unknown } }

function clientsOf ({ io }: Served): Readonly<Record<string, Session>> {
  return (io.engine as { clients: Record<string, Session> }).clients
}

export function sessionsOf (app: Served): Session[] {
  return Object.values(clientsOf(app))
}

/** @returns `undefined` when the engine has none by this `sid` */
export function sessionOf (app: Served, sid: string): Session | undefined {
  return clientsOf(app)[sid]
}
