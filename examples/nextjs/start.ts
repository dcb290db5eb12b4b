// Next.js in front of a Fastify back end: `npm ci --prefix examples/nextjs && npx tsx examples/nextjs/start.ts`
// With --production: `next build` and `next start` instead of `next dev`.
import { pathToFileURL } from 'node:url'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { createBackend } from './backend.ts'
import { buildPages, startPages } from './next-process.ts'
import { startStranger } from './stranger.ts'

export interface NextExample {
  readonly app: FastifyInstance
  /** The page of Next.js: `/` connects to its own origin, through `rewrites`, and `/direct` to the back end. */
  readonly pages: string
  /** The page of another origin, which the policy does not allow. */
  readonly stranger: string
  close (): Promise<void>
}

export async function startNext (
  ports: { readonly backend: number, readonly pages: number, readonly stranger: number },
  { production = false, quiet = false, ...options }:
    FastifyServerOptions & { readonly production?: boolean, readonly quiet?: boolean } = {}
): Promise<NextExample> {
  const [backend, pages, stranger] = [ports.backend, ports.pages, ports.stranger]
    .map((port) => `http://localhost:${port}`) as [string, string, string]
  const app = await createBackend(pages, options)
  await app.listen({ port: ports.backend, host: '127.0.0.1' })
  const next = { backend, quiet }
  if (production) await buildPages(next)
  const stop = await startPages(production ? 'start' : 'dev', ports.pages, next)
  const other = await startStranger(ports.stranger, [backend, pages])
  return {
    app,
    pages,
    stranger,
    async close () {
      await Promise.all([stop(), other.close()])
      await app.close()
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const production = process.argv.includes('--production')
  const example = await startNext({ backend: 3001, pages: 3000, stranger: 3002 }, { production, logger: true })
  console.log(`
  ${example.pages}  its own origin, through Next's rewrites
  ${example.pages}/direct  straight to the back end, which lists the page's origin
  ${example.stranger}  a stranger's page: refused
`)
  process.once('SIGINT', () => example.close())
}
