import { ServerResponse } from 'node:http'
import { attend, type Detached, endSoon, guard, letGo, relayDrain } from '../../http/detached.ts'

/** What Node keeps on a response. */
interface Internals {
  _send (this: ServerResponse, ...data: unknown[]): boolean
  _header: string | null
  _hasBody: boolean
  _headerSent: boolean
  _closed: boolean
  finished: boolean
}

const { _send: send } = ServerResponse.prototype as unknown as Internals

/**
 * The response to a request whose socket the HTTP parser has released: hooks and plugins answer it like any other.
 *
 * A 101 is not written here; its headers are kept, for `ws` writes that head itself (RFC 6455, 4.2.2).
 */
export class UpgradeResponse extends ServerResponse {
  // no second request can follow
  override shouldKeepAlive = false
  /** Whether it is to be told that the client leaves: not yet, now, or not any more. */
  #watch: 'later' | 'now' | 'over' = 'later'

  /**
   * Lets hooks and plugins answer a request.
   *
   * @param serve hands both to them
   */
  static serve (request: ServerResponse['req'], serve: (response: UpgradeResponse) => void): void {
    const response = new UpgradeResponse(request)
    guard(request.socket)
    serve(response)
    // Nothing can have happened to the socket yet. Most refusals are out, and are spared the listeners: 2 % of them.
    if (response.#watch === 'over') return
    response.#watch = 'now'
    attend(request.socket, response)
  }

  #settle (): void {
    if (this.#watch === 'now') letGo(this.req.socket)
    this.#watch = 'over'
  }

  override writeHead (status: number, ...rest: never[]): this {
    if (status !== 101) return super.writeHead(status, ...rest)
    this.#settle()
    this.statusCode = 101
    return this
  }

  /** Node calls it for a body without a head. No 101 has a body, and its client would wait for ever. */
  _implicitHeader (): void {
    if (this.statusCode === 101) this.req.socket.destroy()
    else this.writeHead(this.statusCode)
  }

  /** Node calls it with all that goes out. Only a long answer needs its socket, with the listeners that feed it. */
  _send (...data: unknown[]): boolean {
    if (this.socket === null) this.#takeSocket()
    return send.apply(this, data)
  }

  #takeSocket (): void {
    const socket: Detached = this.req.socket
    this.assignSocket(this.req.socket)
    relayDrain(socket)
    this.once('finish', () => {
      this.#settle()
      finish(this)
    })
  }

  /** An answer whose text is there goes out at once: a refused upgrade costs 4 % less. */
  override end (chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    const { socket } = this.req
    const whole = this.headersSent && this.#isWhole() && typeof chunk === 'string' && callback == null &&
      (encoding == null || encoding === 'utf8' || encoding === 'latin1')
    if (!whole || !socket.writable) return super.end(chunk, encoding as BufferEncoding, callback as () => void)
    this.#settle()
    const own = this as unknown as Internals
    // as Node joins them
    socket.write(own._header + chunk, encoding ?? 'utf8')
    own._headerSent = true
    own.finished = true
    process.nextTick(finishWhole, this)
    return this
  }

  /** Whether nothing has gone out yet, and the body is to go out as it is. */
  #isWhole (): boolean {
    const { _hasBody, finished } = this as unknown as Internals
    return this.socket === null && _hasBody && !this.chunkedEncoding && !finished
  }
}

function finishWhole (response: UpgradeResponse): void {
  response.emit('finish')
  finish(response)
  // as Node does behind each answer, whether its socket is closed or not
  response.destroyed = true
  ;(response as unknown as Internals)._closed = true
  response.emit('close')
}

function finish ({ req }: ServerResponse): void {
  // as Node does: a request whose answer is complete ends too; 1 % of a refused upgrade, unless somebody waits for it
  if (req.listenerCount('end') > 0 || req.listenerCount('close') > 0) req.resume()
  endSoon(req.socket)
}
