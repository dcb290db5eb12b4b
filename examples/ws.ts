// A plain `ws` server behind the same policy: CORS does not reach WebSockets, so the upgrade has to be refused.
import { createServer, type Server, STATUS_CODES } from 'node:http'
import { WebSocketServer } from 'ws'
import { OriginPolicy } from '../lib/index.ts'

export function createEchoServer (policy: OriginPolicy): Server {
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))))

  server.on('upgrade', async (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const { allowed } = await policy.decide(request.headers.origin, {
      protocol: 'http',
      host: request.headers.host ?? '',
      headers: request.headers
    })
    if (allowed) sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
    else socket.end(`HTTP/1.1 403 ${STATUS_CODES[403]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  })
  return server
}
