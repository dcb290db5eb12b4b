import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { unguard } from '../../http/detached.ts'
import { UpgradeResponse } from './upgrade-response.ts'

/**
 * An upgrade request is served as the plain request that it also is: a server may ignore Upgrade (RFC 9110, section
 * 7.8).
 *
 * Where Node asks before it upgrades (`shouldUpgradeCallback`), such a request comes here only when somebody else has
 * said yes, or from the second server that Fastify opens for `localhost`.
 */

const TOO_MANY = 'HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

/** Node has released the parser, so this writes the head again: what came behind it may be a body. */
export function parseAgain (server: Server, request: IncomingMessage, socket: Socket, body: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request
  // Content-Length may be among those that Node left out, and the body would be read as the next request.
  if (rawHeaders.length >= headersKept(server)) {
    socket.end(TOO_MANY, () => { socket.destroy() })
    return
  }
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    // Without its option in Connection an Upgrade asks for nothing, and hooks see it as they would have.
    const value = name.toLowerCase() === 'connection' ? withoutUpgrade(rawHeaders[at + 1]!) : rawHeaders[at + 1]!
    if (value !== '' || rawHeaders[at + 1] === '') lines.push(`${name}: ${value}`)
  }
  unguard(socket)
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]))
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
}

/** Names and values that Node keeps of a head; it drops the others without a word. */
function headersKept ({ maxHeadersCount }: Server): number {
  if (maxHeadersCount === 0) return Infinity
  return typeof maxHeadersCount === 'number' ? maxHeadersCount * 2 : 2000
}

function withoutUpgrade (options: string): string {
  return options.split(',').filter((option) => option.trim().toLowerCase() !== 'upgrade').join(',')
}

/** Node 26 emits the upgrade while its parser still reads the body: only the answer is missing. */
export function serveUnread (server: Server, request: IncomingMessage): void {
  const { _httpMessage: earlier } = request.socket as { _httpMessage?: ServerResponse | null }
  if (earlier) {
    earlier.once('close', () => serveUnread(server, request))
    return
  }
  if (request.socket.destroyed) return
  UpgradeResponse.serve(request, (response) => { server.emit('request', request, response) })
}
