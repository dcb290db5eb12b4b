// One origin policy for all processes, kept in Redis: one key with its version, and one channel that announces it.
import type { RedisClientType } from 'redis'
import { type CorsOptions, OriginPolicy } from '../../lib/index.ts'

const KEY = 'fastify-io:example:policy'

export interface SharedPolicy {
  readonly policy: OriginPolicy
  readonly version: number
  /** @throws ConfigError with every mistake; nothing is written then */
  publish (cors: CorsOptions): Promise<number>
  close (): Promise<void>
}

export async function sharedPolicy (client: RedisClientType, initial: CorsOptions): Promise<SharedPolicy> {
  const policy = new OriginPolicy(initial)
  const subscriber = client.duplicate()
  await subscriber.connect()
  let version = 0

  async function read (): Promise<void> {
    const { version: stored, cors } = await client.hGetAll(KEY)
    if (cors === undefined || Number(stored) <= version) return
    policy.update(JSON.parse(cors))
    version = Number(stored)
  }

  // A reconnect subscribes again, and what was announced meanwhile is read then.
  subscriber.on('ready', () => { read().catch(() => {}) })
  await subscriber.subscribe(KEY, () => { read().catch(console.error) })
  await read()
  return {
    policy,
    get version () { return version },
    async publish (cors) {
      // validates before anything is written
      const text = JSON.stringify(new OriginPolicy(cors).snapshot())
      const [next] = await client.multi().hIncrBy(KEY, 'version', 1).hSet(KEY, 'cors', text).publish(KEY, '').exec()
      await read()
      return Number(next)
    },
    close: async () => { await subscriber.close() }
  }
}
