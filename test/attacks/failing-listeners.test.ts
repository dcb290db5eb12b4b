import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { storedPolicy } from '../../lib/index.ts'
import { OriginPolicy } from '../../lib/policy/policy.ts'
import { ORIGIN } from '../support/client.ts'
import { ask, POLLING, start, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'
import { WebSocket } from 'ws'

// A function of the user's that throws, or rejects, must not end the process: any visitor could make it do so.
const unhandled: unknown[] = []
const note = (error: unknown): void => { unhandled.push(error) }
before(() => process.on('unhandledRejection', note))
after(() => {
  process.off('unhandledRejection', note)
  assert.deepEqual(unhandled, [])
})

const options = { cookie: { cookie: true }, 'allowEIO3, protocol 3': { allowEIO3: true }, plain: {} }

for (const [what, option] of Object.entries(options)) {
  test(`a listener of connection that throws: no session stays (${what})`, async (t) => {
    const { app, port } = await start(t, { cors: { origin: ORIGIN }, statelessHandshake: false, ...option }, (app) => {
      app.io.engine.on('connection', () => { throw new Error('mine') })
    })
    const protocol = what.endsWith('3') ? POLLING.replace('EIO=4', 'EIO=3') : POLLING
    await ask(port, protocol, { headers: { origin: ORIGIN } })
    await until(() => app.io.engine.clientsCount === 0, 'no session by polling')
    const ws = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}`, { headers: { origin: ORIGIN } })
    ws.on('error', () => {})
    await new Promise((resolve) => ws.once('close', resolve))
    assert.equal(app.io.engine.clientsCount, 0)
  })
}

for (const [what, option] of Object.entries(options)) {
  test(`a listener of headers that throws: its poll gets 500, and no session stays (${what})`, async (t) => {
    const { app, port } = await start(t, { cors: { origin: ORIGIN }, statelessHandshake: false, ...option }, (app) => {
      app.io.engine.on('headers', () => { throw new Error('mine') })
    })
    const path = what.endsWith('3') ? POLLING.replace('EIO=4', 'EIO=3') : POLLING
    assert.equal((await ask(port, path, { headers: { origin: ORIGIN } })).status, 500)
    await until(() => app.io.engine.clientsCount === 0, 'no session stays')
  })
}

test('a listener of a trial that rejects becomes a warning', async () => {
  const policy = new OriginPolicy({ origin: ORIGIN })
  const warned = once(process, 'warning')
  policy.trial({}, (async () => { throw new Error('the database is down') }) as () => void)
  await policy.decide(ORIGIN)
  assert.equal(((await warned)[0] as Error).message, 'the database is down')
})

test('a log that throws does not end the following of a store', async (t) => {
  let stored = { text: '', revision: '0' }
  let changed = (): void => {}
  const store = {
    name: 'memory',
    read: async () => stored.text === '' ? undefined : stored,
    write: async (text: string) => {
      stored = { text, revision: String(Number(stored.revision) + 1) }
      return true
    },
    watch: async (tell: () => void) => { changed = tell }
  }
  const log = { info () {}, error () { throw new Error('the log is full') } }
  const shared = await storedPolicy(store as never, { initial: { origin: ORIGIN }, pollInterval: 100, log })
  t.after(() => shared.close())
  const good = stored.text
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  stored = { text: 'no policy', revision: 'x' }
  changed()
  // its timers keep no process alive; until() does
  await until(() => warnings.some(({ message }) => message === 'the log is full'), 'the log was asked')
  const next = 'https://next.example.com'
  stored = { text: good, revision: 'y' }
  await until(async () => await shared.publish({ origin: next }).then(() => true, () => false), 'it can be published')
  assert.equal((await shared.policy.decide(next)).allowed, true)
})
