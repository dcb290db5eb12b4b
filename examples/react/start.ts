// A React page with a typed `useSocket`, through Vite's proxy and across origins: `npx tsx examples/react/start.ts`
import { pathToFileURL } from 'node:url'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { type PageOptions, startPage } from './pages.ts'
import { createChatServer } from './server.ts'

export interface ReactExample {
  readonly app: FastifyInstance
  /** The page whose own origin Vite passes on. */
  readonly proxied: string
  /** The page of another origin, which the policy allows. */
  readonly allowed: string
  /** The page of another origin, which it does not. */
  readonly stranger: string
  close (): Promise<void>
}

export async function startReact (
  ports: { readonly backend: number, readonly proxied: number, readonly allowed: number, readonly stranger: number },
  { changeOrigin = false, quiet = false, ...options }:
    FastifyServerOptions & Pick<PageOptions, 'changeOrigin' | 'quiet'> = {}
): Promise<ReactExample> {
  const [proxied, allowed, stranger] = [ports.proxied, ports.allowed, ports.stranger]
    .map((port) => `http://localhost:${port}`) as [string, string, string]
  const names = new Map([['token-of-ann', 'Ann'], ['token-of-bob', 'Bob']])
  const app = await createChatServer({ origin: allowed }, names, options)
  await app.listen({ port: ports.backend, host: '127.0.0.1' })
  const backend = `http://localhost:${ports.backend}`
  const pages = await Promise.all([
    startPage({ port: ports.proxied, backend, proxied: true, changeOrigin, quiet }),
    startPage({ port: ports.allowed, backend, quiet }),
    startPage({ port: ports.stranger, backend, quiet })
  ])
  return {
    app,
    proxied,
    allowed,
    stranger,
    async close () {
      await Promise.all(pages.map((page) => page.close()))
      await app.close()
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const example = await startReact({ backend: 3001, proxied: 5173, allowed: 5174, stranger: 5175 }, { logger: true })
  console.log(`
  ${example.proxied}  its own origin, through Vite's proxy
  ${example.allowed}  another origin, which the policy allows
  ${example.stranger}  a stranger's page: refused
`)
  process.once('SIGINT', () => example.close())
}
