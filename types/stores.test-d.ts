// Compiled by `npm run typecheck`, never run: stored policies, and the clients that fastify-io/redis takes.
import Fastify from 'fastify'
import fastifyIO, {
  type OriginPolicy,
  PolicyConflictError,
  type PolicyStore,
  type StoredPolicy,
  storedPolicy
} from 'fastify-io'
import { redisPolicy } from 'fastify-io/redis'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster, createSentinel } from 'redis'
import { expect, type Equal } from './expect.ts'

const app = Fastify()
const options = { key: 'origins', initial: { origin: 'https://app.example.com' } }

// every client of both packages
const shared = await redisPolicy(createClient(), options)
await redisPolicy(createClient({ RESP: 3 }), options)
await redisPolicy(createCluster({ rootNodes: [] }), options)
await redisPolicy(createSentinel({ name: 'main', sentinelRootNodes: [] }), options)
await redisPolicy(new Redis(), {
  ...options,
  secret: Buffer.alloc(32),
  pollInterval: 1000,
  whenDown: 'initial',
  log: app.log
})
await redisPolicy(new Cluster([]), { ...options, secret: ['new', 'old'], log: console })
// @ts-expect-error no client
await redisPolicy({}, options)
// @ts-expect-error no key
await redisPolicy(new Redis(), { initial: {} })
// @ts-expect-error no first policy
await redisPolicy(new Redis(), { key: 'origins' })
// @ts-expect-error neither
await redisPolicy(new Redis(), { ...options, whenDown: 'wait' })

expect<Equal<typeof shared, StoredPolicy>>()
expect<Equal<typeof shared.policy, OriginPolicy>>()
await app.register(fastifyIO, { cors: shared.policy })
const version: number = await shared.publish({ origin: ['https://b.example', /^https:\/\/c\.example$/] })
await shared.publish(shared.policy, { ifVersion: version }).catch((error: unknown) => {
  if (error instanceof PolicyConflictError) expect<Equal<typeof error.actual, number | undefined>>()
})
// @ts-expect-error read-only
shared.version = 5

const store: PolicyStore = {
  name: 'mine',
  read: async () => ({ text: '', revision: '' }),
  write: async (text, revision) => text !== revision
}
await storedPolicy(store, { initial: {} })
// @ts-expect-error nothing writes
await storedPolicy({ name: 'mine', read: store.read }, { initial: {} })
