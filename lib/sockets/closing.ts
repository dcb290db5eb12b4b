import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Engine } from './engine/engine.ts'
import type { Session } from './engine/session-engine.ts'
import { ownPath } from './upgrades/own-path.ts'

/** ms between two looks at who is due. */
const STEP = 20

/** Of all registrations on one HTTP server: they end their sessions at the same time, not one after the other. */
const drains = new WeakMap<Server, (() => Promise<void>)[]>()

/** Ends the sessions over `spread` ms when the app closes, while REST goes on. */
export function drainOnClose (app: FastifyInstance, engine: Engine, spread: number): void {
  let begun: Promise<void> | undefined
  const all = drains.get(app.server) ?? []
  drains.set(app.server, all)
  all.push(() => {
    begun ??= drain(app, engine, spread)
    return begun
  })
  // Fastify stops its routes in a close hook that it adds when the app is booted. Close hooks run in reverse order, and
  // onReady comes behind the boot: this one runs before.
  app.addHook('onReady', async () => {
    app.addHook('onClose', async () => { await Promise.all(all.map((start) => start())) })
  })
}

/**
 * Refuses new handshakes, and ends one session after the other. When the time is up, close() ends the rest.
 */
function drain (app: FastifyInstance, engine: Engine, spread: number): Promise<void> {
  engine.draining = true
  const { sessions } = engine
  const begin = performance.now()
  let next = 0
  let late: Session[] = []
  const isDone = (): boolean => {
    const passed = (performance.now() - begin) / spread
    if (passed >= 1 || engine.closing || engine.clientsCount === 0) return true
    const due = Math.round(passed * sessions.length)
    late = [...late, ...sessions.slice(next, due)].filter((session) => !end(app, session))
    next = due
    return false
  }
  return new Promise((resolve) => {
    if (isDone()) return resolve()
    const timer = setInterval(() => {
      if (!isDone()) return
      clearInterval(timer)
      resolve()
    }, STEP)
  })
}

/** @returns `false` when the client cannot be told now: it is between two polls, or a packet is on its way */
function end (app: FastifyInstance, session: Session): boolean {
  if (session.readyState !== 'open') return true
  if (!session.transport.writable || session.writeBuffer.length > 0 || session.upgrading) return false
  try {
    session.close()
  } catch (err) {
    // a listener of the user's; without this it would end the process, and all other sessions at once
    app.log.error({ err }, 'a listener for the end of a session failed')
  }
  return true
}

/** Fastify answers 503 itself when its routes have stopped, before any hook: `Retry-After` is set before that. */
export function announceRetry (app: FastifyInstance, path: string, { retryAfter }: Engine): void {
  const { server } = app
  const owns = ownPath(app, path)
  const announce = (request: IncomingMessage, response: ServerResponse): void => {
    if (owns(request)) response.setHeader('retry-after', retryAfter)
  }
  server.prependListener('request', announce)
  server.once('close', () => server.off('request', announce))
}
