import { ServerResponse } from 'node:http'
import { attend, endSoon, guard, letGo, relayDrain } from '../../http/detached.ts'

interface Internals {
  _writeRaw (this: ServerResponse, ...data: unknown[]): boolean
}

const { _writeRaw: writeRaw } = ServerResponse.prototype as unknown as Internals

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
    const { socket } = request
    guard(socket)
    serve(response)
    // Nothing can have happened to the socket yet. Most refusals are out, and are spared the listeners: 2 % of them.
    if (response.#watch === 'over' || (response.writableEnded && socket.writableLength === 0)) return
    response.#watch = 'now'
    attend(socket, response)
  }

  override writeHead (status: number, ...rest: never[]): this {
    if (status !== 101) {
      if (this.socket === null) this.#takeSocket()
      return super.writeHead(status, ...rest)
    }
    this.#settle()
    this.statusCode = 101
    return this
  }

  /** Node calls it for a body without a head. No 101 has a body, and its client would wait for ever. */
  _implicitHeader (): void {
    if (this.statusCode === 101) this.req.socket.destroy()
    else this.writeHead(this.statusCode)
  }

  /** Node calls it with all that goes out: a 103 goes before the head. */
  _writeRaw (...data: unknown[]): boolean {
    if (this.#isOurs) this.#takeSocket()
    return writeRaw.apply(this, data)
  }

  override write (...data: [chunk: unknown]): boolean {
    relayDrain(this.req.socket)
    return super.write(...data)
  }

  /** Node destroys the socket that a response has. */
  override destroy (error?: Error): this {
    if (this.#isOurs) this.#takeSocket()
    return super.destroy(error)
  }

  /** Whether the socket is there to be taken: behind a 101 it is the WebSocket's. */
  get #isOurs (): boolean {
    return this.socket === null && this.statusCode !== 101 && !this.req.socket.destroyed
  }

  /** Only an answer needs it; an upgrade that goes through is spared the listeners. */
  #takeSocket (): void {
    this.assignSocket(this.req.socket)
    this.on('finish', this.#onFinish)
  }

  #onFinish (): void {
    this.#settle()
    const { req } = this
    // as Node does: a request whose answer is complete ends too; 2 % of a refused upgrade, unless somebody waits for it
    if (req.listenerCount('end') > 0 || req.listenerCount('close') > 0) req.resume()
    endSoon(req.socket)
  }

  #settle (): void {
    if (this.#watch === 'now') letGo(this.req.socket)
    this.#watch = 'over'
  }
}
