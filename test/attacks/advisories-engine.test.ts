// Published advisories of engine.io: requests that ended the process, or that held memory or connections.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { ReadableStream, WritableStream } from 'node:stream/web'
import { suite, test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { retained, serve, unharmed, upgradeHead } from '../support/hostile.ts'
import { exchange, joined, sent } from '../support/raw.ts'
import { ask, POLLING, type Running, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

type Test = Parameters<typeof serve>[0]

const MB = 1_000_000
const headers = { origin: ORIGIN }
const EIO3 = '/socket.io/?EIO=3&transport=polling'

/** Names that every object has: looked up without care they are found. */
const INHERITED = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf', '__defineGetter__']

for (const statelessHandshake of [true, false]) {
  suite(`statelessHandshake: ${statelessHandshake}`, () => {
    const attack = (name: string, run: (server: Running, t: Test) => Promise<void>): void => {
      test(name, async (t) => {
        const server = await serve(t, { statelessHandshake, allowEIO3: true })
        await run(server, t)
        await unharmed(server)
      })
    }
    const leave = ({ port }: Running, path: string, body = '1') => ask(port, path, { method: 'POST', body })

    attack('CVE-2020-36048: a POST of as many packets as fit in is answered, and nothing is kept', async (server) => {
      const { port } = server
      for (const packet of ['6', '3', 'bAA==']) {
        const path = `${POLLING}&sid=${await joined(port)}`
        const before = retained()
        const body = Array(Math.floor(MB / (packet.length + 1))).fill(packet).join('\x1e')
        const late = ask(port, '/api')
        assert.equal((await ask(port, path, { method: 'POST', body })).status, 200)
        assert.equal((await late).body, 'ok')
        await leave(server, path)
        ask(port, path).catch(() => {})
        // what Node compiles meanwhile counts too; kept packets would be 50 MB
        await until(() => retained() - before < 5 * MB, 'nothing is kept')
      }
      const path = `${EIO3}&sid=${/"sid":"([^"]+)"/.exec((await ask(port, EIO3)).body)![1]}`
      assert.equal((await ask(port, path, { method: 'POST', body: '1:3'.repeat(MB / 3) })).status, 200)
      await leave(server, path, '1:1')
      ask(port, path).catch(() => {})
    })

    attack('CVE-2020-36048: a POST that is too large is 413 at the byte that is too many', async (server, t) => {
      const { port } = server
      for (const declared of [true, false]) {
        const path = `${POLLING}&sid=${await joined(port)}`
        const before = retained()
        const length = declared ? 'Content-Length: 100000000' : 'Transfer-Encoding: chunked'
        const socket = await sent(t, port, `POST ${path} HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n`)
        const answered = once(socket, 'data')
        const part = Buffer.alloc(65_536, '6')
        const chunk = declared ? part : Buffer.concat([Buffer.from('10000\r\n'), part, Buffer.from('\r\n')])
        for (let at = 0; at < 17; at++) socket.write(chunk)
        assert.match(String((await answered)[0]), /^HTTP\/1\.1 413 /)
        await until(() => retained() - before < MB, 'nothing is kept of the body')
        socket.destroy()
        await leave(server, path)
      }
    })

    attack('CVE-2022-41940: a connection reset behind an upgrade that is turned down', async ({ port }) => {
      const heads = [
        upgradeHead('/socket.io/?EIO=4&transport=unknown'), upgradeHead(`${WEBSOCKET}&sid=unknown`),
        upgradeHead('/socket.io/?EIO=2&transport=websocket'), upgradeHead('/nowhere'),
        upgradeHead(WEBSOCKET, 'Origin: https://attacker.example\r\n'),
        upgradeHead(WEBSOCKET, 'Sec-WebSocket-Version: 99\r\n'),
        `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`
      ]
      await Promise.all(heads.flatMap((head) => ['at once', 'written', 'answered'].map(async (when) => {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => {})
        await once(socket, 'connect')
        if (when === 'at once') socket.write(head)
        else if (when === 'written') await new Promise<unknown>((resolve) => socket.write(head, resolve))
        else {
          socket.write(head)
          await once(socket, 'data')
        }
        socket.resetAndDestroy()
        await once(socket, 'close')
      })))
    })

    attack('CVE-2023-31125: a transport that is none, or is a property, is 400 before any 101', async ({ port }) => {
      for (const name of [...INHERITED, 'unknown', '', 'webtransport', 'polling,websocket', '%00']) {
        const path = `/socket.io/?EIO=4&transport=${name}`
        for (const options of [{ headers }, { headers: { ...headers, ...UPGRADE } }]) {
          assert.equal((await ask(port, path, options)).status, 400, `${path} ${Object.keys(options.headers)}`)
          assert.equal((await ask(port, `${path}&sid=${name}x`, options)).status, 400)
        }
      }
      for (const query of [
        'EIO=4', 'EIO=4&transport', 'EIO=4&transport[]=websocket', '__proto__[transport]=websocket&EIO=4',
        'EIO=__proto__&transport=constructor'
      ]) {
        const { status } = await ask(port, `/socket.io/?${query}`, { headers: { ...headers, ...UPGRADE } })
        assert.equal(status, 400, query)
      }
      // an upgrade that names a transport which takes none
      assert.equal((await ask(port, POLLING, { headers: { ...headers, ...UPGRADE } })).status, 400)
    })

    attack('CVE-2026-59725: a binary POST is answered and ended, and its session with it', async ({ port, app }) => {
      await Promise.all(Array.from({ length: 20 }, async () => {
        const sid = sidOf(await ask(port, POLLING, { headers }))
        const head = `POST ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: x\r\nOrigin: ${ORIGIN}\r\nConnection: close\r\n`
        const body = 'Content-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\n\xff\0'
        const answer = await exchange(port, Buffer.from(head + body, 'latin1'))
        assert.match(answer, /^HTTP\/1\.1 400 /)
      }))
      assert.equal(app.io.engine.clientsCount, 0)
    })

    attack('GHSA-gr94-w7qr-f4j3: a sid that is the name of a property belongs to nobody', async ({ port }) => {
      for (const sid of INHERITED) {
        for (const transport of ['polling', 'websocket', 'webtransport']) {
          const path = `/socket.io/?EIO=4&transport=${transport}&sid=${sid}`
          assert.equal((await ask(port, path, { headers })).status, 400, path)
          assert.equal((await ask(port, path, { method: 'POST', body: '40', headers })).status, 400, path)
          assert.equal((await ask(port, path, { headers: { ...headers, ...UPGRADE } })).status, 400, path)
        }
      }
    })

    attack('GHSA-2gc4-cqfq-p2gv: a session answers the protocol revision that opened it only', async (server) => {
      const { port } = server
      const sid = await joined(port)
      for (const EIO of ['3', '2', '5', '', 'x']) {
        for (const [method, more] of [['GET', {}], ['POST', {}], ['GET', UPGRADE]] as const) {
          const path = `/socket.io/?EIO=${EIO}&transport=${more === UPGRADE ? 'websocket' : 'polling'}&sid=${sid}`
          const { status } = await ask(port, path, { method, headers: more, ...(method === 'POST' && { body: '1:1' }) })
          assert.equal(status, 400, `${method} ${path}`)
        }
      }
      const old = /"sid":"([^"]+)"/.exec((await ask(port, EIO3)).body)![1]
      assert.equal((await ask(port, `${POLLING}&sid=${old}`)).status, 400)
      assert.equal((await ask(port, `${WEBSOCKET}&sid=${old}`, { headers: UPGRADE })).status, 400)
      assert.equal(server.app.io.engine.clientsCount, 2)
      server.app.io.engine.close()
      ask(port, `${POLLING}&sid=${sid}`).catch(() => {})
    })
  })
}

test('GHSA-gr94-w7qr-f4j3: WebTransport cannot be turned on', async (t) => {
  await assert.rejects(start(t, { transports: ['webtransport'] as never }), /no Origin that could be checked/)
})

test('GHSA-gr94-w7qr-f4j3: WebTransport cannot be let in beside the policy', async (t) => {
  const server = await serve(t)
  const sid = await joined(server.port)
  for (const first of ['0', '0{"sid":"__proto__"}', `0{"sid":"${sid}"}`]) {
    // what an HTTP/3 server hands over: one stream, and on it one packet (Engine.IO protocol 4, "WebTransport")
    const packet = Buffer.concat([Buffer.of(first.length), Buffer.from(first)])
    const stream = { readable: ReadableStream.from([packet]), writable: new WritableStream() }
    let ended = false
    const session = {
      closed: new Promise(() => {}),
      incomingBidirectionalStreams: ReadableStream.from([stream]),
      close () { ended = true }
    }
    await server.app.io.engine.onWebTransportSession(session)
    assert.ok(ended)
    assert.equal(server.app.io.engine.clientsCount, 1)
  }
  await ask(server.port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '1' })
  await unharmed(server)
})
