import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'

const FOUND = 'Another Socket.IO server is attached to app.server. It answers before Fastify does: no origin policy, ' +
  'no hook and no log sees its requests. Take `new Server(app.server)` or `attach(app.server)` out, and use app.io.'

/** Servers that have had their line. */
const reported = new WeakSet<Server>()

/** Logs an error when Socket.IO, or Engine.IO alone, is attached to the app's server, before it listens or later. */
export function reportSecondSocketIO (app: FastifyInstance): void {
  const { server } = app
  const report = (): void => {
    if (reported.has(server) || !hasAttached(app)) return
    reported.add(server)
    app.log.error(FOUND)
  }
  // It takes all 'request' listeners off, and puts its own in front of them.
  const onRemoved = (event: string | symbol): void => { if (event === 'request') process.nextTick(report) }
  app.addHook('onListen', async function reportSecondSocketIO () {
    report()
    server.on('removeListener', onRemoved)
  })
  app.addHook('preClose', async function stopLooking () { server.off('removeListener', onRemoved) })
}

/**
 * Engine.IO, in all its versions, leaves these two listeners behind. Who wraps the 'request' listeners otherwise (a
 * tracer, a `serverFactory`) does not.
 */
function hasAttached ({ server, routing }: FastifyInstance): boolean {
  const has = (event: string, name: string): boolean => server.listeners(event).some((heard) => heard.name === name)
  return !server.listeners('request').includes(routing) && has('listening', 'bound init') && has('close', 'bound close')
}
