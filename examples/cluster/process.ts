// One of the four processes behind nginx. Its settings come from start.ts, by the environment.
import { readFileSync } from 'node:fs'
import { createAdapter } from '@socket.io/redis-adapter'
import Fastify from 'fastify'
import { createClient, type RedisClientType } from 'redis'
import fastifyIO, { ConfigError } from '../../lib/index.ts'
import { redisPolicy } from '../../lib/redis.ts'

const { NUMBER = '1', REDIS = '', SECRET = '', SERVER = '', VISITORS = '' } = process.env
const me = Number(NUMBER)
const page = readFileSync(new URL('page.html', import.meta.url), 'utf8')
  .replace('SETTINGS', JSON.stringify({ server: SERVER, visitors: VISITORS }))

async function main (): Promise<void> {
  const redis = createClient({ socket: { path: REDIS, tls: false } }) as RedisClientType
  redis.on('error', (error) => console.error(`process ${me}: Redis:`, error.message))
  await redis.connect()
  const subscriber = redis.duplicate()
  await subscriber.connect()
  const initial = { origin: [VISITORS] }
  const shared = await redisPolicy(redis, { key: 'example:policy', initial, secret: SECRET })

  const app = Fastify({ trustProxy: '127.0.0.1', return503OnClosing: false })
  await app.register(fastifyIO, {
    cors: shared.policy,
    handshakeSecret: SECRET,
    adapter: createAdapter(redis, subscriber),
    closeSpread: 2000
  })

  app.io.on('connection', (socket) => {
    socket.data = { process: me }
    socket.emit('process', me)
  })

  app.get('/', async (_request, reply) => reply.type('text/html').header('cache-control', 'no-store').send(page))
  app.get('/cluster', async () => {
    const sockets = await app.io.fetchSockets()
    const processes = [1, 2, 3, 4].map((number) => sockets.filter(({ data }) => data.process === number).length)
    return { answeredBy: me, processes, version: shared.version, origins: shared.policy.snapshot().origin }
  })

  // the server's own page may edit the policy; a page of another origin may not, even if it is allowed
  const { route: ownPages } = app.narrowOrigin({ origin: false, enforce: 'all' })
  app.put('/policy', { onRequest: ownPages }, async (request, reply) => {
    try {
      return { answeredBy: me, version: await shared.publish({ origin: request.body as string[] | false }) }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return reply.code(400).send({ mistakes: error.issues.map(({ message, hint }) => ({ message, hint })) })
    }
  })
  app.addHook('onClose', async () => {
    await shared.close()
    await subscriber.close()
    await redis.close()
  })

  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  process.send!(Number(new URL(url).port))
  process.once('SIGTERM', () => { app.close().then(() => process.exit()) })
  process.on('disconnect', () => process.exit())
}

main()
