import { escape, printable } from '../../../text.ts'
import type { Exchange, Header } from './exchange.ts'

/** Lines of a head, and characters of a body, that evidence shows. */
const MAX_LINES = 32
const MAX_BODY = 200

/** What was asked and what came back, for people. */
export interface Evidence {
  readonly request: string
  readonly response: string
}

/** Values that must not go into a log: of the user (`--cookie`, `--header`), and the cookies of the server. */
const SECRET = /^(?:cookie|authorization|proxy-authorization|x-api-key|x-auth.*|.*token.*|.*secret.*)$/i

/**
 * The heads of a request and of its answer. A hostile server wrote the answer: its length is bounded, and what would
 * steer a terminal is escaped.
 *
 * @param host of the URL, for requests that do not name another
 * @param secret lower-case names of headers whose values are the user's
 */
export function evidenceOf ({ ask, answer, failure }: Exchange, host: string, secret: ReadonlySet<string>): Evidence {
  const { method = 'GET', path, headers, body } = ask
  const named = headers.some(([name]) => name === 'Host')
  const all: readonly Header[] = named ? headers : [['Host', host], ...headers]
  const request = [`${method} ${printable(path)} HTTP/1.1`, ...linesOf(all, secret)]
  if (body !== undefined) request.push('', printable(body))
  return { request: request.join('\n'), response: answer === undefined ? failure?.message ?? '' : responseOf(answer) }
}

function responseOf ({ status, statusText, headers, body, complete }: NonNullable<Exchange['answer']>): string {
  const head = [`HTTP/1.1 ${status} ${printable(statusText)}`.trimEnd(), ...linesOf(headers, new Set())]
  if (body === '') return head.join('\n')
  const shown = escape(body.slice(0, MAX_BODY))
  return [...head, '', body.length > MAX_BODY || !complete ? `${shown}…` : shown].join('\n')
}

function linesOf (headers: readonly Header[], secret: ReadonlySet<string>): string[] {
  const lines = headers.slice(0, MAX_LINES).map(([name, value]) => `${printable(name)}: ${hide(name, value, secret)}`)
  if (headers.length > MAX_LINES) lines.push(`… and ${headers.length - MAX_LINES} more`)
  return lines
}

function hide (name: string, value: string, secret: ReadonlySet<string>): string {
  const lower = name.toLowerCase()
  // the attributes are what matters
  if (lower === 'set-cookie') return printable(value.replace(/^([^=;]*)=[^;]*/, '$1=…'))
  return secret.has(lower) || SECRET.test(name) ? '…' : printable(value)
}
