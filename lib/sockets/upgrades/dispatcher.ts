import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { parseAgain, serveUnread } from './as-http.ts'
import { afterAnswers, guard, isFree } from '../../http/detached.ts'
import { OthersUpgrades, tracesOn } from './others-upgrades.ts'
import { ownPath } from './own-path.ts'
import { othersListen, type Pass, patchServer } from './patch-server.ts'
import { markUpgrade } from '../../http/request-marks.ts'
import { UpgradeResponse } from './upgrade-response.ts'

export interface UpgradeOptions {
  /** Whether an upgrade that other listeners do not touch is ended; default true (Engine.IO's `destroyUpgrade`). */
  destroyUpgrade?: boolean | undefined
  /** ms that they have for it; default 1000 (Engine.IO's `destroyUpgradeTimeout`). */
  destroyUpgradeTimeout?: number | undefined
}

interface Route {
  readonly app: FastifyInstance
  readonly owns: (request: IncomingMessage) => boolean
  readonly options: UpgradeOptions
}

/** ms that listeners have at least when one of them is async. */
const ASYNC_PATIENCE = 30_000
/** ms that the answers before an upgrade have to end when the server closes. */
const CLOSE_GRACE = 500

/** One per HTTP server: several registrations, and several apps, share it. */
class UpgradeDispatcher {
  readonly #server: Server
  readonly #routes: Set<Route> = new Set()
  readonly #others: OthersUpgrades = new OthersUpgrades()
  /** Sockets whose upgrade waits for the answers to the requests before it. */
  readonly #waiting: Set<Socket> = new Set()
  readonly #putBack: () => void

  constructor (server: Server) {
    this.#server = server
    this.#putBack = patchServer(server, this)
  }

  add (route: Route): void {
    this.#routes.add(route)
  }

  remove (route: Route): void {
    this.#routes.delete(route)
    if (this.#routes.size > 0) return
    this.#putBack()
    dispatchers.delete(this.#server)
    this.#others.end()
    setTimeout(() => { for (const socket of this.#waiting) socket.destroy() }, CLOSE_GRACE).unref()
  }

  /** Every other upgrade request is served as a plain one, unless somebody else listens. */
  shouldUpgrade (request: IncomingMessage): boolean {
    return this.#routeOf(request) === undefined ? othersListen(this.#server) : isHandshake(request)
  }

  upgrade (request: IncomingMessage, socket: Socket, head: Buffer, pass: Pass): boolean {
    // injectWS() of @fastify/websocket emits what is no request of this server
    if (request.socket === undefined) return pass(request, socket, head)
    const route = this.#routeOf(request)
    if (route === undefined && othersListen(this.#server)) {
      const before = tracesOn(socket, request)
      const heard = pass(request, socket, head)
      this.#others.watch(request, socket, before, () => this.#patience())
      return heard
    }
    if (route !== undefined && isHandshake(request)) {
      this.#whenFree(socket, head, (head) => {
        markUpgrade(request, head)
        UpgradeResponse.serve(request, (response) => route.app.routing(request, response))
      })
    } else if (socket !== request.socket || request.readableLength > 0) {
      serveUnread(this.#server, request)
    } else {
      this.#whenFree(socket, head, (body) => parseAgain(this.#server, request, socket, body))
    }
    return true
  }

  #routeOf (request: IncomingMessage): Route | undefined {
    for (const route of this.#routes) if (route.owns(request)) return route
    return undefined
  }

  /** Requests that came before it on the same connection are answered first (RFC 9112, section 9.3.2). */
  #whenFree (socket: Socket, head: Buffer, go: (head: Buffer) => void): void {
    // Node takes its own error listener off before it emits 'upgrade'; a reset must not end the process.
    guard(socket)
    if (isFree(socket)) return go(head)
    if (!socket.closed) this.#waiting.add(socket)
    const done = (): void => { this.#waiting.delete(socket) }
    socket.once('close', done)
    afterAnswers(socket, head, (head) => {
      done()
      socket.off('close', done)
      go(head)
    })
  }

  /** ms after which a socket is ended that no listener touches; see {@link OthersUpgrades.watch}. */
  #patience (): number | undefined {
    const options = [...this.#routes].map(({ options }) => options)
    if (options.length === 0 || options.some(({ destroyUpgrade }) => destroyUpgrade === false)) return undefined
    const given = options.map(({ destroyUpgradeTimeout }) => destroyUpgradeTimeout ?? 1000)
    // it may still wait for an answer of a database
    const waits = this.#server.listeners('upgrade').some((listener) => listener instanceof AsyncFunction)
    return Math.max(...given, ...waits ? [ASYNC_PATIENCE] : [])
  }
}

const AsyncFunction = (async () => {}).constructor as FunctionConstructor

const dispatchers = new WeakMap<Server, UpgradeDispatcher>()

/** RFC 6455, section 4.1: the method must be GET. A handshake has no body. */
function isHandshake ({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
}

/**
 * Sends WebSocket upgrades for `path` through Fastify's router. Every other upgrade goes to whoever else listens, or is
 * served as a plain request.
 *
 * @param path the path with the prefix
 * @returns the function that undoes it
 */
export function routeUpgrades (app: FastifyInstance, path: string, options: UpgradeOptions): () => void {
  let dispatcher = dispatchers.get(app.server)
  if (dispatcher === undefined) {
    dispatcher = new UpgradeDispatcher(app.server)
    dispatchers.set(app.server, dispatcher)
  }
  const route = { app, owns: ownPath(app, path), options }
  dispatcher.add(route)
  return () => dispatcher.remove(route)
}
