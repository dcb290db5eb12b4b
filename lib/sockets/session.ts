import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { PolicyRequest } from '../policy/decision.ts'

export const kBinding = Symbol('fastify-io.binding')
export const kOrigin = Symbol('fastify-io.origin')
export const kNative = Symbol('fastify-io.native')
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
  /** Whose it is, see {@link bindingOf}; empty or absent until a request of ours has claimed it. */
  [kBinding]?: string
  /** The first Origin that it has shown. */
  [kOrigin]?: string | undefined
  /** Whether no request of it has said that a page sent it. */
  [kNative]?: boolean
}

/** In front of a host; no origin has a space (RFC 6454, section 6.1). */
const OWN = 'own '

/**
 * The origin that a request speaks for: a serialised origin, or `own` and the Host for the server's own.
 *
 * A session is bound to it (a stolen `sid` is worth nothing elsewhere). A same-origin GET carries no Origin
 * while the same page's POST does (Fetch, "append a request Origin header"), so both must come out alike: an
 * Origin counts as the server's own when the browser says so (Sec-Fetch-Site) or when its host is the Host
 * of the request. The scheme is left out: a proxy that ends TLS hides it unless `trustProxy` is set. The Host
 * is not: the names that a server goes by are different origins.
 */
export function bindingOf (request: FastifyRequest): string {
  const { origin, 'sec-fetch-site': site } = request.raw.headers
  const own = ownBinding(request.host)
  if (origin === undefined || site === 'same-origin' || request.originDecision?.reason === 'same-origin') return own
  return own !== OWN && origin.endsWith(`://${own.slice(OWN.length)}`) ? own : origin
}

/**
 * Who a JSONP session belongs to. The script tags that poll it send no Origin, and the forms of the same page that post
 * to it do, so nobody in particular.
 */
export const JSONP = 'jsonp'

/** Bindings by the Host as it came: most servers have a few names. */
const bindings = new Map<string, string>()
const MAX_BINDINGS = 256
const MAX_HOST = 255

function ownBinding (host = ''): string {
  const known = bindings.get(host)
  if (known !== undefined) return known
  // A proxy may write out the default port, which no serialised origin has (RFC 6454, section 6.1).
  const binding = `${OWN}${host.replace(/:(?:80|443)$/, '').toLowerCase()}`
  if (host.length > MAX_HOST) return binding
  // A client that makes up hosts can only empty it.
  if (bindings.size >= MAX_BINDINGS) bindings.clear()
  bindings.set(host, binding)
  return binding
}

/** Copies the owner onto the session: users may set `session.request` to null. */
export function claim (session: OwnedSession, { headers, [kBinding]: binding }: SocketRequest): void {
  session[kBinding] = binding ?? ''
  session[kOrigin] = headers.origin
  session[kNative] = isNative(headers)
}

/**
 * Whether a session belongs to whoever sent this request. The first Origin that it shows is its own from then on: one
 * that began with a same-origin GET has shown none.
 */
export function isOwner ({ headers, [kBinding]: binding }: SocketRequest, session: OwnedSession): boolean {
  const native = isNative(headers)
  // A native client can name any Host, so to compare it would protect nothing.
  if (session[kBinding] !== binding) return native && session[kNative] === true
  if (native) return true
  session[kNative] = false
  const { origin } = headers
  if (origin === undefined || origin === session[kOrigin]) return true
  if (session[kOrigin] !== undefined) return false
  session[kOrigin] = origin
  return true
}

/**
 * What the `sid` of a handshake that holds no memory is bound to: the {@link bindingOf} of its request. One that says
 * nothing of a page may be anybody's, and no session stands behind it yet: the Host is left out.
 */
export function tokenBinding (headers: SocketRequest['headers'], binding: string): string {
  return binding.startsWith(OWN) && isNative(headers) ? OWN : binding
}

/** @returns what else the `sid` may be bound to that a request brings: a page is silent in some of them */
export function otherTokenBinding (headers: SocketRequest['headers'], binding: string): string | undefined {
  if (!binding.startsWith(OWN)) return undefined
  return isNative(headers) ? binding : OWN
}

/** Whether nothing says that a page has sent this. A page may be silent in a GET; it is not in a POST or an upgrade. */
function isNative ({ origin, 'sec-fetch-site': site }: SocketRequest['headers']): boolean {
  return origin === undefined && site === undefined
}

/** What a policy decides about. */
export interface Caller {
  readonly origin: string | undefined
  readonly request: PolicyRequest | undefined
}

/** @returns who opened a session; `undefined` when no request of ours did, so that no policy was ever asked */
export function callerOf (session: OwnedSession): Caller | undefined {
  const { [kBinding]: binding, [kOrigin]: origin } = session
  if (!binding) return undefined
  // let in although a script tag's Sec-Fetch-Site tells of another site
  if (binding === JSONP) return { origin, request: undefined }
  return { origin, request: session.request?.fastifyRequest ?? remembered(binding, origin) }
}

/** What is still known of the first request of a session when users have dropped it. */
function remembered (binding: string, origin: string | undefined): PolicyRequest | undefined {
  if (!binding.startsWith(OWN)) return undefined
  const request = { host: binding.slice(OWN.length), headers: {} }
  return origin === undefined ? request : { ...request, protocol: origin.slice(0, origin.indexOf(':')) }
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
