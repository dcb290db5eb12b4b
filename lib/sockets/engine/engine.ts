import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerOptions } from 'engine.io'
import type { WebSocketServer } from 'ws'
import { AdmissionEngine } from './admission-engine.ts'
import { keepCookies } from './cookies.ts'
import type { EngineSetUp } from './set-up.ts'
import { Farewells } from '../session/farewells.ts'
import { OpenSockets } from '../session/open-sockets.ts'
import { PollingTransport } from '../session/polling-transport.ts'
import { refuse, refuseClosing } from '../session/refuse.ts'
import { setHeaders } from '../../http/reply-handover.ts'
import { createWebSocketServer, keepForHeaders } from './websocket-server.ts'
import type { SocketRequest } from '../../http/request-marks.ts'
import { debugEngine } from '../upstream/debug.ts'
import { type EngineRequest, errors, internalsOf } from '../upstream/engine-io.ts'

/**
 * Engine.IO's server, fed by Fastify's router instead of `attach()`.
 *
 * Differs in three things: a session answers only to the origin that opened it, an upgrade is refused with the real
 * status over the same response object that the hooks used, and the headers of that response go onto the 101.
 */
export class Engine extends AdmissionEngine {
  /** Sockets that became WebSockets; `close()` ends those whose peer does not. */
  readonly upgraded: OpenSockets = new OpenSockets()
  /** Of sessions that a changed policy has ended. */
  readonly farewells: Farewells = new Farewells()
  readonly #webSockets: WebSocketServer | undefined

  /** @param options Engine.IO's */
  constructor (options: ServerOptions, setUp: EngineSetUp) {
    super(options, setUp)
    if (this.opts.transports!.includes('websocket')) {
      this.#webSockets = createWebSocketServer(this, (req, response, why) => this.#refuseWebSocket(req, response, why))
    }
  }

  /** Engine.IO would make its own WebSocket server here, which writes no headers of ours onto the 101. */
  protected override init (): void {}

  /** @throws Error always */
  override attach (): never {
    throw new Error('Fastify feeds this engine through its router: leave engine.attach() out.')
  }

  /** Ends the session: Engine.IO asks nobody about it, and has no request whose Origin could be checked. */
  override async onWebTransportSession (session: { close (): void }): Promise<void> {
    session.close()
  }

  override close (): this {
    this.farewells.clear()
    super.close()
    debugEngine('closing webSocketServer')
    this.#webSockets?.close()
    return this
  }

  /**
   * Handles a request of long-polling whose Fastify hooks have run.
   *
   * @param response is unsent, and its headers are not set yet
   */
  override handleRequest (request: IncomingMessage, response: ServerResponse): void {
    debugEngine('handling "%s" http request "%s"', request.method, request.url)
    const req = request as EngineRequest
    req.res = response
    this.admit(req, response, undefined)
  }

  /**
   * Handles a WebSocket upgrade whose Fastify hooks have run.
   *
   * @param response carries the headers for the 101, or the refusal
   */
  upgrade (req: SocketRequest, response: ServerResponse, head: Buffer): void {
    this.admit(req, response, head)
  }

  protected override open (req: EngineRequest, response: ServerResponse, head: Buffer | undefined): void {
    if (head === undefined) this.#poll(req, response)
    else this.#switchProtocols(req, response, head)
  }

  #poll (req: EngineRequest, response: ServerResponse): void {
    const { sid, transport } = req._query
    const session = this.sessionOf(sid)
    const told = this.listenerCount('headers') + this.listenerCount('initial_headers') > 0
    if (told || (session === undefined && this.opts.cookie)) keepCookies(response)
    if (told || !(session?.transport instanceof PollingTransport)) setHeaders(response)
    if (session !== undefined) {
      debugEngine('setting new request for existing client')
      session.transport.onRequest(req)
      return
    }
    void this.handshake(transport as 'polling', req, (code, context) => {
      const { originDecision } = req.fastifyRequest
      if (this.draining) refuseClosing(response, this.retryAfter)
      else if (this.admits(originDecision)) refuse(response, code!, context)
      else this.refuseOrigin(req, response, originDecision)
    })
  }

  /** RFC 6455, section 4.2.2: whoever asks for a version that is not spoken here is told which ones are. */
  #refuseWebSocket (req: SocketRequest, response: ServerResponse, why: string): void {
    const { 'sec-websocket-version': version } = req.headers
    if (version !== '13' && version !== '8') response.setHeader('sec-websocket-version', '13, 8')
    this.refuseRequest(req, response, errors.BAD_REQUEST, { name: 'WEBSOCKET_HANDSHAKE', message: why })
  }

  #switchProtocols (req: EngineRequest, response: ServerResponse, head: Buffer): void {
    const { socket } = req
    // Middlewares such as express-session write their headers when writeHead() is called.
    response.writeHead(101)
    keepForHeaders(req, response)
    this.upgraded.add(socket)
    // one write, and one segment, for the 101 and the open packet
    socket.cork()
    try {
      // verify() lets no upgrade by without the transport
      this.#webSockets!.handleUpgrade(req, socket, head, (websocket) => {
        response.emit('finish')
        if (req._query.sid !== undefined || !this.isPlain(req._query)) {
          internalsOf(this).onWebSocket(req, socket, websocket)
          return
        }
        req.websocket = websocket
        this.connect('websocket', req)
      })
    } catch (error) {
      // No status can be sent behind a 101, which waits in the corked socket. Before it, this is answered with 500.
      if (socket.writableLength > 0) socket.destroy()
      throw error
    } finally {
      socket.uncork()
    }
  }
}
