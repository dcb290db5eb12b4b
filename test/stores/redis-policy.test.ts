// `fastify-io/redis` on a real Redis, with both clients.
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { ConfigError, PolicyConflictError } from '../../lib/index.ts'
import { type RedisClient, redisPolicy, type RedisPolicyOptions } from '../../lib/redis.ts'
import { ORIGIN } from '../support/client.ts'
import { slowdown } from '../support/pace.ts'
import { DURABLE, NO_REDIS, redis, type RedisServer } from '../support/redis.ts'
import { allows, has, logger, type Member, secret, text } from '../support/stored.ts'
import { until } from '../support/until.ts'

const B = 'https://b.example'
const C = 'https://c.example'
const key = 'origins'
const initial = { origin: ORIGIN }

type Options = Partial<RedisPolicyOptions>
/** Both clients, ended when the test ends. Connected, unless Redis is `away`. */
type Make = (t: TestContext, server: RedisServer, away?: boolean) => Promise<RedisClient>

const clients: Readonly<Record<string, Make>> = {
  'node-redis': async (t, { url }, away = false) => {
    const client = createClient({ url, socket: { reconnectStrategy: 50 } })
    client.on('error', () => {})
    t.after(() => client.destroy())
    const connecting = client.connect()
    if (away) connecting.catch(() => {})
    else await connecting
    return client
  },
  ioredis: async (t, { port }) => {
    const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 })
    client.on('error', () => {})
    t.after(() => client.disconnect())
    return client
  }
}

async function follow (t: TestContext, client: RedisClient, options: Options = {}): Promise<Member> {
  const { log, ...lines } = logger()
  const shared = await redisPolicy(client, { key, initial, log, ...options })
  t.after(() => shared.close())
  return { shared, ...lines }
}

/** A client of the attacker's, or of an operator's. */
async function console (t: TestContext, { port }: RedisServer): Promise<Redis> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 })
  client.on('error', () => {})
  t.after(() => client.disconnect())
  return client
}

/** Connections that Redis has, without the one that asks. */
async function connections (client: Redis): Promise<number> {
  return String(await client.client('LIST')).trim().split('\n').length - 1
}

for (const [kind, make] of Object.entries(clients)) {
  suite(kind, { skip: NO_REDIS }, () => {
    test('stores initial, publishes, and announces; one key, no second one', async (t) => {
      const server = await redis(t)
      const [one, two] = [await make(t, server), await make(t, server)]
      const [a, b] = await Promise.all([follow(t, one, { secret }), follow(t, two, { secret, initial: { origin: B } })])
      assert.deepEqual([a.shared.version, b.shared.version], [1, 1])
      assert.deepEqual(a.shared.policy.snapshot(), b.shared.policy.snapshot())
      const redisConsole = await console(t, server)
      assert.deepEqual(await redisConsole.keys('*'), [key])
      await until(async () => (await redisConsole.pubsub('NUMSUB', 'origins:changed'))[1] === 2, 'both listen')
      const origin = [C, /^https:\/\/ü-\d+\.example$/u]
      const version = await a.shared.publish({ origin, dangerously: { unsafeRegExp: true } })
      const began = performance.now()
      await has(b, C)
      assert.ok(performance.now() - began < 1000 * slowdown())
      assert.deepEqual(b.shared.policy.snapshot(), a.shared.policy.snapshot())
      const line = `origin policy: version ${version} from redis:origins is in force`
      assert.deepEqual([b.shared.version, b.infos.at(-1)], [version, line])
      await assert.rejects(b.shared.publish({ origin: B }, { ifVersion: 1 }), (error) =>
        error instanceof PolicyConflictError && error.actual === version)
      await assert.rejects(b.shared.publish({ origin: 'x/' }), ConfigError)
      assert.deepEqual([...a.errors, ...b.errors], [])
    })

    test('many publications at once, from several processes, all succeed and all end with the same', async (t) => {
      const server = await redis(t)
      const members = await Promise.all(Array.from({ length: 4 }, async () => follow(t, await make(t, server))))
      const versions = await Promise.all(Array.from({ length: 20 }, (_, at) =>
        members[at % 4]!.shared.publish({ origin: `https://n${at}.example` })))
      assert.equal(new Set(versions).size, 20)
      const last = Math.max(...versions)
      await until(() => members.every(({ shared }) => shared.version === last), 'the last version is in force')
      const origin = `https://n${versions.indexOf(last)}.example`
      assert.deepEqual(members.map(({ shared }) => shared.policy.snapshot().origin), Array(4).fill(origin))
    })

    test('close ends the second connection and leaves the client', async (t) => {
      const server = await redis(t)
      const redisConsole = await console(t, server)
      await redisConsole.ping()
      const client = await make(t, server)
      const { shared } = await follow(t, client)
      await until(async () => await connections(redisConsole) === 2, 'the client, and the one that listens')
      await shared.close()
      await until(async () => await connections(redisConsole) === 1, 'the client alone')
      assert.equal(await (client as unknown as Redis).ping(), 'PONG')
      // closed before it has begun to listen
      for (let n = 0; n < 5; n++) await (await redisPolicy(client, { key, initial, log: logger().log })).close()
      await until(async () => await connections(redisConsole) === 1, 'the client alone')
    })

    test('Redis killed between publications, and started again: none is lost; it outlives every process', async (t) => {
      const server = await redis(t, ...DURABLE)
      const client = await make(t, server)
      const [a, b] = [await follow(t, client), await follow(t, await make(t, server))]
      for (const origin of [B, C]) {
        const version = await a.shared.publish({ origin })
        await has(b, origin)
        await server.kill()
        assert.ok(allows(a.shared, origin), 'the policy stays')
        await server.start()
        const { shared } = await follow(t, await make(t, server), { initial })
        assert.deepEqual([shared.version, allows(shared, origin)], [version, true])
        await shared.close()
      }
      // announcements are heard again
      const listeners = async () => (await (await console(t, server)).pubsub('NUMSUB', 'origins:changed'))[1]
      await until(async () => await listeners() === 2, 'both listen')
      const version = await a.shared.publish(initial)
      await has(b, ORIGIN)
      await Promise.all([a.shared.close(), b.shared.close()])
      await server.kill()
      await server.start()
      const { shared } = await follow(t, await make(t, server), { initial: { origin: B } })
      assert.deepEqual([shared.version, shared.policy.snapshot()], [version, initial])
    })

    test('a Redis that kept nothing on disk gets the policy back at once', async (t) => {
      const server = await redis(t)
      const { shared, errors } = await follow(t, await make(t, server))
      const version = await shared.publish({ origin: B })
      await server.kill()
      await server.start()
      const redisConsole = await console(t, server)
      await until(async () => await redisConsole.exists(key) === 1, 'the policy is back')
      assert.deepEqual(JSON.parse((await redisConsole.get(key))!).version, version)
      assert.ok(errors.includes(`origin policy kept: redis:origins was empty; version ${version} is stored again`))
    })

    test('Redis down at the start: rejects within 5 s, or begins with initial and catches up', async (t) => {
      const server = await redis(t, ...DURABLE)
      const before = await follow(t, await make(t, server))
      const version = await before.shared.publish({ origin: B })
      await before.shared.close()
      await server.kill()
      const [strict, lenient] = [await make(t, server, true), await make(t, server, true)]
      const began = performance.now()
      const [rejection, { shared, errors, infos }] = await Promise.all([
        redisPolicy(strict, { key, initial }).then(() => assert.fail('started'), (error: Error) => error),
        follow(t, lenient, { whenDown: 'initial', initial: { origin: C } })
      ])
      assert.ok(performance.now() - began < 20_000)
      const told = /^fastify-io: redis:origins cannot be read: .+; with whenDown: 'initial' the app starts/
      assert.match(rejection.message, told)
      assert.deepEqual([shared.version, allows(shared, C), errors.length], [0, true, 1])
      assert.match(errors[0]!, /^origin policy kept: redis:origins cannot be read: /)
      await assert.rejects(shared.publish({ origin: ORIGIN }), /redis:origins cannot be read/)
      await server.start()
      await until(() => shared.version === version, 'it catches up')
      assert.deepEqual([allows(shared, B), allows(shared, C)], [true, false])
      await until(() => infos.includes('origin policy: redis:origins is read again'), 'it is logged')
    })

    test('whoever writes to Redis without the secret changes nothing; nor does a message', async (t) => {
      const server = await redis(t)
      const { shared, errors } = await follow(t, await make(t, server), { secret, pollInterval: 200 })
      const attacker = await console(t, server)
      await until(async () => (await attacker.pubsub('NUMSUB', 'origins:changed'))[1] === 1, 'it listens')
      const unsigned = text({ origin: B }, 2 ** 50)
      for (const value of [unsigned, '', '{}', Buffer.from([0xff, 0xfe, 0x00]), 'x'.repeat(2 ** 21)]) {
        // counted first: the next poll may come before the announcement
        const before = errors.length
        await attacker.set(key, value)
        await attacker.publish('origins:changed', JSON.stringify({ origin: B }))
        await until(() => errors.length > before || value === '', 'it is logged')
      }
      // not a string at all
      await attacker.del(key)
      await until(async () => await attacker.exists(key) === 1, 'it is stored again')
      await attacker.multi().del(key).lpush(key, 'x').exec()
      await until(() => errors.some((line) => /cannot be read: .*WRONGTYPE/.test(line)), 'it is logged')
      assert.deepEqual([shared.version, allows(shared, B), allows(shared, ORIGIN)], [1, false, true])
      await assert.rejects(shared.publish({ origin: C }), /WRONGTYPE/)
      await attacker.set(key, Buffer.from([0xff, 0xfe, 0x00]))
      await shared.publish({ origin: C })
      assert.ok((await attacker.get(key))!.includes(C))
    })

    test('a value of 100 MB is not fetched, and can be replaced', async (t) => {
      const server = await redis(t)
      const client = await make(t, server)
      const { shared, errors } = await follow(t, client, { pollInterval: 200 })
      const attacker = await console(t, server)
      await attacker.setrange(key, 100 * 2 ** 20, 'x')
      const received = async (): Promise<number> =>
        Number(/total_net_output_bytes:(\d+)/.exec(await attacker.info('stats'))![1])
      const before = await received()
      await attacker.publish('origins:changed', '')
      await until(() => errors.length > 0, 'it is logged')
      assert.equal(errors[0], 'origin policy kept: redis:origins holds more than 1048576 bytes')
      assert.ok(await received() - before < 20 * 2 ** 20)
      assert.equal(allows(shared, ORIGIN), true)
      await shared.publish({ origin: B })
      assert.ok(await attacker.strlen(key) < 1000)
    })

    test('a user who may not use the channel publishes; others read it later, and the log says why', async (t) => {
      const server = await redis(t)
      const redisConsole = await console(t, server)
      await redisConsole.call('ACL', 'SETUSER', 'default', 'resetchannels')
      const a = await follow(t, await make(t, server))
      const b = await follow(t, await make(t, server), { pollInterval: 200 })
      await until(() => b.errors.length > 0, 'it is logged')
      assert.match(b.errors[0]!, /^origin policy kept: redis:origins cannot be watched: .*(NOPERM|permissions)/)
      await a.shared.publish({ origin: B })
      await has(b, B)
      await until(async () => await connections(redisConsole) === 2, 'no connection is left of what failed')
    })
  })
}

suite('Redis', { skip: NO_REDIS }, () => {
  test('both clients share a policy; a keyPrefix is a part of the key', async (t) => {
    const server = await redis(t)
    const [node, io] = [await clients['node-redis']!(t, server), await clients.ioredis!(t, server)]
    const prefixed = new Redis({ port: server.port, host: '127.0.0.1', keyPrefix: 'app:' })
    t.after(() => prefixed.disconnect())
    const a = await follow(t, node, { key: 'app:origins', secret })
    const b = await follow(t, prefixed, { secret })
    const other = await follow(t, io, { secret })
    const redisConsole = await console(t, server)
    await until(async () => (await redisConsole.pubsub('NUMSUB', 'app:origins:changed'))[1] === 2, 'both listen')
    await a.shared.publish({ origin: B })
    await has(b, B)
    await b.shared.publish({ origin: C })
    await has(a, C)
    assert.deepEqual([a.shared.version, other.shared.version], [b.shared.version, 1])
  })

  test('a cluster, with each client', async (t) => {
    const server = await redis(t, '--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
    const redisConsole = await console(t, server)
    await redisConsole.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    const state = async () => String(await redisConsole.call('CLUSTER', 'INFO'))
    await until(async () => /cluster_state:ok/.test(await state()), 'the cluster is up')
    const node = createCluster({ rootNodes: [{ url: server.url }] })
    node.on('error', () => {})
    t.after(() => node.destroy())
    await node.connect()
    const io = new Cluster([{ port: server.port, host: '127.0.0.1' }])
    t.after(() => io.disconnect())
    const before = await connections(redisConsole)
    const [a, b] = [await follow(t, node), await follow(t, io)]
    await until(async () => (await redisConsole.pubsub('NUMSUB', 'origins:changed'))[1] === 2, 'both listen')
    await a.shared.publish({ origin: B })
    await has(b, B)
    await b.shared.publish({ origin: C })
    await has(a, C)
    await Promise.all([a.shared.close(), b.shared.close()])
    await until(async () => await connections(redisConsole) <= before + 3, 'no connection is left')
    assert.equal((await redisConsole.pubsub('NUMSUB', 'origins:changed'))[1], 0)
  })

  test('a client that is not connected, of another kind, and options that are not right', async (t) => {
    const server = await redis(t)
    const closed = createClient({ url: server.url })
    await assert.rejects(redisPolicy(closed, { key, initial }), /redis:origins cannot be read: The client is closed/)
    for (const wrong of [undefined, null, {}, 'redis://', { eval () {}, duplicate () {} }]) {
      await assert.rejects(redisPolicy(wrong as never, { key, initial }), {
        name: 'TypeError',
        message: 'fastify-io: the client must be one of node-redis (4 or newer) or of ioredis (5 or newer)'
      })
    }
    const wrong = [
      [{ initial }, '/key'], [{ key: '', initial }, '/key'], [{ key }, '/initial'],
      [{ key, initial, prefix: 'x' }, '/prefix'], [undefined, '/key']
    ] as const
    for (const [options, path] of wrong) {
      const isThere = (error: ConfigError): boolean => error.issues[0]!.path === path
      await assert.rejects(redisPolicy(closed, options as never), isThere)
    }
    const lazy = new Redis({ port: server.port, host: '127.0.0.1', lazyConnect: true })
    t.after(() => lazy.disconnect())
    const { shared } = await follow(t, lazy)
    assert.equal(shared.version, 1)
  })
})
