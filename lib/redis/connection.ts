/**
 * A client of node-redis or of ioredis, for one server, for Sentinel or for a cluster. Only its shape counts, so that
 * neither package has to be installed.
 */
export interface RedisClient {
  eval (...args: never[]): unknown
  duplicate (...args: never[]): unknown
}

/** What the policy needs of a client. */
export interface Connection {
  /** What the client puts before every key, but not before channels. */
  readonly prefix: string
  /** Runs a Lua script about one key. */
  run (script: string, key: string, args: readonly string[]): Promise<unknown>
  /** Listens on a separate connection; `heard` is called for each message and each time the connection is back. */
  listen (channel: string, heard: () => void, signal: AbortSignal): Promise<void>
}

/** node-redis, 4 and newer. */
interface NodeRedis {
  eval (script: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
  duplicate (): NodeRedis
  on (event: string, listener: () => void): unknown
  connect (): Promise<unknown>
  subscribe (channel: string, listener: () => void): Promise<unknown>
  /** From 5 on. */
  destroy? (): void
  disconnect (): Promise<unknown>
}

/** ioredis, 5 and newer. */
interface IORedis {
  readonly options?: { readonly keyPrefix?: string | Buffer }
  readonly isCluster?: boolean
  eval (script: string, keys: number, ...args: string[]): Promise<unknown>
  duplicate (...overrides: unknown[]): IORedis
  on (event: string, listener: () => void): unknown
  subscribe (channel: string): Promise<unknown>
  disconnect (): void
}

/** @throws {TypeError} for a client of neither kind */
export function connectionOf (client: RedisClient): Connection {
  const shape = Object(client) as Readonly<Record<string, unknown>>
  if (typeof shape.sSubscribe === 'function') return ofNodeRedis(client as unknown as NodeRedis)
  if (typeof shape.ssubscribe === 'function') return ofIORedis(client as unknown as IORedis)
  throw new TypeError('fastify-io: the client must be one of node-redis (4 or newer) or of ioredis (5 or newer)')
}

function ofNodeRedis (client: NodeRedis): Connection {
  return {
    prefix: '',
    run: (script, key, args) => client.eval(script, { keys: [key], arguments: [...args] }),
    async listen (channel, heard, signal) {
      const subscriber = client.duplicate()
      // node-redis 4 and 5 keep a connection that is ended while it connects: wait until it is connected.
      let connecting = true
      const end = ignoring(() => {
        if (connecting) return undefined
        return subscriber.destroy === undefined ? subscriber.disconnect() : subscriber.destroy()
      })
      const settled = (): void => {
        connecting = false
        if (signal.aborted) end()
      }
      subscriber.on('reconnecting', () => { connecting = true })
      for (const event of ['ready', 'error']) subscriber.on(event, settled)
      await listening(subscriber, heard, signal, end, async () => {
        await subscriber.connect().finally(settled)
        await subscriber.subscribe(channel, heard)
      })
    }
  }
}

function ofIORedis (client: IORedis): Connection {
  return {
    prefix: String(client.options?.keyPrefix ?? ''),
    run: (script, key, args) => client.eval(script, 1, key, ...args),
    async listen (channel, heard, signal) {
      // However long Redis is away, the subscription waits for it.
      const patient = { autoResubscribe: true, maxRetriesPerRequest: null }
      const subscriber = client.isCluster === true ? client.duplicate() : client.duplicate(patient)
      const end = ignoring(() => subscriber.disconnect())
      subscriber.on('message', heard)
      await listening(subscriber, heard, signal, end, () => subscriber.subscribe(channel))
    }
  }
}

/** Subscribes; whatever happens, `end` runs when the signal is aborted, and when there is no subscription. */
async function listening (
  subscriber: { on (event: string, listener: () => void): unknown },
  heard: () => void,
  signal: AbortSignal,
  end: () => void,
  subscribe: () => Promise<unknown>
): Promise<void> {
  // It connects again, and the reads tell of what lasts; without a listener the error would end the process.
  subscriber.on('error', () => {})
  subscriber.on('ready', heard)
  signal.addEventListener('abort', end)
  try {
    await subscribe()
    // it may have connected while it was being ended
    if (signal.aborted) end()
  } catch (error) {
    signal.removeEventListener('abort', end)
    end()
    throw error
  }
}

/** A connection that is ended already has nothing to say. */
function ignoring (end: () => unknown): () => void {
  return () => {
    Promise.resolve().then(end).catch(() => {})
  }
}
