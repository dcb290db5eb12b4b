import type { IncomingMessage } from 'node:http'

/** The bytes that came behind the head of an upgrade request; marks a request as one. */
const kHead = Symbol('fastify-io.upgradeHead')
type UpgradeRequest = IncomingMessage & { [kHead]?: Buffer }

const EMPTY = Buffer.alloc(0)

/** Marks a request that goes through the router as a WebSocket upgrade. */
export function markUpgrade (request: IncomingMessage, head: Buffer): void {
  (request as UpgradeRequest)[kHead] = head
}

/** @returns whether a request came as a WebSocket upgrade for this plugin's path */
export function isUpgrade (request: IncomingMessage): boolean {
  return (request as UpgradeRequest)[kHead] !== undefined
}

/**
 * Takes what the client sent behind an upgrade request: a copy, for the parser's buffer of 64 kB would stay in memory
 * with it.
 */
export function takeHead (request: IncomingMessage): Buffer {
  const head = Buffer.from((request as UpgradeRequest)[kHead]!)
  ;(request as UpgradeRequest)[kHead] = EMPTY
  return head
}
