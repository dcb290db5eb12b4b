import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

/** What a route of Socket.IO serves: `engine` is for polling and upgrades, `client` for the files of its client. */
export type RouteKind = 'engine' | 'client'

/** Decorates requests on the routes of Socket.IO with their {@link RouteKind}. */
export const kRoute: unique symbol = Symbol('fastify-io.route')

/** The version of the policy that a Fastify request was decided by. */
export const kPolicyVersion: unique symbol = Symbol('fastify-io.policyVersion')

/** A Fastify request that the policy has been asked about. */
export interface Decided { [kPolicyVersion]?: number }

/** On a raw request, and on its session: the origin that it speaks for, as text. */
export const kOwner: unique symbol = Symbol('fastify-io.owner')

/** What a raw request carries from Fastify's router to the engine. */
export interface SocketRequest extends IncomingMessage {
  /** The Fastify request whose hooks ran for this request. */
  fastifyRequest: FastifyRequest
  [kOwner]?: string
  /** Parsed query; Engine.IO's own name for it, read by `socket.handshake.query`. */
  _query: Record<string, string>
}

/** The bytes that came behind the head of an upgrade request; marks a request as one. */
const kHead: unique symbol = Symbol('fastify-io.upgradeHead')
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

export function transportOf (request: IncomingMessage): 'polling' | 'websocket' {
  return isUpgrade(request) ? 'websocket' : 'polling'
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
