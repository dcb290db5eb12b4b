import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { unguard } from './detached.ts'
import { UpgradeResponse } from './upgrade-response.ts'

/**
 * An upgrade request is served as the plain request that it also is: a server may ignore Upgrade (RFC 9110, section
 * 7.8).
 *
 * Where Node asks before it upgrades (`shouldUpgradeCallback`), such a request comes here only when somebody else has
 * said yes, or from the second server that Fastify opens for `localhost`.
 */

/** Node has let go of the parser, so the head is written anew: what came behind it may be a body. */
export function parseAgain (server: Server, request: IncomingMessage, socket: Socket, body: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request
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
  if (!request.socket.destroyed) server.emit('request', request, new UpgradeResponse(request))
}
