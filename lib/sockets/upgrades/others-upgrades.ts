import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import { type Detached, endSoon, guard, relayDrain, unguard } from '../../http/detached.ts'

/** What listeners leave behind on a socket that they take. */
interface Traces {
  readonly bytes: number | undefined
  readonly listeners: number
}

/** @returns what a socket looks like, to be taken before listeners get it */
export function tracesOn (socket: Duplex, request: IncomingMessage): Traces {
  const listeners = socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0)
  return { bytes: request.socket.bytesWritten, listeners }
}

/**
 * Upgrades that were given to other listeners. Their sockets are theirs: nothing is written to one, and one that
 * anybody has touched is not ended.
 *
 * Node 26 emits an upgrade whose body is still to come with a stream around `request.socket`, and that may stay so.
 */
export class OthersUpgrades {
  /** What ends each socket that nobody has touched yet. */
  readonly #untouched: Set<() => void> = new Set()

  /**
   * Called when the listeners have run.
   *
   * @param before the socket's traces before they ran
   * @param patience gives the ms after which an untouched socket is ended; `undefined`: never
   */
  watch (request: IncomingMessage, socket: Detached, before: Traces, patience: () => number | undefined): void {
    if (responseOn(socket, request)) endWhenAnswered(request, socket)
    else if (isUntouched(request, socket, before)) this.#endLater(request, socket, before, patience())
    guard(socket)
  }

  /** Ends what nobody has touched: the server closes, and would wait for it. */
  end (): void {
    for (const end of this.#untouched) end()
  }

  #endLater (request: IncomingMessage, socket: Detached, before: Traces, patience: number | undefined): void {
    if (patience === undefined) return
    const end = (): void => {
      stop()
      unguard(socket)
      if (isUntouched(request, socket, before)) endSoon(socket)
      else if (responseOn(socket, request)) endWhenAnswered(request, socket)
      guard(socket)
    }
    const stop = (): void => {
      clearTimeout(timer)
      socket.off('end', end)
      socket.off('close', stop)
      this.#untouched.delete(end)
    }
    const timer = setTimeout(end, patience).unref()
    socket.on('end', end)
    socket.on('close', stop)
    this.#untouched.add(end)
  }
}

/** Nobody has written, nobody reads, nobody has assigned a response, and nobody listens for anything. */
function isUntouched (request: IncomingMessage, socket: Detached, before: Traces): boolean {
  // injected requests come on other streams
  if (!(request.socket instanceof Socket) || !socket.writable) return false
  if (responseOn(socket, request) || isRead(request, socket)) return false
  const now = tracesOn(socket, request)
  return now.bytes === before.bytes && now.listeners === before.listeners
}

function responseOn (socket: Detached, request: IncomingMessage): ServerResponse | null | undefined {
  return socket._httpMessage ?? (request.socket as Detached)._httpMessage
}

/** Node sets `readableFlowing` to null before it emits `upgrade`. */
function isRead (request: IncomingMessage, socket: Duplex): boolean {
  if (socket === request.socket) return flows(socket) || hasReaders(socket)
  // On an ended socket the body flows without a reader, to announce the end. A listener that reads it means to answer.
  return (flows(socket) && !request.socket.readableEnded) || hasReaders(socket) || flows(request) || hasReaders(request)
}

function flows ({ readableFlowing }: Readable): boolean {
  return readableFlowing !== null
}

function hasReaders (stream: Readable): boolean {
  return stream.listenerCount('data') + stream.listenerCount('readable') > 0
}

/**
 * Somebody answers over a response. Nobody may end the socket behind it: @fastify/websocket does so only for requests
 * whose onRequest hooks have all run.
 */
function endWhenAnswered (request: IncomingMessage, socket: Detached): void {
  const response = responseOn(socket, request)!
  relayDrain(response.socket ?? socket)
  socket.on('end', () => {
    if (!isRead(request, socket)) socket.end()
  })
  // the answer to a request before it
  if (response.req !== request) return
  const end = (): void => {
    if (response.statusCode !== 101 && !isRead(request, socket)) endSoon(socket)
  }
  if (response.writableFinished) end()
  else response.once('finish', end)
}
