import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { queue } from '../../http/detached.ts'

type Emit = (this: Server, ...args: unknown[]) => boolean
type ShouldUpgrade = (this: Server, request: IncomingMessage) => unknown
/** Newer Nodes ask it whether a request with an Upgrade header becomes an upgrade, or is served as any other. */
type HttpServer = Server & { shouldUpgradeCallback?: ShouldUpgrade }

/** @returns what `emit` returns */
export type Pass = (request: IncomingMessage, socket: Socket, head: Buffer) => boolean

interface Handler {
  /** @param pass gives an upgrade to whoever listens; @returns what `emit` returns */
  upgrade (request: IncomingMessage, socket: Socket, head: Buffer, pass: Pass): boolean
  /** Asked where Node can serve an upgrade request as a plain one. */
  shouldUpgrade (request: IncomingMessage): boolean
}

/**
 * Puts a handler before the `upgrade` listeners of a server.
 *
 * A listener cannot keep an event from the other listeners, and @fastify/websocket, `ws` and others answer every
 * upgrade they see. So the event is taken before it is emitted; the listeners themselves stay untouched.
 *
 * @returns the function that puts back what is still ours
 */
export function patchServer (server: HttpServer, handler: Handler): () => void {
  let patched = true
  const undo = [patchEmit(server, handler, () => patched), patchShouldUpgrade(server, handler)]
  server.on('upgrade', placeholder)
  return () => {
    patched = false
    server.removeListener('upgrade', placeholder)
    for (const put of undo) put()
  }
}

/** @returns whether anybody else listens for upgrades */
export function othersListen (server: Server): boolean {
  return server.listeners('upgrade').some((listener) => listener !== placeholder)
}

/** Without a listener, a Node that cannot be asked upgrades nothing, and Node 26 destroys what it upgrades. */
function placeholder (): void {}

function patchEmit (server: Server, handler: Handler, isPatched: () => boolean): () => void {
  const emit = server.emit as Emit
  const own = Object.hasOwn(server, 'emit')
  /** @fastify/http-proxy counts the listeners, to learn whether it is the only one. */
  const emitToOthers: Pass = (...args) => {
    server.removeListener('upgrade', placeholder)
    try {
      return emit.call(server, 'upgrade', ...args)
    } finally {
      if (isPatched() && !server.listeners('upgrade').includes(placeholder)) server.on('upgrade', placeholder)
    }
  }
  function patched (this: Server, event: string, request: IncomingMessage, second: Socket, head: Buffer): boolean {
    if (event === 'request') {
      const response = second as unknown as ServerResponse
      if (response.socket === null) queue(request, response)
    }
    // somebody may have patched over it, and it stays
    if (event === 'upgrade' && isPatched()) return handler.upgrade(request, second, head, emitToOthers)
    return Reflect.apply(emit, this, arguments)
  }
  server.emit = patched as Server['emit']
  return () => {
    if (server.emit !== patched) return
    if (own) server.emit = emit as Server['emit']
    else delete (server as { emit?: unknown }).emit
  }
}

/** Node then serves what nobody wants as it does without an `upgrade` listener; nothing has to be parsed twice. */
function patchShouldUpgrade (server: HttpServer, handler: Handler): () => void {
  const { shouldUpgradeCallback: given } = server
  if (given === undefined) return () => {}
  // it may be the user's
  const patched: ShouldUpgrade = (request) => handler.shouldUpgrade(request) && given.call(server, request)
  server.shouldUpgradeCallback = patched
  return () => {
    if (server.shouldUpgradeCallback === patched) server.shouldUpgradeCallback = given
  }
}
