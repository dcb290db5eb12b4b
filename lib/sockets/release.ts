import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/**
 * Runs a reply through Fastify's `onSend` hooks (cookies and sessions are written there), sets its headers on the raw
 * response, and hands that response on unsent.
 *
 * `reply.hijack()` alone skips those hooks. So the reply is sent into two methods that shadow the response's own until
 * the headers are known; a hook that fails or answers something else is let through as the answer it is.
 *
 * @param status the status that means "go on": 200 for polling, 101 for an upgrade
 */
export function release (reply: FastifyReply, status: 101 | 200, next: (response: ServerResponse) => void): void {
  const response = reply.raw
  let goOn = false
  response.writeHead = function (code: number, ...rest: unknown[]) {
    goOn = code === status
    if (!goOn) {
      restore()
      return Reflect.apply(response.writeHead, response, [code, ...rest])
    }
    const headers = rest[0] as Record<string, string | string[]>
    for (const name in headers) {
      if (name !== 'content-length' && name !== 'content-type') response.setHeader(name, headers[name]!)
    }
    return response
  }
  response.end = function (...args: unknown[]) {
    restore()
    if (!goOn) return Reflect.apply(response.end, response, args)
    reply.hijack()
    // gone while the hooks ran
    if (reply.request.raw.socket?.destroyed) return response
    try {
      next(response)
    } catch (error) {
      // allowRequest or a middleware of the user's
      reply.log.error({ err: error }, 'a request was given up')
      if (!response.headersSent) response.writeHead(500).end()
    }
    return response
  } as typeof response.end
  function restore (): void {
    // last added first: the object then keeps its hidden class
    delete (response as { end?: unknown }).end
    delete (response as { writeHead?: unknown }).writeHead
  }
  reply.code(status).send()
}
