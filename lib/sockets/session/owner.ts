import type { FastifyRequest } from 'fastify'
import { kOwner, type SocketRequest } from '../../http/request-marks.ts'
import type { PolicyRequest } from '../../policy/origin/decision.ts'

/** The first Origin that a session has shown. */
export const kOrigin: unique symbol = Symbol('fastify-io.origin')
/** Whether no request of a session has said that a page sent it. */
export const kNative: unique symbol = Symbol('fastify-io.native')

/** A session of Engine.IO, and whose it is. */
export interface OwnedSession {
  /** The first request; users may drop it to save memory (Socket.IO's documentation, "Memory usage"). */
  request: SocketRequest | null
  /** Whose it is, see {@link ownerOfRequest}; empty or absent until a request of ours has claimed it. */
  [kOwner]?: string
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
export function ownerOfRequest (request: FastifyRequest): string {
  const { origin, 'sec-fetch-site': site } = request.raw.headers
  const own = ownOrigin(request.host)
  if (origin === undefined || site === 'same-origin' || request.originDecision?.reason === 'same-origin') return own
  return own !== OWN && origin.endsWith(`://${own.slice(OWN.length)}`) ? own : origin
}

/**
 * Who a JSONP session belongs to. The script tags that poll it send no Origin, and the forms of the same page that post
 * to it do, so nobody in particular.
 */
export const JSONP = 'jsonp'

/**
 * The owner of a `sid` that is given away under `enforce: 'report'`. Everybody may use it until the policy is enforced.
 * No origin has this spelling.
 */
export const ANYBODY = 'anybody'

/** By the Host as it came: most servers have a few names. */
const ownOrigins: Map<string, string> = new Map()
const MAX_ORIGINS = 256
const MAX_HOST = 255

function ownOrigin (host = ''): string {
  const known = ownOrigins.get(host)
  if (known !== undefined) return known
  // A proxy may write out the default port, which no serialised origin has (RFC 6454, section 6.1).
  const own = `${OWN}${host.replace(/:(?:80|443)$/, '').toLowerCase()}`
  if (host.length > MAX_HOST) return own
  // A client that makes up hosts can only empty it.
  if (ownOrigins.size >= MAX_ORIGINS) ownOrigins.clear()
  ownOrigins.set(host, own)
  return own
}

/** Copies the owner onto the session: users may set `session.request` to null. */
export function recordOwner (session: OwnedSession, { headers, [kOwner]: owner }: SocketRequest): void {
  session[kOwner] = owner ?? ''
  session[kOrigin] = headers.origin
  session[kNative] = isNative(headers)
}

/**
 * Whether a session belongs to whoever sent this request. The first Origin that it shows is its own from then on: one
 * that began with a same-origin GET has shown none.
 */
export function isOwner ({ headers, [kOwner]: owner }: SocketRequest, session: OwnedSession): boolean {
  const native = isNative(headers)
  // A native client can name any Host, so to compare it would protect nothing.
  if (session[kOwner] !== owner) return native && session[kNative] === true
  if (native) return true
  session[kNative] = false
  const { origin } = headers
  if (origin === undefined || origin === session[kOrigin]) return true
  if (session[kOrigin] !== undefined) return false
  session[kOrigin] = origin
  return true
}

/**
 * What the `sid` of a handshake that holds no memory is bound to: the {@link ownerOfRequest} of its request. A request
 * that says nothing of a page may be anybody's, and no session stands behind it yet: the Host is left out.
 */
export function tokenOwner (headers: SocketRequest['headers'], owner: string): string {
  return owner.startsWith(OWN) && isNative(headers) ? OWN : owner
}

/** @returns what else the `sid` may be bound to that a request brings: a page is silent in some of them */
export function otherTokenOwner (headers: SocketRequest['headers'], owner: string): string | undefined {
  if (!owner.startsWith(OWN)) return undefined
  return isNative(headers) ? owner : OWN
}

/** Whether nothing says that a page has sent this. A page may be silent in a GET; it is not in a POST or an upgrade. */
function isNative ({ origin, 'sec-fetch-site': site }: SocketRequest['headers']): boolean {
  return origin === undefined && site === undefined
}

/** What a policy decides about. */
export interface Owner {
  readonly origin: string | undefined
  readonly request: PolicyRequest | undefined
}

/** @returns who opened a session; `undefined` when no request of ours did, so that no policy was ever asked */
export function ownerOf (session: OwnedSession): Owner | undefined {
  const { [kOwner]: owner, [kOrigin]: origin } = session
  if (owner === undefined || (owner === '' && origin === undefined)) return undefined
  // let in although a script tag's Sec-Fetch-Site tells of another site
  if (owner === JSONP) return { origin, request: undefined }
  return { origin, request: session.request?.fastifyRequest ?? remembered(owner, origin) }
}

/** What is still known of the first request of a session when users have dropped it. */
function remembered (owner: string, origin: string | undefined): PolicyRequest | undefined {
  if (!owner.startsWith(OWN)) return undefined
  const request = { host: owner.slice(OWN.length), headers: {} }
  return origin === undefined ? request : { ...request, protocol: origin.slice(0, origin.indexOf(':')) }
}
