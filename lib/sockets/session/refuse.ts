import type { ServerResponse } from 'node:http'
import { withdraw } from '../../http/last-word.ts'
import { setHeaders } from '../../http/reply-handover.ts'
import { errorMessages, errors } from '../upstream/engine-io.ts'

/** The part of Engine.IO's `context` that a client is told. */
interface RefusalContext {
  readonly message?: string
  /** The policy's. */
  readonly reason?: string
}

/** Answers a request that the engine turns down, in the words of Engine.IO. */
export function refuse (response: ServerResponse, code: number, context?: RefusalContext): void {
  const message = context?.message || errorMessages[code as keyof typeof errorMessages]
  setHeaders(response)
  // those of a decision that does not hold any more
  if (context?.reason !== undefined) withdraw(response)
  response.writeHead(code === errors.FORBIDDEN ? 403 : 400, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ code, message, reason: context?.reason }))
}

/** A polling transport, and the requests that wait there for an answer: a poll, and a POST. */
interface Waiting {
  writable: boolean
  req?: { cleanup?: () => void } | null | undefined
  res?: ServerResponse | null | undefined
  dataRes?: ServerResponse | null | undefined
  forgetData (): void
}

/** Refuses the requests that wait at a polling transport; it forgets them. */
export function refuseWaiting (transport: Waiting, code: number): void {
  const waiting = [transport.res, transport.dataRes]
  transport.writable = false
  transport.req?.cleanup?.()
  transport.forgetData()
  for (const response of waiting) {
    if (response && !response.headersSent) refuse(response, code)
  }
}

/**
 * Answers a request whose hooks or middlewares have outlasted the server.
 *
 * @param retryAfter s, for the header of that name
 */
export function refuseClosing (response: ServerResponse, retryAfter: string): void {
  setHeaders(response)
  const connection = response.req.httpVersionMajor === 1 && { connection: 'close' }
  response.writeHead(503, { 'retry-after': retryAfter, ...connection }).end()
}
