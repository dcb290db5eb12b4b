// examples/policy-store-directory.ts, as its readers will use it.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { directoryStore } from '../../examples/policy-store-directory.ts'
import { ORIGIN } from '../support/client.ts'
import { allows, follow, has, secret } from '../support/stored.ts'
import { until } from '../support/until.ts'

const B = 'https://b.example'
const C = 'https://c.example'

// neither a watcher nor a timer of a stored policy keeps a process alive
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

function folder (t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'fastify-io-store-'))
  t.after(() => rmSync(made, { recursive: true }))
  return join(made, 'origins')
}

test('a policy in a directory: stored, published, announced, and read by who comes later', async (t) => {
  const directory = folder(t)
  const [a, b] = await Promise.all([
    follow(t, directoryStore(directory, 'origins'), { secret }),
    follow(t, directoryStore(directory, 'origins'), { secret, initial: { origin: C } })
  ])
  assert.deepEqual([a.shared.version, b.shared.version], [1, 1])
  assert.deepEqual(a.shared.policy.snapshot(), b.shared.policy.snapshot())
  const version = await a.shared.publish({ origin: B })
  await has(b, B)
  assert.deepEqual(readdirSync(directory).sort(), ['1', '2'])
  writeFileSync(
    join(directory, '3'),
    JSON.stringify({ version: 2 ** 50, time: new Date().toISOString(), policy: { origin: '*' } })
  )
  await until(() => a.errors.length === 1 && b.errors.length === 1, 'both log it')
  assert.match(a.errors[0]!, /^origin policy kept: origins is not signed/)
  await Promise.all([a.shared.publish({ origin: [C, ORIGIN] }), b.shared.publish({ origin: [C, B] })])
  await until(() => a.shared.version === b.shared.version && allows(a.shared, C), 'they agree')
  assert.ok(a.shared.version > version)
  const { shared } = await follow(t, directoryStore(directory, 'origins'), { secret })
  assert.deepEqual(shared.policy.snapshot(), a.shared.policy.snapshot())
})

test('of many writes with one revision, one is done', async (t) => {
  const store = directoryStore(folder(t), 'origins')
  assert.equal(await store.read(), undefined)
  const results = await Promise.all(Array.from({ length: 20 }, (_, at) => store.write(`text ${at}`, undefined)))
  assert.equal(results.filter(Boolean).length, 1)
  assert.deepEqual(await store.read(), { text: `text ${results.indexOf(true)}`, revision: '1' })
  await assert.rejects(directoryStore('/dev/null/origins', 'origins').read())
})
