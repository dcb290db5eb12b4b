// A plain page with a script tag, on the server's own origin and on another: `npx tsx examples/script-tag/start.ts`
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import fastifyIO, { type CorsOptions } from '../../lib/index.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

/** Serves the page. @param server the URL of the Socket.IO server; `''` is the page's own origin */
function servePage (app: FastifyInstance, server: string): void {
  const html = read('page.html').replaceAll('{{server}}', server)
  app.get('/', (_request, reply) => reply.type('text/html').send(html))
  app.get('/style.css', (_request, reply) => reply.type('text/css').send(read('../react/style.css')))
}

export interface ScriptTagExample {
  readonly app: FastifyInstance
  /** The page of the server's own origin, which needs no `cors`. */
  readonly own: string
  /** The same page at another origin, which needs to be listed. */
  readonly other: string
  close (): Promise<void>
}

/** @param cors without it, only the server's own page gets in */
export async function startScriptTag (
  ports: { readonly own: number, readonly other: number }, cors?: CorsOptions, options: FastifyServerOptions = {}
): Promise<ScriptTagExample> {
  const own = `http://localhost:${ports.own}`
  const app = Fastify(options)
  await app.register(fastifyIO, cors === undefined ? {} : { cors })
  app.io.on('connection', (socket) => socket.emit('hello', 'The server says hello.'))
  servePage(app, '')
  await app.listen({ port: ports.own, host: '127.0.0.1' })

  const pages = Fastify()
  servePage(pages, own)
  await pages.listen({ port: ports.other, host: '127.0.0.1' })
  return {
    app,
    own,
    other: `http://localhost:${ports.other}`,
    async close () {
      await Promise.all([pages.close(), app.close()])
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const cors = { origin: 'http://localhost:3002' }
  const example = await startScriptTag({ own: 3001, other: 3002 }, cors, { logger: true })
  console.log(`
  ${example.own}  the server's own origin
  ${example.other}  another origin, which the policy allows
`)
  process.once('SIGINT', () => example.close())
}
