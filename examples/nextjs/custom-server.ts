// Fastify as the server of Next.js, Socket.IO on the same port:
// `npm ci --prefix examples/nextjs && npx tsx examples/nextjs/custom-server.ts`
// With NODE_ENV=production, after `npm run build --prefix examples/nextjs`, it serves what `next build` has made.
import { createServer, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import next from 'next'
import fastifyIO from '../../lib/index.ts'

export async function createNextServer (
  { dev, port }: { readonly dev: boolean, readonly port: number }, options: FastifyServerOptions = {}
): Promise<FastifyInstance> {
  const app = Fastify(options)
  // page and Socket.IO have one origin: no `cors`
  await app.register(fastifyIO)
  app.io.on('connection', (socket) => socket.emit('hello', 'The server says hello.'))
  app.get('/api/time', async () => ({ now: Date.now() }))

  // Next.js adds its listener here. On app.server it would leave each upgrade that it does not know without an answer.
  const upgrades = createServer()
  if (dev) passHotReloading(app, upgrades)
  const pages = next({ dev, dir: import.meta.dirname, port, httpServer: upgrades })
  const handle = pages.getRequestHandler()
  await app.register(async (scope) => {
    // Next.js reads the bodies of its requests
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.route({
      // `all` would take OPTIONS too, which is the policy's: preflights
      method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      url: '/*',
      handler (request, reply) {
        handle(request.raw, reply.hijackWithCors()).catch((error: unknown) => request.log.error(error))
      }
    })
  })
  app.addHook('onReady', () => pages.prepare())
  app.addHook('preClose', () => pages.close())
  return app
}

/** The development server's WebSocket, which reloads the page. Next.js does not end it when it closes. */
function passHotReloading (app: FastifyInstance, upgrades: Server): void {
  const open = new Set<Duplex>()
  let closing = false
  app.server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    const own = !closing && request.url?.startsWith('/_next/') === true
    const taken = own && upgrades.emit('upgrade', request, socket, head)
    if (!taken) return socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  app.addHook('preClose', async () => {
    closing = true
    for (const socket of open) socket.destroy()
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const port = Number(process.env.PORT ?? 3000)
  const app = await createNextServer({ dev: process.env.NODE_ENV !== 'production', port }, { logger: true })
  app.listen({ port, host: '127.0.0.1' }, (error) => {
    // Next.js catches what would end the process
    if (error !== null) process.exit(1)
    console.log(`\n  http://localhost:${port}  the page, its own origin\n`)
  })
  process.once('SIGINT', async () => {
    await app.close()
    // the development server still watches files
    process.exit()
  })
}
