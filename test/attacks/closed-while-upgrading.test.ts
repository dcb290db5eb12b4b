// A session that is closed while its client upgrades: the transport that it leaves must not wait for one more poll.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { WebSocket } from 'ws'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { slowdown } from '../support/pace.ts'
import { ask, POLLING, sidOf, start, WEBSOCKET } from '../support/server.ts'
import { sessionOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

/** Far longer than the test waits. */
const LONG = 600_000

function timers (): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

const kinds: Readonly<Record<string, FastifyIOOptions>> = {
  'our session': {},
  'our session, made at once': { statelessHandshake: false },
  'Engine.IO\'s own session': { cookie: true }
}

suite('a session that is closed between the probe and the upgrade', () => {
  for (const [kind, options] of Object.entries(kinds)) {
    test(`leaves no timer, and no WebSocket: ${kind}`, async (t) => {
      // the heartbeat's timers end with the session
      const { app, port } = await start(t, { ...options, pingInterval: LONG, pingTimeout: LONG })
      const sid = sidOf(await ask(port, POLLING))
      await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '40' })
      await ask(port, `${POLLING}&sid=${sid}`)
      const session = sessionOf(app, sid)!
      const polling = session.transport
      polling.closeTimeout = LONG
      const socket = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}&sid=${sid}`)
      await once(socket, 'open')
      socket.send('2probe')
      await once(socket, 'message')
      session.close()
      assert.ok(polling.shouldClose, 'it waits for a poll')
      const closed = once(socket, 'close')
      socket.send('5')
      await closed
      assert.equal(app.io.engine.clientsCount, 0)
      assert.ok(!polling.shouldClose, 'it waits no more')
      await app.close()
      await until(() => timers() === 0, 'no timer is left')
    })
  }
})

test('a ping that is not answered yet when the transport changes does not end the session', async (t) => {
  // time enough for a client on a busy machine to join and to fetch its ping
  const pingTimeout = Math.ceil(700 * slowdown())
  const { app, port } = await start(t, { pingInterval: 100, pingTimeout })
  const join = async (): Promise<{ sid: string, closed: Promise<unknown[]> }> => {
    const sid = sidOf(await ask(port, POLLING))
    const path = `${POLLING}&sid=${sid}`
    await ask(port, path, { method: 'POST', body: '40' })
    assert.match((await ask(port, path)).body, /^40/)
    assert.equal((await ask(port, path)).body, '2')
    const session = sessionOf(app, sid)!
    return { sid, closed: once(session, 'close') }
  }
  const { sid, closed } = await join()
  let reason: unknown
  closed.then(([why]) => { reason = why })
  const socket = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}&sid=${sid}`)
  t.after(() => socket.terminate())
  await once(socket, 'open')
  socket.send('2probe')
  await once(socket, 'message')
  socket.send('5')
  // a client that got its ping later, and never answers it, has timed out: so would this one have
  assert.deepEqual((await (await join()).closed)[0], 'ping timeout')
  assert.equal(reason, undefined)
  // as clients do: the heartbeat goes on
  const ping = once(socket, 'message')
  socket.send('3')
  assert.equal(String((await ping)[0]), '2')
})
