import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { startBackend } from './backend.ts'
import { type PageInfo, startPage } from './page.ts'

export interface Ports {
  readonly backend: number
  readonly allowed: number
  readonly refused: number
}

export interface Playground {
  /** Origins, as the browser's address bar shows them. */
  readonly backend: string
  readonly allowed: string
  readonly refused: string
  readonly app: FastifyInstance
  close (): Promise<void>
}

/**
 * One backend under one policy, and the same page from two origins: one that the policy allows, one that it refuses.
 *
 * @param ports 0 for any free one
 */
export async function startPlayground (ports: Ports): Promise<Playground> {
  const info: PageInfo = { backend: '', explain: () => '', refusals: [] }
  const record = (message: unknown): void => {
    info.refusals.unshift(message as PageInfo['refusals'][number])
    info.refusals.length = Math.min(info.refusals.length, 20)
  }
  // The pages come first: the policy names one of them.
  const pages = [await startPage(ports.allowed, info), await startPage(ports.refused, info)]
  const [allowed, refused] = pages.map(originOf) as [string, string]
  const app = await startBackend(ports.backend, allowed)
  info.backend = originOf(app)
  info.explain = (origin) => app.originPolicy.explain(origin)
  subscribe('fastify-io:refused', record)
  return {
    backend: info.backend,
    allowed,
    refused,
    app,
    async close () {
      unsubscribe('fastify-io:refused', record)
      await Promise.all([app, ...pages].map((server) => server.close()))
    }
  }
}

function originOf (app: FastifyInstance): string {
  return `http://localhost:${(app.server.address() as AddressInfo).port}`
}

async function main (): Promise<void> {
  const first = Number(process.env.PORT ?? 3000)
  const wanted = { allowed: first, backend: first + 1, refused: first + 2 }
  let playground: Playground
  try {
    playground = await startPlayground(wanted)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
    console.log(`\n  A port from ${first} to ${first + 2} is taken (PORT=… names others); free ones are used instead.`)
    playground = await startPlayground({ backend: 0, allowed: 0, refused: 0 })
  }
  console.log(`
  One backend, one origin policy, the same page from two origins:

    ✔ allowed   ${playground.allowed}
    ✘ refused   ${playground.refused}

    backend     ${playground.backend}   (REST and Socket.IO)

  Open both, side by side. Ctrl-C ends it.
`)
  process.once('SIGINT', () => playground.close().then(() => process.exit(0)))
  process.once('SIGTERM', () => playground.close().then(() => process.exit(0)))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
