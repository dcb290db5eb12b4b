// Clients that come back must do so as socket.io-client's do.
import assert from 'node:assert/strict'
import { access } from 'node:fs/promises'
import { test } from 'node:test'
import { Manager } from 'socket.io-client'
import { contenderOf, fileOf } from '../../benchmarks/contenders.ts'
import { delayOf } from '../../benchmarks/drivers/storm-client.ts'
import { runStorm, stormContenders } from '../../benchmarks/storm.ts'

test('the delays are the defaults of socket.io-client', (t) => {
  for (const part of [0, 0.05, 0.19, 0.5, 0.74, 0.999]) {
    t.mock.method(Math, 'random', () => part)
    const manager: unknown = new Manager('http://127.0.0.1', { autoConnect: false })
    const { backoff } = manager as { backoff: { duration (): number } }
    const theirs = Array.from({ length: 5 }, () => backoff.duration())
    assert.deepEqual(theirs.map((_, attempts) => Math.trunc(delayOf(attempts))), theirs)
  }
})

test('clients come back to a new process on the same port', { timeout: 60_000 }, async () => {
  const cell = await runStorm(contenderOf('fastify-socketio'), 20)
  assert.equal(cell.clients, 20)
  // nobody comes sooner than half a second
  assert.ok(cell.half > 0.5 && cell.half <= cell.most && cell.most <= cell.all, JSON.stringify(cell))
  assert.ok(cell.cpu > 0 && cell.rest > 0 && cell.driverBusy > 0 && cell.failed >= 0)
})

test('every contender of the storm has a file', async () => {
  for (const id of stormContenders) await access(fileOf(id))
})
