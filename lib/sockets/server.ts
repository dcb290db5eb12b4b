import type { Server as HttpServer } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { type Namespace, Server } from 'socket.io'
import type { Config } from '../config.ts'
import type { Counters, Stats } from '../log/counters.ts'
import type { RefusalLog } from '../log/refusal-log.ts'
import type { FastifyIOServer } from '../types.ts'
import { audienceOf } from './handshake/block-key.ts'
import { Engine } from './engine/engine.ts'
import { bindRecovery } from './recovery.ts'
import { checkUpstream } from './upstream/check-upstream.ts'
import type { MayPoll } from './upstream/engine-io.ts'
import { letSocketsGo } from './upstream/socket-map.ts'

/** ms that clients have to answer the closing handshake of their WebSocket before it is cut. */
const CLOSE_GRACE = 500

export interface SocketServer {
  readonly io: FastifyIOServer
  readonly engine: Engine
}

/**
 * Makes the Socket.IO server and the engine under it; neither touches the HTTP server.
 *
 * @param path the whole path of the socket route
 * @throws Error when the installed engine.io or socket.io lacks what nothing can serve without
 */
export function createSockets (
  app: FastifyInstance,
  config: Config,
  path: string,
  log: RefusalLog,
  counters: Counters
): SocketServer {
  const { statelessHandshake, handshakeSecrets: secrets, serviceName, serverOptions } = config
  const { policy, enforcement, closeSpread } = config
  const own = checkUpstream(app.log, serverOptions)
  const stateless = statelessHandshake && { audience: audienceOf(path, serviceName), secrets }
  const setUp = { stateless, policy, enforcement, counters, log, own, closeSpread }
  const engine = new Engine({ ...serverOptions }, setUp)
  const io = new FedServer({ ...serverOptions })
  io.bind(engine)
  // read by @socket.io/sticky and others
  io.httpServer = app.server
  return { io: io as unknown as FastifyIOServer, engine }
}

const INSTEAD = 'Fastify feeds app.io through its router, so that every request meets the origin policy and the hooks'

/** Socket.IO's server, whose requests come from Fastify alone. */
class FedServer extends Server {
  declare httpServer: HttpServer
  declare engine: Engine
  #closed: Promise<void> | undefined

  /** @throws Error always */
  override attach (): never {
    throw new Error(`${INSTEAD}: leave attach() out, and let app.listen() open the port.`)
  }

  /** @throws Error always */
  override listen (): never {
    throw new Error(`${INSTEAD}: leave io.listen() out, and call app.listen().`)
  }

  /** @throws Error always */
  override attachApp (): never {
    throw new Error(`${INSTEAD}: leave attachApp() out; uWebSockets.js cannot serve a Fastify app.`)
  }

  /** @throws Error when it has an engine, which it has from the start */
  override bind (engine: unknown): this {
    if (this.engine !== undefined) {
      throw new Error(`${INSTEAD}: leave bind() out; app.io has its engine, and no other one can be combined with it.`)
    }
    return super.bind(engine)
  }

  /** @returns what has been counted for this server, and how many sessions it has */
  stats (): Stats {
    const { sessions, counters } = this.engine
    const websocket = sessions.filter(({ transport }) => transport.name === 'websocket').length
    return counters.stats({ polling: sessions.length - websocket, websocket })
  }

  /** Every client that joins a namespace comes by here, whichever way the namespace was made. */
  override of (...args: Parameters<Server['of']>): Namespace {
    const namespace = super.of(...args)
    letSocketsGo(namespace)
    // Socket.IO makes the main namespace before it has the engine
    const reportsOnly = (): boolean => this.engine.reportsOnly
    if (this._opts.connectionStateRecovery) bindRecovery(namespace, reportsOnly)
    return namespace
  }

  /**
   * Ends every session so that clients see a transport close and reconnect, here or to another server.
   * No disconnect packet is sent, for that would tell them to stay away. Requests that come later are answered 503; the
   * HTTP server goes on.
   */
  override async close (done?: (error?: Error) => void): Promise<void> {
    this.#closed ??= this.#close(this.engine)
    await this.#closed
    done?.()
  }

  async #close (engine: Engine): Promise<void> {
    engine.draining = engine.closing = true
    for (const { transport } of engine.sessions) {
      const { res }: MayPoll = transport as object
      // The poll that is about to be answered must not keep its connection, and with it the HTTP server, open.
      if (res && !res.headersSent && res.req.httpVersionMajor === 1) res.setHeader('connection', 'close')
    }
    // Socket.IO would close the HTTP server, too.
    await super.close.call(Object.create(this, { httpServer: { value: undefined } }))
    if (engine.upgraded.size === 0) return
    const timer = setTimeout(() => {
      for (const socket of engine.upgraded) socket.destroy()
    }, CLOSE_GRACE)
    // the last socket to close, whichever way, clears it
    const last = () => { if (engine.upgraded.size === 0) clearTimeout(timer) }
    for (const socket of engine.upgraded) socket.once('close', last)
  }
}
