// @ts-check
// The floor for WebSockets: `ws` alone, with the Origin check of its README, saying the same packets that
// Engine.IO and Socket.IO say.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { serve } from './control.js'
import { cors } from './settings.js'
import { talking } from './talk.js'

const open =
  '0{"sid":"oWkzV4bXlrEMB0OcAAAA","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
const connected = '40{"sid":"J5ThVO4dUvLSPzXpAAAB"}'

const server = createServer()
const wss = new WebSocketServer({ noServer: true, clientTracking: talking })

server.on('upgrade', (req, socket, head) => {
  if (!cors.origin.includes(req.headers.origin ?? '')) {
    socket.on('error', () => {})
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    return
  }
  wss.handleUpgrade(req, socket, head, (ws) => {
    ws.on('message', talking ? talk : () => ws.send(connected))
    ws.send(open)
  })
})

serve(server)

/**
 * An echo is the same packet. The header of a binary event is a separate one.
 *
 * @this {import('ws').WebSocket}
 * @param {import('ws').RawData} data
 * @param {boolean} isBinary
 */
function talk (data, isBinary) {
  if (isBinary) return this.send(data)
  const packet = data.toString()
  if (packet === '40') this.send(connected)
  else if (packet.startsWith('42["broadcast",')) broadcast(JSON.parse(packet.slice(2)))
  else this.send(packet)
}

/** @param {[string, string, number]} event */
function broadcast ([, text, times]) {
  for (let i = 0; i < times; i++) {
    const packet = `42["news","${text}",${i}]`
    for (const client of wss.clients) client.send(packet)
  }
}
