import type { FastifyInstance } from 'fastify'
import { decoratedOf } from './fastify-internals.ts'

/**
 * Lets the requests and replies of a scope begin with what the app's do, also with what plugins add to the app later.
 *
 * Fastify copies these values when a scope is made. In a scope of the user's, that is the order of their own code. Ours
 * are made out of their sight: @fastify/circuit-breaker, registered behind us, met `undefined` there and answered 500.
 */
export function takeLateDecorators (app: FastifyInstance, scope: FastifyInstance): void {
  app.addHook('onReady', async function takeLateDecorators () {
    const own = decoratedOf(scope)
    for (const [at, list] of decoratedOf(app).entries()) {
      const taken = own[at]
      if (list === undefined || taken === undefined) continue
      const known = new Set(taken.map(({ key }) => key))
      taken.push(...list.filter(({ key }) => !known.has(key)))
    }
  })
}
