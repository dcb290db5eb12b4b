import { createServer } from 'node:http'
import { once } from 'node:events'
import Fastify from 'fastify'
import { Server } from 'socket.io'
import fastifyIO from '../lib/index.ts'
import { ask, POLLING, WEBSOCKET, sidOf } from './support/server.ts'
import { WebSocket } from 'ws'
import type { AddressInfo } from 'node:net'
const mode = process.argv[2]
let port: number, io: any, stop: () => unknown
if (mode === 'stock') {
  const server = createServer(); io = new Server(server); server.listen(0, '127.0.0.1'); await once(server, 'listening')
  port = (server.address() as AddressInfo).port; stop = () => io.close()
} else {
  const app = Fastify(); await app.register(fastifyIO, mode === 'stateful' ? { statelessHandshake: false } : {}); await app.listen({ port: 0, host: '127.0.0.1' }); io = app.io
  port = (app.server.address() as AddressInfo).port; stop = () => app.close()
}
io.on('connection', (s: any) => s.on('x', (v: any) => s.emit('y', v)))
const mark = (t: string) => process.stderr.write(`---- ${t}\n`)
mark('handshake')
const sid = sidOf(await ask(port, POLLING)); const p = `${POLLING}&sid=${sid}`
mark('post'); await ask(port, p, { method: 'POST', body: '40' })
mark('poll'); await ask(port, p)
mark('close'); await ask(port, p, { method: 'POST', body: '1' })
mark('ws'); let ws = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}`); await once(ws, 'message'); ws.send('40'); await once(ws, 'message')
ws.send('42["x",1]'); await once(ws, 'message'); mark('ws close'); ws.close(); await once(ws, 'close')
mark('upgrade'); const sid2 = sidOf(await ask(port, POLLING)); const p2 = `${POLLING}&sid=${sid2}`; await ask(port, p2, { method: 'POST', body: '40' }); await ask(port, p2)
const held = ask(port, p2)
ws = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}&sid=${sid2}`); await once(ws, 'open'); ws.send('2probe'); await once(ws, 'message'); await held; ws.send('5')
ws.send('42["x",1]'); await once(ws, 'message'); mark('close'); ws.close(); await once(ws, 'close')
mark('refused'); await ask(port, `${POLLING}&sid=nope`); await ask(port, '/socket.io/?EIO=4&transport=nope')
mark('server close'); await stop()
