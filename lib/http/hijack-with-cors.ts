import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { settled } from './last-word.ts'

/**
 * Takes a reply out of Fastify's hands (`reply.hijack()`) without losing the headers that hooks have set on it, `Vary`
 * and those of CORS among them: for server-sent events and streams that write to the raw response.
 *
 * @returns the raw response, its headers set and not sent yet
 */
export function hijackWithCors (this: FastifyReply): ServerResponse {
  const headers = settled(this.raw, this.getHeaders() as OutgoingHttpHeaders)
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) this.raw.setHeader(name, value)
  }
  this.hijack()
  return this.raw
}
