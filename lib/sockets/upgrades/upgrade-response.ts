import { ServerResponse } from 'node:http'
import { attend, endSoon, letGo } from '../../http/detached.ts'

/**
 * The response to a request whose socket the HTTP parser has released: hooks and plugins answer it like any other.
 *
 * A 101 is not written here; its headers are kept, for `ws` writes that head itself (RFC 6455, 4.2.2).
 */
export class UpgradeResponse extends ServerResponse {
  // no second request can follow
  override shouldKeepAlive = false
  #upgraded = false

  override writeHead (status: number, ...rest: never[]): this {
    if (status === 101) {
      letGo(this.req.socket)
      this.#upgraded = true
      this.statusCode = 101
      return this
    }
    // Only a refusal needs the socket; an upgrade that goes through is spared the listeners.
    if (this.socket === null) {
      this.#upgraded = false
      this.assignSocket(this.req.socket)
      this.on('finish', end)
    }
    return super.writeHead(status, ...rest)
  }

  /**
   * Call it when the router has returned. Most upgrades are answered by then, and need no listeners for a client that
   * leaves: 1 % of a refused upgrade.
   */
  attend (): void {
    const { socket } = this.req
    if (!this.#upgraded && (!this.writableEnded || socket.writableLength > 0)) attend(socket, this.req)
  }
}

function end (this: ServerResponse): void {
  const { req } = this
  letGo(req.socket)
  // as Node does: a request whose answer is complete ends too; 1 % of a refused upgrade
  if (req.listenerCount('close') > 0 || req.listenerCount('end') > 0) req.resume()
  endSoon(req.socket)
}
