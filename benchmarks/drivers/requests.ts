// The requests that the workloads send: what a browser sends, without what only makes them longer.

export const ALLOWED = 'https://app.example.com'
export const REFUSED = 'https://evil.example'

export const PATH = '/socket.io/?EIO=4&transport=polling&t=PbW1cZJ'
export const SOCKET_PATH = '/socket.io/?EIO=4&transport=websocket'
export const REST_PATH = '/api/hello'

const browser = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  Accept: '*/*',
  'Accept-Language': 'en-US,en;q=0.5',
  'Accept-Encoding': 'gzip, deflate'
}

/** Headers of a cross-origin fetch by a page of `origin`. */
export function pageHeaders (origin: string): Record<string, string> {
  return {
    ...browser,
    Origin: origin,
    'Sec-Fetch-Dest': 'empty',
    'Sec-Fetch-Mode': 'cors',
    'Sec-Fetch-Site': 'cross-site'
  }
}

/** Headers of its preflight (Fetch, "CORS-preflight fetch"). */
export function preflightHeaders (origin: string): Record<string, string> {
  return {
    ...pageHeaders(origin),
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization,content-type'
  }
}

// One key for all: the server's work does not depend on it, and the expected answer becomes a constant (RFC 6455,
// section 4.2.2).
export const SOCKET_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
export const SOCKET_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** A WebSocket opening handshake, as bytes. */
export function upgradeRequest (port: number, origin: string, path: string): string {
  return requestText('GET', port, path, {
    ...browser,
    Origin: origin,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': SOCKET_KEY
  })
}

/** An HTTP/1.1 request, as bytes. `body` must be ASCII. */
export function requestText (
  method: string, port: number, path: string, headers: Record<string, string>, body = ''
): string {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`]
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  if (method === 'POST') lines.push('Content-Type: text/plain;charset=UTF-8', `Content-Length: ${body.length}`)
  return lines.join('\r\n') + '\r\n\r\n' + body
}
