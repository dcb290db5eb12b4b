import { type IncomingMessage, ServerResponse, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** The bytes that came after the head of an upgrade request; marks a request as one. */
const kHead = Symbol('fastify-io.upgradeHead')
type UpgradeRequest = IncomingMessage & { [kHead]?: Buffer }

/** @returns whether a request came as a WebSocket upgrade */
export function isUpgrade (request: IncomingMessage): boolean {
  return (request as UpgradeRequest)[kHead] !== undefined
}

const EMPTY = Buffer.alloc(0)

/**
 * Takes what the client sent behind an upgrade request: a copy, for the parser's buffer of 64 kB would stay in memory
 * with it.
 */
export function takeHead (request: IncomingMessage): Buffer {
  const head = Buffer.from((request as UpgradeRequest)[kHead]!)
  ;(request as UpgradeRequest)[kHead] = EMPTY
  return head
}

/**
 * The response to an upgrade request: hooks and plugins answer it like any other.
 *
 * A 101 is not written here; its headers are kept, for `ws` writes that head itself (RFC 6455, 4.2.2).
 */
class UpgradeResponse extends ServerResponse {
  // The HTTP parser has let go of the socket: no second request can follow.
  override shouldKeepAlive = false

  override writeHead (status: number, ...rest: never[]): this {
    if (status === 101) {
      this.statusCode = 101
      return this
    }
    // Only a refusal needs the socket; an upgrade that goes through is spared the listeners.
    if (this.socket === null) {
      this.assignSocket(this.req.socket)
      this.once('finish', () => { this.req.socket.destroySoon() })
    }
    return super.writeHead(status, ...rest)
  }
}

interface UpgradeOptions {
  /** Whether an upgrade that no listener answers is ended; default true (Engine.IO's `destroyUpgrade`). */
  destroyUpgrade?: boolean | undefined
  /** ms that other listeners have to answer it; default 1000 (Engine.IO's `destroyUpgradeTimeout`). */
  destroyUpgradeTimeout?: number | undefined
}

/** One per HTTP server: several registrations share it. */
class UpgradeDispatcher {
  readonly #app: FastifyInstance
  readonly #server: Server
  readonly #paths: Map<string, number> = new Map()
  readonly #options: UpgradeOptions

  constructor (app: FastifyInstance, options: UpgradeOptions) {
    this.#app = app
    this.#server = app.server
    this.#options = options
    const dispatcher = this
    const emit = app.server.emit
    // A listener cannot keep an event from the other listeners, and @fastify/websocket, `ws` and others answer every
    // upgrade they see. So our own paths are taken before the event is emitted; listeners themselves stay untouched.
    app.server.emit = function (this: Server, event: string, request: IncomingMessage, socket: Socket, head: Buffer): boolean {
      // by far the most: spared the making of `arguments`
      if (event === 'request') return (emit as (this: Server, ...args: unknown[]) => boolean).call(this, event, request, socket)
      if (event === 'upgrade' && dispatcher.#owns(request)) {
        dispatcher.#dispatch(request, socket, head)
        return true
      }
      return Reflect.apply(emit, this, arguments)
    } as Server['emit']
    // Node parses an upgrade as one only while there is a listener.
    app.server.on('upgrade', this.#unclaimed)
  }

  add (path: string): void {
    this.#paths.set(path, (this.#paths.get(path) ?? 0) + 1)
  }

  remove (path: string): void {
    const left = (this.#paths.get(path) ?? 1) - 1
    if (left > 0) this.#paths.set(path, left)
    else this.#paths.delete(path)
    if (this.#paths.size > 0) return
    this.#server.removeListener('upgrade', this.#unclaimed)
    dispatchers.delete(this.#server)
  }

  #owns (request: IncomingMessage): boolean {
    const url = request.url!
    const query = url.indexOf('?')
    return this.#paths.has(query === -1 ? url : url.slice(0, query))
  }

  /** Through Fastify's router, so that every hook runs for it. */
  #dispatch (request: UpgradeRequest, socket: Socket, head: Buffer): void {
    // Node takes its own error listener off before it emits 'upgrade'; a reset must not go unheard while anything waits.
    guard(socket)
    const { _httpMessage: earlier } = socket as { _httpMessage?: ServerResponse | null }
    if (earlier) {
      // pipelined behind a request that is not answered yet; Node no longer tells that one when the socket closes
      earlier.once('close', () => {
        if (socket.destroyed) earlier.req.destroy()
        else this.#dispatch(request, socket, head)
      })
      return
    }
    if (socket.destroyed) return
    if (!isWebSocket(request)) return decline(this.#server, request, socket, head)
    request[kHead] = head
    this.#app.routing(request, new UpgradeResponse(request))
  }

  /** Answers what nobody else does; a client left hanging would hold its socket for good. */
  readonly #unclaimed = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    if (this.#server.listenerCount('upgrade') === 1) return this.#dispatch(request, socket, head)
    if (this.#options.destroyUpgrade === false) return
    guard(socket)
    const { bytesWritten } = socket
    const timer = setTimeout(() => {
      // another listener has answered, or is at it with a response of its own
      if (socket.destroyed || socket.bytesWritten > bytesWritten || (socket as { _httpMessage?: unknown })._httpMessage) return
      this.#dispatch(request, socket, head)
    }, this.#options.destroyUpgradeTimeout ?? 1000)
    timer.unref()
    socket.once('close', () => clearTimeout(timer))
  }
}

const dispatchers = new WeakMap<Server, UpgradeDispatcher>()

function guard (socket: Socket): void {
  if (socket.listenerCount('error') === 0) socket.on('error', destroy)
}

function destroy (this: Socket): void {
  this.destroy()
}

/** RFC 6455, section 4.1: the method must be GET. */
function isWebSocket ({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Gives a request back to the HTTP server without its Upgrade, which a server may ignore (RFC 9110, section 7.8). Node
 * has let go of the parser, so the head is written anew: what came behind it may be a body.
 */
function decline (server: Server, { method, url, httpVersion, rawHeaders }: IncomingMessage, socket: Socket, body: Buffer): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name, value] = [rawHeaders[at]!, rawHeaders[at + 1]!]
    const lower = name.toLowerCase()
    if (lower === 'upgrade' || lower === 'http2-settings') continue
    const kept = lower === 'connection' ? value.split(',').filter((option) => !/^\s*(upgrade|http2-settings)\s*$/i.test(option)).join(',') : value
    if (lower !== 'connection' || kept !== '') lines.push(`${name}: ${kept}`)
  }
  socket.off('error', destroy)
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]))
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
}

/**
 * Sends upgrade requests for `path` through Fastify's router; every other one goes to whoever else listens.
 *
 * @param path the path with the prefix, as it stands in the request line
 * @returns the function that undoes it
 */
export function routeUpgrades (app: FastifyInstance, path: string, options: UpgradeOptions): () => void {
  let dispatcher = dispatchers.get(app.server)
  if (dispatcher === undefined) dispatchers.set(app.server, dispatcher = new UpgradeDispatcher(app, options))
  dispatcher.add(path)
  return () => dispatcher.remove(path)
}
