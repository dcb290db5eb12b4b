import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { withdraw } from './last-word.ts'
import type { Reason } from '../policy/origin/decision.ts'
import { endSoon } from './detached.ts'

/** A request to a route of the user's that is refused; goes through the app's own error handler. */
export class OriginRefusedError extends Error {
  readonly statusCode = 403
  readonly code = 'FST_IO_ORIGIN_REFUSED'
}

/** @returns whether a request asks for a WebSocket, whoever routes it; CORS cannot protect one (Fetch, "WebSockets") */
export function isWebSocket ({ headers: { upgrade } }: IncomingMessage): boolean {
  return upgrade !== undefined && /websocket/i.test(upgrade)
}

/**
 * The body of a refusal on Socket.IO's routes. A reason is one of a closed set of plain words, so nothing in it needs
 * escaping.
 */
export function refusalBody (reason: Reason): string {
  return `{"code":4,"message":"Forbidden","reason":"${reason}"}`
}

/** Takes the CORS headers from the answer. @returns the error that makes it a 403 */
export function refuse ({ raw }: FastifyRequest, reply: FastifyReply, reason: Reason): OriginRefusedError {
  withdraw(reply.raw)
  if (isWebSocket(raw)) {
    reply.header('connection', 'close')
    // Node's parser no longer owns this socket, and a router of upgrades may leave it open: we end it. A response of
    // ours has no socket yet; it ends it itself.
    const { socket } = reply.raw
    if (socket !== null) reply.raw.once('finish', () => endSoon(socket))
  }
  return new OriginRefusedError(`Origin refused: ${reason}`)
}
