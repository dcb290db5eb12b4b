// `app.io.close()` closes all of Socket.IO, and nothing else: no client may join a server whose adapters are gone.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import fastifyIO from '../../lib/index.ts'
import { connect } from '../support/client.ts'
import { ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

for (const statelessHandshake of [true, false]) {
  suite(`app.io.close(), statelessHandshake: ${statelessHandshake}`, () => {
    test('sessions end, handshakes and upgrades are answered 503, REST goes on', async (t) => {
      const { app, port, own } = await start(t, { statelessHandshake }, (app) => { app.get('/api', async () => 'ok') })
      const sockets = []
      for (const transport of ['polling', 'websocket']) {
        sockets.push(await connect(t, own, { transports: [transport], extraHeaders: {} }))
      }
      const fresh = sidOf(await ask(port, POLLING))
      const gone = sockets.map((socket) => once(socket as never, 'disconnect'))
      await app.io.close()
      for (const [reason] of await Promise.all(gone)) assert.equal(reason, 'transport close')
      assert.deepEqual([app.io.engine.clientsCount, app.io.sockets.sockets.size], [0, 0])
      assert.equal((await ask(port, POLLING)).status, 503)
      assert.equal((await ask(port, `${POLLING}&sid=${fresh}`)).status, 503)
      assert.equal((await ask(port, `${POLLING}&sid=${fresh}`, { method: 'POST', body: '40' })).status, 503)
      assert.equal((await ask(port, WEBSOCKET, { headers: UPGRADE })).status, 503)
      assert.equal((await ask(port, `${WEBSOCKET}&sid=${fresh}`, { headers: UPGRADE })).status, 503)
      assert.equal((await ask(port, '/api')).body, 'ok')
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('twice, with a callback, and app.close() after it', async () => {
      const app = Fastify()
      await app.register(fastifyIO, { statelessHandshake })
      await app.listen({ port: 0, host: '127.0.0.1' })
      let called = 0
      await Promise.all([app.io.close(() => { called++ }), app.io.close(() => { called++ })])
      await app.io.close()
      assert.deepEqual([called, app.server.listening], [2, true])
      await app.close()
      await app.io.close()
      assert.equal(app.server.listening, false)
    })

    test('before the app listens', async (t) => {
      const app = Fastify()
      t.after(() => app.close())
      await app.register(fastifyIO, { statelessHandshake })
      await app.io.close()
      assert.equal((await app.inject(POLLING)).statusCode, 503)
    })
  })
}
