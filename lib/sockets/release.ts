import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'

interface Released {
  /** The status that means "go on": 200 for polling, 101 for an upgrade. */
  readonly status: 101 | 200
  readonly next: (request: FastifyRequest, response: ServerResponse) => void
}

const kReleased = Symbol('fastify-io.released')
type Reply = FastifyReply & { [kReleased]?: Released }

/** Prepares the routes of a scope, those that are added from now on, for {@link release}. */
export function allowRelease (scope: FastifyInstance): void {
  scope.decorateReply(kReleased)
  // The hooks of a route run after those of every scope; this one is put behind those that other plugins give each route.
  scope.addHook('onRoute', (route: RouteOptions) => {
    route.onSend = [...[route.onSend ?? []].flat(), goOn] as NonNullable<RouteOptions['onSend']>
  })
}

/**
 * Runs a reply through Fastify's `onSend` hooks (cookies and sessions are written there), sets its headers on the raw
 * response, and hands that response on unsent.
 *
 * `reply.hijack()` alone skips those hooks. So the reply is sent, and taken back by the last of them; a hook that fails
 * or answers something else is let through as the answer it is.
 */
export function release (reply: FastifyReply, released: Released): void {
  (reply as Reply)[kReleased] = released
  reply.code(released.status).send()
}

function goOn (request: FastifyRequest, reply: Reply, payload: unknown, done: (error: null, payload: unknown) => void): void {
  const released = reply[kReleased]
  const response = reply.raw
  if (released === undefined || (payload !== undefined && payload !== null) || response.statusCode !== released.status) return done(null, payload)
  reply.hijack()
  // gone while the hooks ran
  if (request.raw.socket?.destroyed) return
  const headers = reply.getHeaders()
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && name !== 'content-length' && name !== 'content-type') response.setHeader(name, value)
  }
  try {
    released.next(request, response)
  } catch (error) {
    // allowRequest or a middleware of the user's
    reply.log.error({ err: error }, 'a request was given up')
    if (!response.headersSent) response.writeHead(500).end()
  }
}
