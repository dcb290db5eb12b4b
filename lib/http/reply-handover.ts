import { type OutgoingHttpHeader, type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'

interface HandOver {
  /** The status that means "go on": 200 for polling, 101 for an upgrade. */
  readonly status: 101 | 200
  /** Gets the response with its headers not set yet; see {@link setHeaders}. */
  readonly next: (request: FastifyRequest, response: ServerResponse) => void
  /** Whether the answer is still good when all hooks have run; see {@link sendIfStillRight}. */
  readonly holds?: (request: FastifyRequest) => boolean
}

type Headers = Record<string, OutgoingHttpHeader>

const kHandOver: unique symbol = Symbol('fastify-io.handOver')
const kHeaders: unique symbol = Symbol('fastify-io.headers')
type Reply = FastifyReply & { [kHandOver]?: HandOver }
type Response = ServerResponse & { [kHeaders]?: Headers | undefined }

/** Installs the `onSend` hook that {@link handOver} needs. Call it before adding routes. */
export function prepareHandOver (scope: FastifyInstance): void {
  scope.decorateReply(kHandOver)
  // A route's hooks run after those of every scope. This one is put behind those that other plugins give each route.
  scope.addHook('onRoute', function prepareHandOver (route: RouteOptions) {
    route.onSend = [...[route.onSend ?? []].flat(), takeBack] as NonNullable<RouteOptions['onSend']>
  })
}

/**
 * Runs a reply through Fastify's `onSend` hooks (cookies and sessions are written there), and hands the raw response on
 * unsent.
 *
 * `reply.hijack()` alone skips those hooks. So the reply is sent, and the last hook takes it back. When a hook fails or
 * answers something else, its answer is sent.
 */
export function handOver (reply: FastifyReply, released: HandOver): void {
  (reply as Reply)[kHandOver] = released
  reply.code(released.status).send()
}

/** Sends an answer. If it does not hold any more behind all hooks, the raw response is handed on unsent instead. */
export function sendIfStillRight (reply: FastifyReply, answer: string, released: Required<HandOver>): void {
  (reply as Reply)[kHandOver] = released
  reply.send(answer)
}

/**
 * Sets the headers of the reply on the raw response, for code that calls `writeHead()` without them. Other code uses
 * {@link takeHeaders}, which costs half.
 */
export function setHeaders (response: Response): void {
  const headers = takeHeaders(response)
  for (const name in headers) response.setHeader(name, headers[name]!)
}

/** @returns the headers of the reply, once; names are in lower case, and none is about the content */
export function takeHeaders (response: Response): Headers | undefined {
  const headers = response[kHeaders]
  response[kHeaders] = undefined
  return headers
}

type Done = (error: unknown, payload?: unknown) => void

function takeBack (request: FastifyRequest, reply: Reply, payload: unknown, done: Done): void {
  const released = reply[kHandOver]
  const response: Response = reply.raw
  if (released === undefined || response.statusCode !== released.status) return done(null, payload)
  const { holds } = released
  const answered = holds === undefined ? payload !== undefined && payload !== null : holds(request)
  if (answered) {
    // no 101 has a body
    if (released.status === 101) reply.code(200)
    return done(null, payload)
  }
  const headers = reply.getHeaders() as Headers
  const invalid = errorOf(headers)
  if (invalid !== undefined) return done(invalid)
  reply.hijack()
  // gone while the hooks ran
  if (request.raw.socket?.destroyed) return
  if (headers['content-length'] !== undefined) delete headers['content-length']
  if (headers['content-type'] !== undefined) delete headers['content-type']
  response[kHeaders] = headers
  // what a middleware of the engine answers is no 101, whatever it leaves unsaid
  response.statusCode = 200
  attempt(request, response, () => released.next(request, response))
}

/** Whoever writes them later, from a timer or a broadcast, has nobody to throw to. */
function errorOf (headers: Headers): unknown {
  try {
    for (const name in headers) {
      validateHeaderName(name)
      const value = headers[name]!
      if (Array.isArray(value)) for (const one of value) validateHeaderValue(name, one)
      else validateHeaderValue(name, value as string)
    }
  } catch (error) {
    return error
  }
  return undefined
}

/** Runs a step that may come late, when no hook of Fastify's waits for it; what it throws is answered as if one did. */
export function attempt (request: FastifyRequest, response: ServerResponse, step: () => void): void {
  try {
    step()
  } catch (error) {
    giveUp(request, response, error)
  }
}

/** For the log. */
export const LISTENER_FAILED = 'a listener for an event of Engine.IO failed; its request gets no session'

/** Answers a request with 500 when a listener of the user's has thrown. An engine middleware that throws is 400. */
function giveUp (request: FastifyRequest, response: ServerResponse, error: unknown): void {
  request.log.error({ err: error }, LISTENER_FAILED)
  if (response.headersSent || request.raw.socket?.destroyed) return
  setHeaders(response)
  response.writeHead(500).end()
}
