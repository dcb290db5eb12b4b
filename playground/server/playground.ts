import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { createBackend, createStock } from './backends.ts'
import type { Controls } from './control.ts'
import { originAt } from './own-pages.ts'
import { createPage } from './page.ts'
import { PolicyDesk } from './policy-desk.ts'

export interface Ports {
  /** Of the page that the policy allows. */
  readonly allowed: number
  /** Of the same page, from an origin that the policy does not list. */
  readonly refused: number
  /** Of the backend with this plugin. */
  readonly backend: number
  /** Of the backend with stock Socket.IO. */
  readonly stock: number
}

export interface Playground {
  /** Origins, as the browser's address bar shows them. */
  readonly allowed: string
  readonly refused: string
  readonly backend: string
  readonly stock: string
  readonly app: FastifyInstance
  readonly stockApp: FastifyInstance
  close (): Promise<void>
}

/**
 * One page from two origins, and two backends: one with this plugin, one with stock Socket.IO, both told of the first
 * origin only.
 *
 * @param ports 0 for any free one
 * @param log told each line that a backend logs
 * @throws {Error} with `code` and `port` when a port cannot be had; nothing is left running then
 */
export async function startPlayground (ports: Ports, log: (line: string) => void = () => {}): Promise<Playground> {
  const started: FastifyInstance[] = []
  const close = async (): Promise<void> => { await Promise.all(started.map((app) => app.close())) }
  const listen = async (app: FastifyInstance, port: number, host = 'localhost'): Promise<string> => {
    started.push(app)
    await app.listen({ port, host })
    return originAt((app.server.address() as AddressInfo).port)
  }
  try {
    // The pages come first: the policy names one of them.
    const known: { controls?: Controls } = {}
    const page = (): FastifyInstance => createPage(() => known.controls)
    const allowed = await listen(page(), ports.allowed)
    const refused = await listen(page(), ports.refused)
    const backend = await createBackend({ origin: [allowed], credentials: true }, log)
    const stock = await createStock(allowed, log)
    const places = {
      allowed,
      refused,
      backend: await listen(backend.app, ports.backend, backend.host),
      stock: await listen(stock.app, ports.stock, stock.host)
    }
    known.controls = { backend, stock, desk: new PolicyDesk(backend.app.originPolicy), places }
    return { ...places, app: backend.app, stockApp: stock.app, close }
  } catch (error) {
    await close()
    throw error
  }
}
