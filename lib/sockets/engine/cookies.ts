import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'

type WriteHead = (this: ServerResponse, status: number, headers?: OutgoingHttpHeaders) => ServerResponse

/**
 * Sends every Set-Cookie of an answer: the reply's, a middleware's, Engine.IO's (its option `cookie`) and that of a
 * `headers` listener. They come in several spellings, of which writeHead() would keep the last (RFC 6265, section 3: a
 * cookie needs a header field each).
 */
export function keepCookies (response: ServerResponse): void {
  const writeHead = response.writeHead as WriteHead
  response.writeHead = function (this: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}) {
    return writeHead.call(this, status, withCookies(this.getHeader('set-cookie'), headers))
  } as ServerResponse['writeHead']
}

/** @returns a copy of the headers, with earlier cookies in front of theirs, however they spell the name */
export function withCookies (
  earlier: OutgoingHttpHeader | undefined,
  headers: OutgoingHttpHeaders
): OutgoingHttpHeaders {
  const rest: OutgoingHttpHeaders = {}
  const cookies = listOf(earlier)
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() === 'set-cookie') cookies.push(...listOf(value))
    else rest[name] = value
  }
  if (cookies.length > 0) rest['set-cookie'] = cookies
  return rest
}

function listOf (value: OutgoingHttpHeader | undefined): string[] {
  return value === undefined ? [] : [value].flat().map(String)
}
