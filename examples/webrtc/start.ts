// Two pages open a data channel through a signalling server of another origin: `npx tsx examples/webrtc/start.ts`
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { createSignallingServer } from './signalling.ts'
import { turnServer } from './turn.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

export interface WebRtcExample {
  readonly app: FastifyInstance
  /** The URL of the page; a room stands behind its `#`. */
  readonly page: string
  close (): Promise<void>
}

/** @param pageOrigin that the policy allows; another one shows what a stranger's page gets */
export async function startWebRtc (
  ports: { readonly signalling: number, readonly page: number },
  { pageOrigin = `http://localhost:${ports.page}`, ...options }:
    FastifyServerOptions & { readonly pageOrigin?: string } = {}
): Promise<WebRtcExample> {
  const { TURN_URL, TURN_SECRET } = process.env
  const iceServers = () => TURN_URL && TURN_SECRET ? [turnServer(TURN_URL, TURN_SECRET)] : []
  const app = await createSignallingServer({ origin: pageOrigin }, iceServers, options)
  await app.listen({ port: ports.signalling, host: '127.0.0.1' })

  const html = read('page.html').replaceAll('{{server}}', `http://localhost:${ports.signalling}`)
  const pages = Fastify()
  pages.get('/', (_request, reply) => reply.type('text/html').send(html))
  pages.get('/page.js', (_request, reply) => reply.type('text/javascript').send(read('page.js')))
  pages.get('/style.css', (_request, reply) => reply.type('text/css').send(read('../react/style.css')))
  await pages.listen({ port: ports.page, host: '127.0.0.1' })
  return {
    app,
    page: `http://localhost:${ports.page}`,
    async close () {
      await Promise.all([pages.close(), app.close()])
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const example = await startWebRtc({ signalling: 3001, page: 3002 }, { logger: true })
  console.log(`\n  ${example.page}  open it, then its whole URL in a second tab\n`)
  process.once('SIGINT', () => example.close())
}
