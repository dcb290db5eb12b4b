import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'

const file = (path: string): Buffer => readFileSync(new URL(`../../node_modules/${path}`, import.meta.url))
const CLIENTS: Readonly<Record<string, Buffer>> = {
  '/client.js': file('socket.io-client/dist/socket.io.min.js'),
  '/client-debug.js': file('socket.io-client/dist/socket.io.js'),
  '/client-2.js': file('socket.io-client-2/dist/socket.io.js')
}
const PAGES: Readonly<Record<string, string>> = {
  '/http': 'client',
  '/https': 'client',
  '/csp': 'client',
  '/own': 'client',
  '/old': 'client-2',
  '/debug': 'client-debug'
}

export const tls = {
  key: readFileSync(new URL('../fixtures/tls/key.pem', import.meta.url)),
  cert: readFileSync(new URL('../fixtures/tls/cert.pem', import.meta.url))
}

/** Serves the empty pages of the scenes, with Socket.IO's client. @returns whether it has answered */
export function servePage ({ url = '' }: IncomingMessage, response: ServerResponse): boolean {
  const client = CLIENTS[url]
  const page = PAGES[url]
  if (client !== undefined) response.setHeader('content-type', 'text/javascript').end(client)
  else if (url === '/favicon.ico') response.writeHead(204).end()
  else if (page !== undefined) {
    if (url === '/csp') response.setHeader('content-security-policy', "connect-src 'self'")
    response.setHeader('content-type', 'text/html').end(`<!doctype html><script src="/${page}.js"></script>`)
  } else return false
  return true
}
