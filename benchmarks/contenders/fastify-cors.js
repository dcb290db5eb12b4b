// @ts-check
// Fastify with @fastify/cors: what REST routes cost without fastify-io.
import Fastify from 'fastify'
import fastifyCors from '@fastify/cors'
import { port, ready } from './control.js'
import { answer, cors } from './settings.js'

const app = Fastify()
await app.register(fastifyCors, cors)
app.get('/api/hello', async () => answer)

await app.listen({ host: '127.0.0.1', port })
ready(app.server)
