// @ts-check
// The floor for WebSockets: `ws` alone, with the Origin check of its README, saying the same packets that
// Engine.IO and Socket.IO say.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { serve } from './control.js'
import { cors } from './settings.js'

const open = '0{"sid":"oWkzV4bXlrEMB0OcAAAA","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
const connected = '40{"sid":"J5ThVO4dUvLSPzXpAAAB"}'

const server = createServer()
const wss = new WebSocketServer({ noServer: true, clientTracking: false })

server.on('upgrade', (req, socket, head) => {
  if (!cors.origin.includes(req.headers.origin ?? '')) {
    socket.on('error', () => {})
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    return
  }
  wss.handleUpgrade(req, socket, head, (ws) => {
    ws.on('message', () => ws.send(connected))
    ws.send(open)
  })
})

serve(server)
