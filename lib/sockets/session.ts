import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

export const kBinding = Symbol('fastify-io.binding')
export const kOrigin = Symbol('fastify-io.origin')
/** The version of the policy that a request was decided by. */
export const kPolicyVersion: unique symbol = Symbol('fastify-io.policyVersion')

/** A Fastify request that the policy has been asked about. */
export interface Decided { [kPolicyVersion]?: number }

/** What a raw request carries from Fastify's router to the engine. */
export interface SocketRequest extends IncomingMessage {
  /** The Fastify request whose hooks ran for this request. */
  fastifyRequest: FastifyRequest
  /** The origin that this request speaks for; see {@link bindingOf}. */
  [kBinding]?: string
  /** Parsed query; Engine.IO's own name for it, read by `socket.handshake.query`. */
  _query: Record<string, string>
}

/** A session of Engine.IO, and whose it is. */
export interface OwnedSession {
  /** The first request; users may drop it to save memory (Socket.IO's documentation, "Memory usage"). */
  request: SocketRequest | null
  [kBinding]?: string
  [kOrigin]?: string | undefined
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
  if (origin === undefined || headers['sec-fetch-site'] === 'same-origin' || request.originDecision?.reason === 'same-origin') return OWN
  const { host } = request
  if (!host) return origin
  // A proxy may write out the default port, which no serialised origin has (RFC 6454, section 6.1).
  return origin.endsWith(`://${host.replace(/:(?:80|443)$/, '').toLowerCase()}`) ? OWN : origin
}

/** Notes whose session it is where it stays when the request is dropped. */
export function claim (session: OwnedSession, { headers, [kBinding]: binding = OWN }: SocketRequest): void {
  session[kBinding] = binding
  session[kOrigin] = headers.origin
}

/** @returns what a policy decides about: without its request, a session of the server's own origin counts as one without an Origin */
export function callerOf (session: OwnedSession): { origin: string | undefined, request: FastifyRequest | undefined } {
  const request = session.request?.fastifyRequest
  return { origin: request === undefined && session[kBinding] === OWN ? undefined : session[kOrigin], request }
}

/** Members that every Fastify request of ours has; anything else was put there by a hook or a decorator. */
const BASE = new Set(['id', 'params', 'raw', 'query', 'log', 'body', 'additionalHeaders', 'validationError', 'originDecision', 'corsPreflightEnabled'])
/** Set by `trustProxy` on a scope's prototype; Fastify's own, not decorators. */
const ACCESSORS = new Set(['ip', 'ips', 'host', 'protocol', 'constructor'])

const getters = new Map<string, PropertyDescriptor>()
/** Names of the decorators with a getter, by the prototype that Fastify makes for each scope. */
const accessors = new WeakMap<object, readonly string[]>()

/**
 * Makes what hooks left on the Fastify request (`session`, `cookies`, `user`, any `decorateRequest`) reachable from
 * `socket.request`, where Socket.IO's documentation tells people to look for it. Runs once a session, not once a request.
 */
export function linkRequest (raw: SocketRequest): void {
  const request = raw.fastifyRequest
  for (const name in request) {
    if (Object.hasOwn(request, name) && !BASE.has(name)) link(raw, name)
  }
  for (const name of accessorsOf(Object.getPrototypeOf(request))) link(raw, name)
}

function link (raw: SocketRequest, name: string): void {
  if (name in raw) return
  let getter = getters.get(name)
  if (getter === undefined) {
    getter = {
      configurable: true,
      get (this: SocketRequest) { return (this.fastifyRequest as unknown as Record<string, unknown>)[name] }
    }
    getters.set(name, getter)
  }
  Object.defineProperty(raw, name, getter)
}

function accessorsOf (scope: object): readonly string[] {
  let names = accessors.get(scope)
  if (names !== undefined) return names
  const found = []
  // down to the class that all scopes share
  for (let proto = scope; proto !== null && !Object.hasOwn(proto, 'routeOptions'); proto = Object.getPrototypeOf(proto)) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (get !== undefined && !ACCESSORS.has(name)) found.push(name)
    }
  }
  accessors.set(scope, names = found)
  return names
}
