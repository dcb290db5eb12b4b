// Who takes part. Each contender is a file in contenders/ that reads as the recipe its users follow.
import { fileURLToPath } from 'node:url'

export interface Contender {
  /** The name that flags, tables and results use. */
  readonly id: string
  /** A label short enough for the chart. */
  readonly label: string
  /** What it is, and what must be known to read its figures. */
  readonly note: string
  /** Status that it answers to a polling handshake from an origin that its policy does not list. */
  readonly refused: number
  /** Status that it answers to a WebSocket upgrade from such an origin. */
  readonly refusedUpgrade: number
}

const enforcing = { refused: 403, refusedUpgrade: 403 }

export const contenders: readonly Contender[] = [
  {
    id: 'http',
    label: 'bare node:http',
    note: 'the floor: node:http answering the same bytes, with no session, no router, no policy worth the name',
    ...enforcing
  },
  {
    id: 'ws',
    label: 'bare ws',
    note: 'the floor for WebSockets: `ws` with the Origin check of its README, saying the same packets',
    ...enforcing
  },
  {
    id: 'fastify',
    label: 'bare Fastify',
    note: 'the floor for REST: no CORS at all',
    ...enforcing
  },
  {
    id: 'fastify-cors',
    label: '@fastify/cors',
    note: 'Fastify with @fastify/cors',
    ...enforcing
  },
  {
    id: 'socketio',
    label: 'Socket.IO + cors',
    note:
      'stock Socket.IO on node:http; its `cors` refuses nobody: a refused origin is answered 200 (or 101), ' +
      'without CORS headers, and gets a session',
    refused: 200,
    refusedUpgrade: 101
  },
  {
    id: 'socketio-allowrequest',
    label: '… + allowRequest',
    note:
      'stock Socket.IO with `cors` and an Origin check in `allowRequest`; engine.io answers 403 to polling ' +
      'and 400 to the upgrade',
    refused: 403,
    refusedUpgrade: 400
  },
  {
    id: 'fastify-socketio',
    label: 'attached to Fastify',
    note: 'stock Socket.IO attached to fastify.server beside @fastify/cors; answers as stock does',
    refused: 200,
    refusedUpgrade: 101
  },
  {
    id: 'ours-stateful',
    label: 'fastify-io, stateful',
    note: 'fastify-io with statelessHandshake: false',
    ...enforcing
  },
  {
    id: 'ours',
    label: 'fastify-io',
    note: 'fastify-io as its README has it, with stateless handshakes',
    ...enforcing
  }
]

/**
 * @param id a contender's id
 * @throws Error when there is no such contender
 */
export function contenderOf (id: string): Contender {
  const found = contenders.find((contender) => contender.id === id)
  if (found === undefined) throw new Error(`no contender is called ${id}`)
  return found
}

/** The file that runs it. */
export function fileOf (id: string): string {
  return fileURLToPath(new URL(`contenders/${id}.js`, import.meta.url))
}
