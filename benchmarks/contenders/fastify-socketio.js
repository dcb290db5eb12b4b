// @ts-check
// Stock Socket.IO attached to fastify.server, beside @fastify/cors: what the Fastify plugins of today do.
// Two CORS configurations, and the sockets bypass Fastify.
import Fastify from 'fastify'
import fastifyCors from '@fastify/cors'
import { Server } from 'socket.io'
import { port, ready } from './control.js'
import { answer, cors } from './settings.js'

const app = Fastify()
await app.register(fastifyCors, cors)
app.get('/api/hello', async () => answer)
const io = new Server(app.server, { cors })

await app.listen({ host: '127.0.0.1', port })
ready(app.server, () => io.engine.clientsCount)
