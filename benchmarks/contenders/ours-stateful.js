// @ts-check
// fastify-io with stateless handshakes off: every polling handshake makes its session at once, as stock does.
import Fastify from 'fastify'
import fastifyIO from '../../dist/index.js'
import { port, ready } from './control.js'
import { answer, cors } from './settings.js'

const app = Fastify()
await app.register(fastifyIO, { cors, statelessHandshake: false })
app.get('/api/hello', async () => answer)

await app.listen({ host: '127.0.0.1', port })
ready(app.server, () => app.io.engine.clientsCount)
