import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { OriginPolicy, type FastifyIOOptions } from '../../lib/index.ts'
import { client, connect, upgraded } from '../support/client.ts'
import { joined, sent, UPGRADE_LINES } from '../support/raw.ts'
import { ask, POLLING, WEBSOCKET } from '../support/server.ts'
import { sessionOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

/** Closed by the test itself. */
async function serve (
  options: FastifyIOOptions = {}, port = 0, server = {}
): Promise<{ app: FastifyInstance; port: number; own: string }> {
  const app = Fastify(server)
  await app.register(fastifyIO, options)
  const own = await app.listen({ port, host: '127.0.0.1' })
  return { app, own, port: Number(new URL(own).port) }
}

function handles (): string[] {
  return process.getActiveResourcesInfo().filter((name) => /^TCP|^Timeout$/.test(name))
}

for (const statelessHandshake of [true, false]) {
  suite(`closing, statelessHandshake: ${statelessHandshake}`, () => {
    test('leaves no handle: sockets, servers, timers', async (t) => {
      const { app, own, port } = await serve({ statelessHandshake })
      const sockets = await Promise.all(
        [['polling'], ['websocket'], ['polling', 'websocket']].map((transports) =>
          connect(t, own, { transports, extraHeaders: {} })
        )
      )
      await ask(port, POLLING)
      const gone = Promise.all(sockets.map((socket) => once(socket as never, 'disconnect')))
      await app.close()
      for (const [reason] of await gone) assert.equal(reason, 'transport close')
      for (const socket of sockets) socket.close()
      await until(() => handles().length === 0, 'no handle is left')
    })

    test('a poll that is held is answered, and its connection ends', async (t) => {
      const { app, port } = await serve({ statelessHandshake })
      const sid = await joined(port)
      const socket = await sent(t, port, `GET ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await until(() => sessionOf(app, sid)!.transport.writable, 'the poll is held')
      const [[data]] = await Promise.all([once(socket, 'data'), once(socket, 'close'), app.close()])
      // Engine.IO protocol 4: 1 closes the transport; no 41, which would tell the client to stay away
      assert.match(String(data), /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*\r\n\r\n1$/i)
    })

    test('in the middle of a POST', async (t) => {
      const { app, port } = await serve({ statelessHandshake })
      const sid = await joined(port)
      const socket = await sent(
        t,
        port,
        `POST ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n42`
      )
      await until(() => sessionOf(app, sid)!.transport.dataReq, 'the POST has come')
      await Promise.all([once(socket, 'close'), app.close()])
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('with peers that do not read', async (t) => {
      const { app, port } = await serve({ statelessHandshake, maxHttpBufferSize: 1e8 })
      const sid = await joined(port)
      const accepted = once(app.io, 'connection')
      const deaf = await sent(t, port, `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`)
      await once(deaf, 'data')
      deaf.pause()
      // a masked text frame: 40
      deaf.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]))
      await accepted
      app.io.emit('big', 'x'.repeat(2e7))
      const asked = once(app.server, 'request')
      const poll = await sent(t, port, `GET ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: x\r\n\r\n`)
      poll.pause()
      await asked
      await app.close()
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('while the hooks of an upgrade run: 503', async (t) => {
      let reached: (() => void) | undefined
      let goOn: (() => void) | undefined
      const app = Fastify()
      await app.register(fastifyIO, { statelessHandshake })
      app.addHook('onRequest', async () => {
        reached!()
        await new Promise<void>((resolve) => { goOn = resolve })
      })
      await app.listen({ port: 0, host: '127.0.0.1' })
      const { port } = app.server.address() as { port: number }
      const inHook = new Promise<void>((resolve) => { reached = resolve })
      const socket = await sent(t, port, `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`)
      await inHook
      const answered = once(socket, 'data')
      const closed = app.close()
      // preClose has run when the listener is gone
      await until(() => app.server.listenerCount('upgrade') === 0, 'the upgrade listener is gone')
      await new Promise(setImmediate)
      goOn!()
      assert.match(String((await answered)[0]), /^HTTP\/1\.1 503 /)
      await closed
      assert.equal(app.io.engine.clientsCount, 0)
    })

    test('clients come back to the next server on that port', async (t) => {
      const { app, own, port } = await serve({ statelessHandshake })
      const sockets = [['polling'], ['websocket'], ['polling', 'websocket']].map((transports) =>
        client(t, own, {
          transports,
          extraHeaders: {},
          reconnection: true,
          reconnectionDelay: 5,
          reconnectionDelayMax: 20
        })
      )
      await Promise.all(sockets.map((socket) => once(socket as never, 'connect')))
      // whoever is about to change the transport may see the end of either
      await upgraded(sockets[2]!)
      const back = Promise.all(sockets.map((socket) => once(socket as never, 'disconnect').then(([reason]) => {
        assert.equal(reason, 'transport close')
        return once(socket as never, 'connect')
      })))
      await app.close()
      const next = await serve({ statelessHandshake }, port)
      t.after(() => next.app.close())
      await back
      assert.equal(next.app.io.engine.clientsCount, sockets.length)
    })
  })
}

test('io.close() by the user, then app.close(), twice', async () => {
  const { app } = await serve()
  await app.io.close()
  await app.close()
  await app.close()
  const idle = Fastify()
  await idle.register(fastifyIO)
  await idle.close()
})

test('a closed app holds nothing of a policy that others go on using', async () => {
  const lines: string[] = []
  const policy = new OriginPolicy({ origin: async () => { throw new Error('no database') } })
  const { app, port } = await serve({ cors: policy }, 0, {
    logger: { level: 'error', stream: { write: (line: string) => { lines.push(line) } } }
  })
  await ask(port, POLLING, { headers: { origin: 'https://a.example' } })
  assert.equal(lines.length, 1)
  await app.close()
  assert.equal((await policy.decide('https://a.example')).reason, 'error')
  assert.equal(lines.length, 1)
})
