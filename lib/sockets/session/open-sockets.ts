import type { Duplex } from 'node:stream'

const kPlace: unique symbol = Symbol('fastify-io.place')
/** Where a socket is, until it has closed: see socket-map.ts. */
interface Place { socket: Duplex | undefined }
type Placed = Duplex & { [kPlace]?: Place }

/** Sockets, each until it closes. In a Set of the sockets themselves the life of a WebSocket costs 4 % more. */
export class OpenSockets {
  readonly #places: Set<Place> = new Set()
  /** One listener for all sockets, made once: a closure made for each would keep its response as long as the socket. */
  readonly #forget: (this: Placed) => void

  constructor () {
    const places = this.#places
    this.#forget = function () {
      const place = this[kPlace]!
      place.socket = undefined
      places.delete(place)
    }
  }

  get size (): number {
    return this.#places.size
  }

  add (socket: Placed): void {
    const place = { socket }
    socket[kPlace] = place
    this.#places.add(place)
    socket.on('close', this.#forget)
  }

  * [Symbol.iterator] (): Generator<Duplex> {
    for (const { socket } of this.#places) if (socket !== undefined) yield socket
  }
}
