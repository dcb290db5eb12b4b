import type { FastifyInstance } from 'fastify'
import { ConfigError } from '../errors.ts'
import { issue } from '../issues.ts'

/** What @fastify/cors decorates requests with. */
const DECORATOR = 'corsPreflightEnabled'

/** Two CORS layers would write two sets of headers. @returns the one that a scope has already */
export function corsOf (app: FastifyInstance): string | undefined {
  if (app.hasDecorator('originPolicy')) return 'fastify-io'
  if (app.hasRequestDecorator(DECORATOR)) return '@fastify/cors'
  return undefined
}

/**
 * Refuses a @fastify/cors that is registered later, in this scope or in a child, when the app gets ready.
 *
 * Left alone, `decorateRequest` throws inside it, in a tick where nobody catches: the process ends, and the error names
 * no more than a decorator. So that call is noted, and nothing throws before `onReady`.
 *
 * @param onFound called when there is one, before it goes on
 */
export function refuseSecondCors (app: FastifyInstance, onFound: () => void): void {
  let own = true
  let found = false
  const decorateRequest = app.decorateRequest as (this: FastifyInstance, ...args: unknown[]) => FastifyInstance
  app.decorateRequest = function (this: FastifyInstance, ...args: unknown[]): FastifyInstance {
    if (args[0] !== DECORATOR) return decorateRequest.apply(this, args)
    onFound()
    // ours comes first; avvio may load it after the promise of its registration
    if (own) {
      own = false
      return decorateRequest.apply(this, args)
    }
    found = true
    return this
  } as FastifyInstance['decorateRequest']
  app.addHook('onReady', async function refuseSecondCors () {
    if (!found) return
    const message = '@fastify/cors is registered again, in the scope of fastify-io or in a child of it. ' +
      'fastify-io has registered it already, and two layers would write two sets of headers'
    const hint = 'take it out: this plugin answers REST too. A part of the app can be stricter: app.narrowOrigin()'
    throw new ConfigError([issue('CORS_TWICE', '', '@fastify/cors', { message, hint })])
  })
}
