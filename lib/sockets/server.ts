import { Server } from 'socket.io'
import type { Config } from '../config.ts'
import type { RefusalLog } from '../diagnostics.ts'
import type { FastifyIOServer } from '../types.ts'
import { audienceOf } from './block-key.ts'
import { Engine } from './engine.ts'

/** ms that clients have to answer the closing handshake of their WebSocket before it is cut. */
const CLOSE_GRACE = 500

export interface Sockets {
  readonly io: FastifyIOServer
  readonly engine: Engine
}

/**
 * Makes the Socket.IO server and the engine under it; neither touches the HTTP server.
 *
 * @param path the whole path of the socket route
 */
export function createSockets (config: Config, path: string, log: RefusalLog): Sockets {
  const io = new Server({ ...config.serverOptions }) as FastifyIOServer
  const { statelessHandshake, handshakeSecrets: secrets, serviceName } = config
  const stateless = statelessHandshake && { audience: audienceOf(path, serviceName), secrets }
  const engine = new Engine({ ...config.serverOptions }, stateless, config.policy, log)
  io.bind(engine)
  return { io, engine }
}

interface PollingTransport {
  name: string
  res?: { headersSent: boolean, req: { httpVersionMajor: number }, setHeader (name: string, value: string): void } | null
}

/**
 * Ends every session so that clients see a transport close, and reconnect: to another server, or to this port's next.
 * No disconnect packet is sent, for that would tell them to stay away.
 */
export async function closeSockets ({ io, engine }: Sockets): Promise<void> {
  engine.closing = true
  const { clients } = engine as unknown as { clients: Record<string, { transport: PollingTransport }> }
  for (const { transport } of Object.values(clients)) {
    // The poll that is about to be answered must not keep its connection, and with it the HTTP server, open.
    if (transport.res && !transport.res.headersSent && transport.res.req.httpVersionMajor === 1) transport.res.setHeader('connection', 'close')
  }
  await io.close()
  if (engine.upgraded.size === 0) return
  const timer = setTimeout(() => {
    for (const socket of engine.upgraded) socket.destroy()
  }, CLOSE_GRACE)
  // the last socket to close, whichever way, clears it
  const last = () => { if (engine.upgraded.size === 0) clearTimeout(timer) }
  for (const socket of engine.upgraded) socket.once('close', last)
}
