import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

export const kBinding = Symbol('fastify-io.binding')

/** What a raw request carries from Fastify's router to the engine. */
export interface SocketRequest extends IncomingMessage {
  /** The Fastify request whose hooks ran for this request. */
  fastifyRequest: FastifyRequest
  /** The origin that this request speaks for; see {@link bindingOf}. */
  [kBinding]?: string
  /** Parsed query; Engine.IO's own name for it, read by `socket.handshake.query`. */
  _query: Record<string, string>
}

const OWN = ''

/**
 * The origin that a request speaks for: a serialised origin, or `''` for the server's own.
 *
 * A session is bound to it (a stolen `sid` is worth nothing elsewhere). A same-origin GET carries no Origin
 * while the same page's POST does (Fetch, "append a request Origin header"), so both must come out alike: an
 * Origin counts as the server's own when the browser says so (Sec-Fetch-Site) or when its host is the Host
 * of the request. The scheme is left out: a proxy that ends TLS hides it unless `trustProxy` is set.
 */
export function bindingOf (request: FastifyRequest): string {
  const headers = request.raw.headers
  const origin = headers.origin
  if (origin === undefined || headers['sec-fetch-site'] === 'same-origin') return OWN
  const host = request.host
  return host !== '' && origin.endsWith(host) && origin.endsWith(`://${host}`) ? OWN : origin
}

/** Names that the raw request must not lose, and those every Fastify request has. */
const BASE = new Set(['id', 'params', 'raw', 'query', 'log', 'body', 'additionalHeaders', 'validationError'])
const getters = new Map<string, PropertyDescriptor>()

function delegate (name: string): PropertyDescriptor {
  let descriptor = getters.get(name)
  if (descriptor === undefined) {
    descriptor = {
      configurable: true,
      get (this: SocketRequest) { return (this.fastifyRequest as unknown as Record<string, unknown>)[name] }
    }
    getters.set(name, descriptor)
  }
  return descriptor
}

/**
 * Makes what hooks left on the Fastify request (`session`, `cookies`, `user`, any `decorateRequest`) reachable from
 * `socket.request`, where Socket.IO's documentation tells people to look for it. Runs once a session, not once a request.
 */
export function linkRequest (raw: SocketRequest): void {
  const request = raw.fastifyRequest
  for (const name of Object.keys(request)) {
    if (!BASE.has(name) && !(name in raw)) Object.defineProperty(raw, name, delegate(name))
  }
  // Decorators with a getter live on prototypes that Fastify makes for each scope, down to the class it started from.
  let proto = Object.getPrototypeOf(request)
  while (proto !== null && !Object.hasOwn(proto, 'routeOptions')) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (get !== undefined && !(name in raw) && !(name in IGNORED)) Object.defineProperty(raw, name, delegate(name))
    }
    proto = Object.getPrototypeOf(proto)
  }
}

/** Set by `trustProxy` on a scope's prototype; Fastify's own, not decorators. */
const IGNORED: Readonly<Record<string, true>> = { ip: true, ips: true, host: true, protocol: true }
