import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { merged, without } from './vary.ts'

/** Header names in lower case, and their values. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** The CORS headers that one answer leaves with, and what its `Vary` must name. */
export interface Verdict {
  /** Access-Control-Allow-Origin; `undefined` for none. */
  readonly allowOrigin: string | undefined
  /** The CORS headers beside it. */
  readonly list: HeaderList
  readonly vary: string
  /** Whether `Vary` may name Origin: the answer depends on it, or a hook before ours said so. */
  readonly namesOrigin: boolean
  /** Told of the first CORS header that is taken off the answer, or changed. */
  readonly onForeign: ((response: ServerResponse, name: string, value: unknown) => void) | undefined
}

type WriteHead = (status: number, reason?: unknown, headers?: unknown) => ServerResponse

const kVerdict = Symbol('fastify-io.verdict')
/** `writeHead` as it was. */
const kWriteHead = Symbol('fastify-io.writeHead')
type Governed = ServerResponse & { [kVerdict]?: Verdict, [kWriteHead]?: WriteHead }

const CORS = 'access-control-'
const LETTER_A = 97
const NONE: HeaderList = []
const WITHHELD: Verdict = { allowOrigin: undefined, list: NONE, vary: '', namesOrigin: true, onForeign: undefined }

/** @returns what an answer leaves with, once that is decided */
function verdictOf (response: ServerResponse): Verdict | undefined {
  return (response as Governed)[kVerdict]
}

/**
 * Lets an answer leave with the CORS headers of a verdict, whoever writes it.
 *
 * It is tempting to do that in an `onSend` hook. But hooks of child scopes and of routes run behind ours; Fastify
 * spreads the headers of a web `Response` on the reply behind all hooks; a hijacked reply and a connect-style
 * middleware meet none. All of them write their head with `writeHead`, also when `end()` writes it for them.
 */
export function setVerdict (response: ServerResponse, verdict: Verdict): void {
  const governed = response as Governed
  if (governed[kVerdict] === undefined) {
    governed[kWriteHead] = response.writeHead as WriteHead
    response.writeHead = writeHead as ServerResponse['writeHead']
  }
  governed[kVerdict] = verdict
}

/** Takes all CORS headers from an answer: a narrower policy, or `enforce`, has refused its request. */
export function withdraw (response: ServerResponse): void {
  const verdict = verdictOf(response)
  if (verdict === undefined) {
    setVerdict(response, { ...WITHHELD, vary: 'Origin', namesOrigin: true })
    return
  }
  setVerdict(response, { ...verdict, allowOrigin: undefined, list: NONE, vary: merged('Origin', verdict.vary) })
}

/** Removes the CORS headers that a hook writes on the raw response before the decision: nothing is granted yet. */
export function withhold (response: ServerResponse): void {
  setVerdict(response, WITHHELD)
}

/**
 * The headers of an answer whose head is not written with `writeHead`: the 101 of a WebSocket, which `ws` writes.
 *
 * @returns a copy with the CORS headers of the verdict
 */
export function settled (response: ServerResponse, headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const verdict = verdictOf(response)
  return verdict === undefined ? headers : settle(response, verdict, headers)
}

function writeHead (this: Governed, status: number, reason?: unknown, headers?: unknown): ServerResponse {
  const write = this[kWriteHead]!
  // Node says what is wrong about a second head
  if (this.headersSent) return write.call(this, status, reason, headers)
  const verdict = this[kVerdict]!
  const text = typeof reason === 'string'
  const given = (text ? headers : headers ?? reason) as OutgoingHttpHeaders | readonly unknown[] | undefined
  clear(this, verdict)
  const own = isList(given) ? settleList(this, verdict, given) : settle(this, verdict, given)
  return text ? write.call(this, status, reason, own) : write.call(this, status, own)
}

/** Removes the CORS headers that middlewares have set on the raw response. */
function clear (response: ServerResponse, verdict: Verdict): void {
  for (const name of response.getHeaderNames()) {
    if (!isCors(name)) continue
    notice(response, verdict, name, response.getHeader(name))
    response.removeHeader(name)
  }
}

function settle (
  response: ServerResponse,
  verdict: Verdict,
  given: OutgoingHttpHeaders | undefined
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {}
  let givenVary: OutgoingHttpHeader | undefined
  for (const name in given) {
    const value = given[name]
    if (isCors(name)) notice(response, verdict, name, value)
    else if (isVary(name)) givenVary = value
    else headers[name] = value
  }
  if (verdict.allowOrigin !== undefined) headers['access-control-allow-origin'] = verdict.allowOrigin
  for (let at = 0; at < verdict.list.length; at++) headers[verdict.list[at]![0]] = verdict.list[at]![1]
  const vary = varyOf(response, verdict, givenVary)
  if (vary !== undefined) headers.vary = vary
  return headers
}

/** Node takes `[name, value, …]` and `[[name, value], …]` too, in which names may repeat. */
function settleList (response: ServerResponse, verdict: Verdict, given: readonly unknown[]): unknown[] {
  const flat = Array.isArray(given[0]) ? given.flat() : given
  const headers: unknown[] = []
  const varies: string[] = []
  for (let at = 0; at < flat.length; at += 2) {
    const [name, value] = [String(flat[at]), flat[at + 1]]
    if (isCors(name)) notice(response, verdict, name, value)
    else if (isVary(name)) varies.push(String(value))
    else headers.push(name, value)
  }
  if (verdict.allowOrigin !== undefined) headers.push('access-control-allow-origin', verdict.allowOrigin)
  headers.push(...verdict.list.flat())
  const vary = varyOf(response, verdict, varies.length > 0 ? varies : undefined)
  if (vary !== undefined) headers.push('vary', vary)
  return headers
}

/** In Node the reply's headers replace those of the raw response; for `Vary` both are right. */
function varyOf (
  response: ServerResponse,
  verdict: Verdict,
  given: OutgoingHttpHeader | undefined
): string | undefined {
  const raw = response.getHeader('vary')
  let vary = raw === undefined ? given : given === undefined ? raw : merged(raw, given)
  // @fastify/cors lets it name Origin on all that it answers
  if (!verdict.namesOrigin) vary = without(vary, 'Origin')
  if (vary === undefined) return verdict.vary === '' ? undefined : verdict.vary
  return vary === verdict.vary ? vary : merged(vary, verdict.vary)
}

function notice (response: ServerResponse, verdict: Verdict, name: string, value: unknown): void {
  if (verdict.onForeign === undefined) return
  const listed = verdict.list.find(([own]) => own === name)?.[1]
  const expected = name === 'access-control-allow-origin' ? verdict.allowOrigin : listed
  if (value !== expected) verdict.onForeign(response, name, value)
}

/** Fetch, "HTTP responses", and what extensions add to it (Private Network Access): none is anybody else's. */
function isCors (name: string): boolean {
  // most names fail at their first letter
  return (name.charCodeAt(0) | 32) === LETTER_A && name.toLowerCase().startsWith(CORS)
}

function isList (headers: unknown): headers is readonly unknown[] {
  return Array.isArray(headers)
}

function isVary (name: string): boolean {
  return name.length === 4 && name.toLowerCase() === 'vary'
}
