// One policy in several processes: what one of them publishes is refused, and revoked, by all.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { connect, ORIGIN } from '../support/client.ts'
import { slowdown } from '../support/pace.ts'
import { DURABLE, NO_REDIS, redis, type RedisServer } from '../support/redis.ts'
import { ask, POLLING } from '../support/server.ts'

const B = 'https://b.example'

interface Member {
  readonly child: ChildProcess
  readonly port: number
  readonly version: number
}

async function start (t: TestContext, { port }: RedisServer): Promise<Member> {
  const child = fork(`${import.meta.dirname}/../fixtures/shared-policy-process.ts`, {
    execArgv: process.execArgv,
    env: { ...process.env, REDIS_PORT: `${port}` }
  })
  t.after(() => { child.kill('SIGKILL') })
  const [said] = await once(child, 'message') as [{ port: number, version: number }]
  return { child, ...said }
}

async function publish ({ child }: Member, cors: object): Promise<number> {
  child.send(cors)
  const [{ version }] = await once(child, 'message') as [{ version: number }]
  return version
}

const statusOf = async ({ port }: Member, origin: string): Promise<number> =>
  (await ask(port, POLLING, { headers: { origin } })).status

test('one publication refuses and revokes in three processes, within a second of each other', {
  skip: NO_REDIS,
  timeout: 120_000
}, async (t) => {
  const server = await redis(t, ...DURABLE)
  const members = await Promise.all([start(t, server), start(t, server), start(t, server)])
  assert.deepEqual(members.map(({ version }) => version), [1, 1, 1])
  const sockets = await Promise.all(members.map(({ port }) =>
    connect(t, `http://127.0.0.1:${port}`, { transports: ['websocket'] })))
  const cut = sockets.map(async (socket) => {
    const told = once(socket as never, 'origin_revoked')
    const [reason] = await once(socket as never, 'disconnect')
    return { told: (await told)[0], reason, at: performance.now() }
  })
  const version = await publish(members[1]!, { origin: B })
  const ends = await Promise.all(cut)
  const at = ends.map((end) => end.at)
  const spread = Math.max(...at) - Math.min(...at)
  t.diagnostic(`the three processes revoked within ${spread.toFixed(1)} ms of each other`)
  assert.ok(spread < 1000 * slowdown(), `${spread} ms`)
  for (const { told, reason } of ends) {
    assert.deepEqual([told, reason], [{ code: 'ORIGIN_REVOKED', reason: 'not-listed' }, 'io server disconnect'])
  }
  for (const member of members) {
    assert.deepEqual([await statusOf(member, ORIGIN), await statusOf(member, B)], [403, 200])
  }

  // two at once, from two processes, and Redis killed behind them
  const [one, two] = await Promise.all([
    publish(members[0]!, { origin: ['https://one.example', B] }),
    publish(members[2]!, { origin: ['https://two.example', B] })
  ])
  await server.kill()
  for (const member of members) assert.equal(await statusOf(member, B), 200)
  await server.start()

  // every process dies, without a goodbye
  for (const { child } of members) {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const heirs = await Promise.all([start(t, server), start(t, server)])
  const last = Math.max(one, two)
  assert.ok(last > version)
  const [right, wrong] = one > two
    ? ['https://one.example', 'https://two.example']
    : ['https://two.example', 'https://one.example']
  for (const heir of heirs) {
    assert.deepEqual([heir.version, await statusOf(heir, right), await statusOf(heir, wrong)], [last, 200, 403])
  }
})
