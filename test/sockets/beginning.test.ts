// The guard of a session's beginning leaves when the session has begun properly.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { ask, POLLING, type Running, sidOf, start, WEBSOCKET } from '../support/server.ts'
import { type Session, sessionOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

/** One name for all servers of a fleet. */
const headers = { host: 'fleet.example' }

/** A handshake of this server, or of another that shares its secret. */
async function shaken (t: TestContext, issuer: 'own' | 'foreign'): Promise<{ server: Running, path: string }> {
  const options = { handshakeSecret: 'a secret that is long enough: 32+' }
  const server = await start(t, options)
  const from = issuer === 'own' ? server : await start(t, options)
  return { server, path: `&sid=${sidOf(await ask(from.port, POLLING, { headers }))}` }
}

const post = ({ port }: Running, path: string, body: string) =>
  ask(port, `${POLLING}${path}`, { method: 'POST', headers, body })

const sessionAt = ({ app }: Running, path: string): Session => sessionOf(app, path.slice('&sid='.length))!

function isDirect (session: Session): boolean {
  return session.transport.sink === session
}

/** What the guard listens for; the engine and Socket.IO listen as well. */
const listeners = (session: Session): number[] =>
  ['upgrade', 'data', 'close'].map((event) => session.listenerCount(event))

for (const issuer of ['own', 'foreign'] as const) {
  suite(`a session of ${issuer === 'own' ? 'this' : 'another'} process`, () => {
    for (const first of ['POST', 'poll'] as const) {
      test(`hears its polling transport directly after CONNECT and a poll, the ${first} first`, async (t) => {
        const { server, path } = await shaken(t, issuer)
        if (first === 'POST') await post(server, path, '40')
        const poll = ask(server.port, `${POLLING}${path}`, { headers })
        if (first === 'poll') {
          await until(() => sessionAt(server, path)?.transport.writable, 'the poll is held')
          assert.ok(!isDirect(sessionAt(server, path)), 'guarded before')
          await post(server, path, '40')
        }
        assert.match((await poll).body, /^40\{"sid"/)
        const session = sessionAt(server, path)
        assert.ok(isDirect(session))
        const before = listeners(session)
        await post(server, path, '42["x"]')
        assert.ok(isDirect(session), 'and it stays so')
        assert.deepEqual(listeners(session), before)
      })
    }

    test('hears a WebSocket that carries CONNECT directly', async (t) => {
      const { server, path } = await shaken(t, issuer)
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}${WEBSOCKET}${path}`, { headers })
      t.after(() => socket.terminate())
      await once(socket, 'open')
      socket.send('2probe')
      await once(socket, 'message')
      socket.send('5')
      const session = sessionAt(server, path)
      await until(() => session.transport.name === 'websocket', 'it has changed over')
      assert.ok(!isDirect(session), 'guarded before')
      socket.send('40')
      assert.match(String((await once(socket, 'message'))[0]), /^40\{"sid"/)
      assert.ok(isDirect(session))
    })
  })
}
