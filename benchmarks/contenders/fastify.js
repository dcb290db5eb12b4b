// @ts-check
// The floor for REST: Fastify alone, no CORS.
import Fastify from 'fastify'
import { port, ready } from './control.js'
import { answer } from './settings.js'

const app = Fastify()
app.get('/api/hello', async () => answer)

await app.listen({ host: '127.0.0.1', port })
ready(app.server)
