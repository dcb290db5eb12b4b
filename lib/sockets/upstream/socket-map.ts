import type { Namespace, Socket } from 'socket.io'

/** Where a socket is, until it is deleted. */
interface Place<T> { value: T | undefined }

/**
 * A Map that keeps nothing of what is deleted from it.
 *
 * V8 leaves a Map's table behind when it is full of deleted entries, and the old table points to the new one. Once one
 * of them has survived a full collection of garbage, all that follow are kept until the next, with the values that they
 * had: closed sockets and all that hangs on them are copied again and again, and a conversation by polling costs 12 %
 * more. So the table holds a place for each value, and to delete empties the place.
 */
export class SocketMap<T> extends Map<string, T> {
  override get (id: string): T | undefined {
    return this.#place(id)?.value
  }

  override set (id: string, value: T): this {
    const place = this.#place(id)
    if (place !== undefined) place.value = value
    else super.set(id, { value } as T)
    return this
  }

  override delete (id: string): boolean {
    const place = this.#place(id)
    if (place !== undefined) place.value = undefined
    return super.delete(id)
  }

  override clear (): void {
    for (const place of this.#places()) place.value = undefined
    super.clear()
  }

  override forEach (callback: (value: T, id: string, map: Map<string, T>) => void, self?: unknown): void {
    for (const [id, value] of this) callback.call(self, value, id, this)
  }

  override * values (): MapIterator<T> {
    for (const place of this.#places()) yield place.value!
  }

  override * entries (): MapIterator<[string, T]> {
    for (const id of this.keys()) yield [id, this.get(id)!]
  }

  override [Symbol.iterator] (): MapIterator<[string, T]> {
    return this.entries()
  }

  #place (id: string): Place<T> | undefined {
    return super.get(id) as Place<T> | undefined
  }

  #places (): MapIterator<Place<T>> {
    return super.values() as MapIterator<unknown> as MapIterator<Place<T>>
  }
}

interface Namespaces {
  sockets: Map<string, Socket>
  /** Sockets whose middlewares run. */
  _preConnectSockets?: Map<string, Socket>
}

/** Lets a namespace keep its sockets so that those that have left are not kept. */
export function letSocketsGo (namespace: Namespace): void {
  const maps = namespace as unknown as Namespaces
  for (const name of ['sockets', '_preConnectSockets'] as const) {
    // not one of the user's, and not one that a later version makes otherwise
    if (maps[name]?.constructor === Map && maps[name].size === 0) maps[name] = new SocketMap()
  }
}
