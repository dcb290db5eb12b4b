import type { IncomingMessage } from 'node:http'
import { type Answer, paired } from './exchange.ts'

/** Bytes of a body that are read. */
const MAX_BODY = 65_536

export function answerOf (response: IncomingMessage, body: string, complete: boolean): Answer {
  const { statusCode = 0, statusMessage = '', rawHeaders } = response
  return { status: statusCode, statusText: statusMessage, headers: paired(rawHeaders), body, complete }
}

/** Reads no more than fits, and waits no longer than the request may take. */
export function readBody (
  response: IncomingMessage,
  timeout: number,
  done: (body: string, complete: boolean) => void
): void {
  const chunks: Buffer[] = []
  let size = 0
  const finish = (complete: boolean): void => {
    clearTimeout(timer)
    response.removeAllListeners('data').on('error', () => {})
    done(Buffer.concat(chunks).subarray(0, MAX_BODY).toString(), complete)
  }
  const timer = setTimeout(finish, timeout, false)
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_BODY) finish(false)
  })
  response.once('end', () => finish(true))
  response.once('error', () => finish(false))
}
