import type { FuzzPolicy } from './origins.ts'
import type { Wire } from './wire.ts'

/** One registration of the plugin, as the grammar sees it. */
export interface Scope {
  /** Stands before the routes of the user's. */
  readonly prefix: string
  /** The engine's. */
  readonly path: string
  readonly port: number
  readonly policy: FuzzPolicy
  readonly enforceAll: boolean
  readonly emitsHeaders: boolean
  readonly jsonp: boolean
  readonly eio3: boolean
  readonly trustProxy: boolean
  /** Sessions that were seen, the newest at a place that the seed draws. */
  readonly sids: Array<{ readonly sid: string, readonly owner: string | undefined }>
}

/** What was broken. */
export interface Violation {
  /** Which oracle says so. */
  readonly oracle: string
  readonly detail: string
  /** Number of the connection within its round. */
  readonly connection?: number | undefined
  /** What that connection sent, and what it got. */
  readonly sent?: string | undefined
  readonly received?: string | undefined
}

/** How much was tried. */
export interface Tally {
  connections: number
  /** Requests sent whole, mutated ones left out. */
  requests: number
  /** Answers received, 101 counted. */
  answers: number
  /** Answers by status. */
  readonly statuses: Record<number, number>
  /** WebSocket frames sent. */
  frames: number
}

/** What all connections of a round share. */
export interface World {
  readonly port: number
  readonly scopes: readonly Scope[]
  /**
   * Whether @fastify/websocket answers upgrades on the same server. Without us too it never answers one that is
   * pipelined behind another request, and never frees the socket of one to a streamed route: the fuzzer sends neither.
   */
  readonly shared: boolean
  readonly tally: Tally
  /** Set while the server closes under load: nothing need be answered. */
  closing: boolean
  /** Live connections. */
  readonly wires: Set<Wire>
  /** By the client's port: who a socket of the server belongs to. */
  readonly numbers: Map<number, Wire>
  readonly report: (violation: Violation) => void
}
