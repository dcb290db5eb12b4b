import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'

/** What the pages are told about the backend; same-origin, so the policy is not touched. */
export interface PageInfo {
  backend: string
  explain (origin: string): string
  refusals: { origin?: string, transport: string, reason: string, hint: string }[]
}

const folder = new URL('./public/', import.meta.url)
const client = join(
  dirname(createRequire(import.meta.url).resolve('socket.io/package.json')),
  'client-dist/socket.io.esm.min.js'
)

const FILES: Readonly<Record<string, [file: URL | string, type: string]>> = {
  '/': [new URL('index.html', folder), 'text/html; charset=utf-8'],
  '/style.css': [new URL('style.css', folder), 'text/css; charset=utf-8'],
  '/app.js': [new URL('app.js', folder), 'text/javascript; charset=utf-8'],
  '/checks.js': [new URL('checks.js', folder), 'text/javascript; charset=utf-8'],
  '/socket.io.js': [client, 'text/javascript; charset=utf-8']
}

/** Serves the page from an origin of its own. */
export async function startPage (port: number, info: PageInfo): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true })
  for (const [path, [file, type]] of Object.entries(FILES)) {
    app.get(path, async (_request, reply) =>
      reply
        .type(type)
        .header('cache-control', 'no-store')
        .header(
          'content-security-policy',
          `default-src 'self'; connect-src 'self' ${info.backend} ${
            info.backend.replace('http', 'ws')
          }; img-src 'self' data:`
        )
        .send(readFileSync(file)))
  }
  app.get('/info', async () => ({ backend: info.backend, refusals: info.refusals }))
  app.get<{ Querystring: { origin?: string } }>(
    '/explain',
    async ({ query }) => ({ text: info.explain(String(query.origin ?? '')) })
  )
  await app.listen({ port, host: 'localhost' })
  return app
}
