import { ConfigError } from './errors.ts'
import { type ConfigIssue, issue } from './issues.ts'
import type { StoredPolicyOptions } from './policy/stores/options.ts'
import type { PolicyStore } from './policy/stores/store.ts'
import { MAX_TEXT } from './policy/stores/store.ts'
import { storedPolicy, type StoredPolicy } from './policy/stores/stored-policy.ts'
import { connectionOf, type RedisClient } from './redis/connection.ts'

export type { RedisClient, StoredPolicy, StoredPolicyOptions }

/** Options of {@link redisPolicy}. */
export interface RedisPolicyOptions extends StoredPolicyOptions {
  /** The key that holds the policy. Changes are announced on the channel of that name with `:changed` behind it. */
  readonly key: string
}

/** What is stored, as far as a policy can be long, and its SHA-1. GETRANGE: a value of 100 MB must not come along. */
const READ = `
local text = redis.call('GETRANGE', KEYS[1], 0, ${MAX_TEXT})
return { text, redis.sha1hex(text) }`

/**
 * Compare-and-set, and the announcement, which may fail (an ACL without the channel): the other processes then read the
 * policy at their next interval. ARGV: text, SHA-1 of what it replaces, channel.
 */
const WRITE = `
local text = redis.call('GETRANGE', KEYS[1], 0, ${MAX_TEXT})
if redis.sha1hex(text) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.pcall('PUBLISH', ARGV[3], ARGV[2])
return 1`

/** The SHA-1 of no text: Redis reads a key that does not exist as an empty one. */
const EMPTY = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'

/**
 * Makes a policy that lives in Redis: it outlives every process, and is the same in all of them.
 *
 * @param client a client of node-redis (4 or newer), connected, or of ioredis (5 or newer), also for a cluster. It
 *   stays yours: `close()` ends only the second connection that listens for changes
 * @throws {ConfigError} for mistakes in the options; those of the first policy are at `/initial`
 * @throws {TypeError} for a client of another kind
 * @throws {Error} when Redis does not answer within 5 s, or holds no valid policy, unless `whenDown` is `'initial'`
 */
export async function redisPolicy (client: RedisClient, options: RedisPolicyOptions): Promise<StoredPolicy> {
  const { key, ...others } = options ?? {}
  if (typeof key !== 'string' || key === '') throw new ConfigError([noKey(key)])
  return storedPolicy(redisStore(client, key), others)
}

function noKey (value: unknown): ConfigIssue {
  const message = 'must be the name of a Redis key'
  return issue('INVALID_TYPE', '/key', value, { message, hint: "key: 'origins'" })
}

/** @throws {TypeError} for a client of neither kind */
function redisStore (client: RedisClient, key: string): PolicyStore {
  const connection = connectionOf(client)
  const name = `redis:${connection.prefix}${key}`
  const channel = `${connection.prefix}${key}:changed`
  return {
    name,
    async read () {
      const [text, revision] = await connection.run(READ, key, []) as [unknown, unknown]
      return String(revision) === EMPTY ? undefined : { text: String(text), revision: String(revision) }
    },
    async write (text, revision = EMPTY) {
      return Number(await connection.run(WRITE, key, [text, revision, channel])) === 1
    },
    watch: (changed, signal) => connection.listen(channel, changed, signal)
  }
}
