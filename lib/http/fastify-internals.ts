import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, onRequestHookHandler } from 'fastify'

/**
 * What Fastify keeps on each scope under private symbols. Another version may have other symbols; whoever asks gets
 * `undefined` then, and does without.
 */

/** The scopes right below a scope. */
export function childrenOf (app: FastifyInstance): readonly FastifyInstance[] {
  return kept<FastifyInstance[]>(app, 'fastify.children') ?? []
}

/** The list of `onRequest` hooks of a scope, as Fastify uses it: what is put there runs. */
export function requestHooksOf (app: FastifyInstance): onRequestHookHandler[] | undefined {
  const hooks = kept<{ onRequest?: onRequestHookHandler[] }>(app, 'fastify.hooks')?.onRequest
  return Array.isArray(hooks) ? hooks : undefined
}

/** A value that each new request, or reply, of a scope begins with. */
interface Decorated {
  readonly key: string | symbol
  readonly value: unknown
}

/** The lists of what new requests, and new replies, of a scope begin with, as Fastify uses them. */
export function decoratedOf (app: FastifyInstance): ReadonlyArray<Decorated[] | undefined> {
  return ['fastify.Request', 'fastify.Reply'].map((name) => {
    const props = kept<{ props?: Decorated[] }>(app, name)?.props
    return Array.isArray(props) ? props : undefined
  })
}

type RewriteUrl = (this: FastifyInstance, request: IncomingMessage) => unknown

/** The option `rewriteUrl`, the only one of the router's that Fastify does not show. */
export function rewriteUrlOf (app: FastifyInstance): ((request: IncomingMessage) => unknown) | undefined {
  for (let at: FastifyInstance | null = app; at !== null; at = Object.getPrototypeOf(at)) {
    const root: FastifyInstance = at
    const options = kept<{ rewriteUrl?: RewriteUrl }>(root, 'fastify.options')
    if (options !== undefined) return options.rewriteUrl && ((request) => options.rewriteUrl!.call(root, request))
  }
  return undefined
}

function kept<Value> (app: FastifyInstance, name: string): Value | undefined {
  const symbol = Object.getOwnPropertySymbols(app).find(({ description }) => description === name)
  return symbol === undefined ? undefined : Reflect.get(app, symbol) as Value
}
