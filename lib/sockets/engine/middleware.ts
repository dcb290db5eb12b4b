import type { IncomingMessage, ServerResponse } from 'node:http'

export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => unknown

/**
 * A middleware that throws, or rejects, lets nobody in. Engine.IO takes what it throws for the argument of `next()`, so
 * that `Promise.reject()` and `throw null` would count as passed.
 */
export function closedOnFailure (middleware: Middleware): Middleware {
  return (req, res, next) => {
    const fail = (error: unknown): void => next(error || new Error('a middleware failed without an error'))
    try {
      Promise.resolve(middleware(req, res, next)).catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}
