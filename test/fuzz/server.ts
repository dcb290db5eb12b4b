import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Socket } from 'socket.io'
import fastifyIO from '../../lib/index.ts'
import type { Configuration } from './configurations.ts'
import type { Remains } from './leftovers.ts'
import { addRoutes, type Held } from './neighbours.ts'
import type { FuzzPolicy } from './origins.ts'
import type { Scope, Violation } from './world.ts'

/** ms, as short as a busy machine can bear: a round waits until the last session has timed out. */
const TIMES = { pingInterval: 150, pingTimeout: 100, upgradeTimeout: 150, connectTimeout: 200 }

export interface FuzzServer {
  readonly app: FastifyInstance
  readonly port: number
  readonly scopes: readonly Scope[]
  readonly remains: Remains
  /** Swaps the policies: the flickering origins come and go. */
  readonly update: (flickering: boolean) => void
}

/** A listening server of this configuration, with routes of the user's and Socket.IO's events. */
export async function serve (
  { policies, options = {}, before, after, tune, server = {} }: Configuration, report: (violation: Violation) => void
): Promise<FuzzServer> {
  const app = Fastify(server)
  const held: Held = { streams: 0 }
  const instances: FastifyInstance[] = []
  const add = async (scope: FastifyInstance, policy: FuzzPolicy): Promise<void> => {
    await before?.(scope)
    await scope.register(fastifyIO, { ...TIMES, ...options, cors: policy.cors })
    addRoutes(scope, held)
    await after?.(scope)
    tune?.(scope)
    scope.io.on('connection', answer)
    scope.io.of('/admin').on('connection', answer)
    instances.push(scope)
  }
  const prefixes = policies.length === 1 ? [''] : policies.map((_policy, at) => `/${String.fromCharCode(97 + at)}`)
  if (policies.length === 1) await add(app, policies[0]!)
  else {
    for (const [at, policy] of policies.entries()) {
      await app.register(async (scope) => { await add(scope, policy) }, { prefix: prefixes[at]! })
    }
  }

  const sockets = new Set<TcpSocket>()
  app.server.on('connection', (socket) => {
    // one whose upgrade is ignored is announced again
    if (sockets.has(socket)) return
    sockets.add(socket)
    socket.once('close', () => { sockets.delete(socket) })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const scopes = policies.map((policy, at): Scope => {
    const { enforce, emitHeaders, jsonp } = instances[at]!.originPolicy.options
    return {
      prefix: prefixes[at]!,
      path: `${prefixes[at]!}/socket.io${options.addTrailingSlash === false ? '' : '/'}`,
      port,
      policy,
      enforceAll: enforce === 'all',
      emitsHeaders: emitHeaders,
      jsonp: options.jsonp ?? jsonp,
      eio3: options.allowEIO3 === true,
      trustProxy: server.trustProxy === true,
      sids: []
    }
  })
  for (const [at, { io }] of instances.entries()) {
    io.engine.on('connection', (session: Session) => watch(session, scopes[at]!, report))
  }
  return {
    app,
    port,
    scopes,
    remains: { server: app.server, sockets, engines: instances.map(({ io }) => io), held },
    update (flickering) {
      for (const [at, { originPolicy }] of instances.entries()) {
        originPolicy.update(flickering ? policies[at]!.other : policies[at]!.cors)
      }
    }
  }
}

interface Session {
  readonly request: { readonly headers: { readonly origin?: string, readonly host?: string } }
}

/** Whatever the bytes were: no session exists whose origin the policy refuses. */
function watch (
  { request: { headers: { origin } } }: Session,
  { policy, port, trustProxy }: Scope,
  report: (violation: Violation) => void
): void {
  if (origin === undefined || trustProxy || origin === `http://127.0.0.1:${port}`) return
  if (policy.expect(origin).verdict === 'refused') {
    report({ oracle: 'no session for a refused origin', detail: `the engine has one for ${origin}` })
  }
}

function answer (socket: Socket): void {
  socket.on('echo', (...args: unknown[]) => { socket.emit('echo', ...args) })
  socket.on('ask', (...args: unknown[]) => {
    const reply = args.at(-1)
    if (typeof reply === 'function') reply()
  })
  socket.on('big', () => { socket.emit('big', 'x'.repeat(20_000)) })
  socket.on('leave', () => { socket.disconnect(true) })
}
