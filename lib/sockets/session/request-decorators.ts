import type { SocketRequest } from '../../http/request-marks.ts'

/** Members that every Fastify request of ours has; anything else was put there by a hook or a decorator. */
const BASE = new Set([
  'id',
  'params',
  'raw',
  'query',
  'log',
  'body',
  'additionalHeaders',
  'validationError',
  'originDecision',
  'corsPreflightEnabled'
])
/** Set by `trustProxy` on a scope's prototype; Fastify's own, not decorators. */
const ACCESSORS = new Set(['ip', 'ips', 'host', 'protocol', 'constructor'])

const getters = new Map<string, PropertyDescriptor>()
/** Names of the decorators with a getter, by the prototype that Fastify makes for each scope. */
const accessors = new WeakMap<object, readonly string[]>()

/**
 * Makes what hooks left on the Fastify request (`session`, `cookies`, `user`, any `decorateRequest`) reachable from
 * `socket.request`, where Socket.IO's documentation tells people to look for it. Runs once a session, not once a request.
 */
export function exposeDecorators (raw: SocketRequest): void {
  const request = raw.fastifyRequest
  for (const name in request) {
    if (Object.hasOwn(request, name) && !BASE.has(name)) expose(raw, name)
  }
  for (const name of accessorsOf(Object.getPrototypeOf(request))) expose(raw, name)
}

function expose (raw: SocketRequest, name: string): void {
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
  for (
    let proto = scope; proto !== null && !Object.hasOwn(proto, 'routeOptions'); proto = Object.getPrototypeOf(proto)
  ) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (get !== undefined && !ACCESSORS.has(name)) found.push(name)
    }
  }
  accessors.set(scope, names = found)
  return names
}
