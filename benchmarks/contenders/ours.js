// @ts-check
// fastify-io as its README has it.
import Fastify from 'fastify'
import fastifyIO from '../../dist/index.js'
import { port, ready } from './control.js'
import { answer, cors } from './settings.js'
import { talk } from './talk.js'

const app = Fastify()
await app.register(fastifyIO, { cors })
app.get('/api/hello', async () => answer)
talk(app.io)

await app.listen({ host: '127.0.0.1', port })
ready(app.server, () => app.io.engine.clientsCount)
