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

const getters: Map<string, PropertyDescriptor> = new Map()
/** Names of the decorators with a getter, by the prototype that Fastify makes for each scope. */
const accessors: WeakMap<object, readonly string[]> = new WeakMap()

/**
 * Makes what hooks left on the Fastify request (`session`, `cookies`, `user`, any `decorateRequest`) reachable from
 * `socket.request`, where Socket.IO's documentation tells people to look for it. Runs once for each session.
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
      get (this: SocketRequest) { return Reflect.get(this.fastifyRequest, name) }
    }
    getters.set(name, getter)
  }
  Object.defineProperty(raw, name, getter)
}

function accessorsOf (scope: object): readonly string[] {
  const known = accessors.get(scope)
  if (known !== undefined) return known
  const found: string[] = []
  // down to the class that all scopes share
  for (let proto = scope; isOfScope(proto); proto = Object.getPrototypeOf(proto)) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (get !== undefined && !ACCESSORS.has(name)) found.push(name)
    }
  }
  accessors.set(scope, found)
  return found
}

function isOfScope (proto: object | null): boolean {
  return proto !== null && !Object.hasOwn(proto, 'routeOptions')
}
