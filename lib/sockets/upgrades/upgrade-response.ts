import { ServerResponse } from 'node:http'
import { attend, type Detached, endSoon, guard, letGo, relayDrain } from '../../http/detached.ts'

/**
 * The response to a request whose socket the HTTP parser has released: hooks and plugins answer it like any other.
 *
 * A 101 is not written here; its headers are kept, for `ws` writes that head itself (RFC 6455, 4.2.2).
 */
export class UpgradeResponse extends ServerResponse {
  // no second request can follow
  override shouldKeepAlive = false

  constructor (request: ServerResponse['req']) {
    super(request)
    guard(request.socket)
    attend(request.socket, this)
  }

  override writeHead (status: number, ...rest: never[]): this {
    const socket: Detached = this.req.socket
    if (status === 101) {
      letGo(socket)
      this.statusCode = 101
      return this
    }
    // Only a refusal needs the socket; an upgrade that goes through is spared the listeners.
    if (this.socket === null) {
      this.assignSocket(this.req.socket)
      relayDrain(socket)
      this.once('finish', () => {
        letGo(socket)
        // as Node does: a request whose answer is complete ends too
        this.req.resume()
        endSoon(socket)
      })
    }
    return super.writeHead(status, ...rest)
  }

  /** Node calls it for a body without a head. No 101 has a body, and its client would wait for ever. */
  _implicitHeader (): void {
    if (this.statusCode === 101) this.req.socket.destroy()
    else this.writeHead(this.statusCode)
  }
}
