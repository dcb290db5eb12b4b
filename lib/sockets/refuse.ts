import type { ServerResponse } from 'node:http'
import { Server as EngineServer } from 'engine.io'
import { setHeaders } from './release.ts'

const { errors, errorMessages } = EngineServer

/** What a client is told of a refusal; a part of Engine.IO's `context`. */
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
  if (context?.reason !== undefined) removeCorsHeaders(response)
  response.writeHead(code === errors.FORBIDDEN ? 403 : 400, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ code, message, reason: context?.reason }))
}

/** Answers a request whose hooks or middlewares have outlasted the server. */
export function refuseClosing (response: ServerResponse): void {
  setHeaders(response)
  response.writeHead(503, response.req.httpVersionMajor === 1 ? { connection: 'close' } : {}).end()
}

function removeCorsHeaders (response: ServerResponse): void {
  for (const name of response.getHeaderNames()) {
    if (name.startsWith('access-control-')) response.removeHeader(name)
  }
}
