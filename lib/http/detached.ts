import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Node's HTTP server takes its listeners off a socket that is to be upgraded. As long as a response is written to it,
 * or a request on it waits, somebody must go on to listen: here is what Node's own listeners did.
 */

const kResponse: unique symbol = Symbol('fastify-io.waitingResponse')
const kQueued: unique symbol = Symbol('fastify-io.queuedRequests')

/** A socket, with what Node's HTTP server and this file keep on it. */
export type Detached = Duplex & {
  _httpMessage?: ServerResponse | null
  destroySoon?: () => void
  [kResponse]?: ServerResponse | undefined
  [kQueued]?: Set<IncomingMessage>
}

/** Lets a reset end the socket instead of the process, unless somebody else listens for it. */
export function guard (socket: Duplex): void {
  if (socket.listenerCount('error') === 0) socket.on('error', destroy)
}

export function unguard (socket: Duplex): void {
  socket.off('error', destroy)
}

function destroy (this: Duplex): void {
  this.destroy()
}

/**
 * Tells a request and its response when their client leaves, until {@link letGo}. The listeners are shared: each
 * upgrade adds them.
 */
export function attend (socket: Detached, response: ServerResponse): void {
  socket[kResponse] = response
  socket.on('end', endSocket)
  socket.on('close', onClose)
}

/** Somebody else listens from now on, or the answer is written. */
export function letGo (socket: Detached): void {
  socket[kResponse] = undefined
  socket.off('end', endSocket)
  socket.off('close', onClose)
}

function onClose (this: Detached): void {
  const response = this[kResponse]
  if (response === undefined) return
  const { socket } = response
  response.req.destroy()
  if (socket !== null) return
  // Node tells only a response that has its socket: a file that a hook sends, now or later, would stay open
  Object.assign(response, { destroyed: true, _closed: true })
  response.emit('close')
}

/** A client that has closed its side gets what is written already, and no more: as from Node's HTTP server. */
function endSocket (this: Detached): void {
  this.end()
}

/** Tells a response on this socket when it may write on. */
export function relayDrain (socket: Detached): void {
  if (!socket.listeners('drain').includes(onDrain)) socket.on('drain', onDrain)
}

export function stopDrain (socket: Detached): void {
  socket.off('drain', onDrain)
}

function onDrain (this: Detached): void {
  const response = this._httpMessage
  if (response && !response.writableEnded) response.emit('drain')
}

/** Writes out what is left, and closes: no second request can follow on a detached socket. */
export function endSoon (socket: Detached): void {
  // A close tells the client as much as a shutdown before it, for 7 % less; TLS still has its own farewell to write.
  if (socket.writableLength === 0 && !('encrypted' in socket)) socket.destroy()
  else if (socket.destroySoon !== undefined) socket.destroySoon()
  else socket.end(() => { socket.destroy() })
}

/**
 * Tells a request that waits for the answers before its own when its client leaves. Node does not, once an upgrade or a
 * CONNECT has come behind it.
 */
export function queue (request: IncomingMessage, response: ServerResponse): void {
  const socket = request.socket as unknown as Detached
  const queued = (socket[kQueued] ??= queueOf(socket))
  queued.add(request)
  response.once('close', () => queued.delete(request))
}

function queueOf (socket: Detached): Set<IncomingMessage> {
  const queued: Set<IncomingMessage> = new Set()
  socket.once('close', () => { for (const request of queued) request.destroy() })
  return queued
}

/** Most bytes that may come behind an upgrade which waits; RFC 6455, section 4.1, allows none. */
const MAX_EARLY = 16_384

/** @returns whether no answer to an earlier request is pending on a live socket, and another answer can follow */
export function isFree (socket: Detached): boolean {
  return !socket._httpMessage && !socket.destroyed && !socket.writableEnded
}

/**
 * Waits until every request before an upgrade on the same connection is answered.
 *
 * @param head what came behind the upgrade request
 * @param go called with `head` and what came since, unless the client leaves
 */
export function afterAnswers (socket: Detached, head: Buffer, go: (head: Buffer) => void): void {
  if (isFree(socket)) return go(head)
  const response = socket._httpMessage
  // That answer was the connection's last (RFC 9112, section 9.6), or the client has left: Node drops what waits.
  if (!response || socket.destroyed) return
  let early: Buffer = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    early = Buffer.concat([early, chunk])
    if (early.length > MAX_EARLY) socket.destroy()
  }
  // a socket that nobody reads does not tell its end
  socket.on('data', onData)
  socket.on('end', endSocket)
  relayDrain(socket)
  response.once('close', () => {
    socket.off('data', onData)
    socket.off('end', endSocket)
    stopDrain(socket)
    // as Node leaves it: the next to listen for data starts it
    ;(socket as { readableFlowing: boolean | null }).readableFlowing = null
    // Node stops reading from a client that pipelines a lot, and does not begin again when the parser is released
    socket.push('')
    if (socket.destroyed) response.req.destroy()
    else afterAnswers(socket, early.length > 0 ? Buffer.concat([head, early]) : head, go)
  })
}
