import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, suite, test } from 'node:test'
import { ORIGIN } from './support/client.ts'
import { upgradeHead } from './support/hostile.ts'
import { connections, exchange, linesOf, sent } from './support/raw.ts'
import { ask, POLLING, type Running, sidOf, start, UPGRADE, WEBSOCKET } from './support/server.ts'
import { sessionOf } from './support/sessions.ts'
import { until } from './support/until.ts'

for (const statelessHandshake of [true, false]) {
  suite(`hostile requests, statelessHandshake: ${statelessHandshake}`, () => {
    const unhandled: unknown[] = []
    const onUnhandled = (reason: unknown): void => { unhandled.push(reason) }
    before(() => { process.on('unhandledRejection', onUnhandled) })
    after(() => { process.off('unhandledRejection', onUnhandled) })

    /** After each attack the server is as it was: no session, no connection, and it still answers. */
    async function unharmed ({ app, port }: Running): Promise<void> {
      await until(async () => await connections(app) === 0, 'the connection has ended')
      assert.equal(app.io.engine.clientsCount, 0)
      assert.deepEqual(unhandled, [])
      assert.equal((await ask(port, '/api')).status, 200)
    }
    const serve = (t: Parameters<typeof start>[0], setUp: Parameters<typeof start>[2] = () => {}) =>
      start(t, { cors: { origin: ORIGIN }, statelessHandshake }, async (app) => {
        app.get('/api', async () => 'ok')
        await setUp(app)
      })

    const origins: Readonly<Record<string, string>> = {
      '10 kB': `Origin: https://${'a'.repeat(10_000)}.example\r\n`,
      'not ASCII': 'Origin: https://\xe4pp.example.com\r\n',
      duplicated: `Origin: ${ORIGIN}\r\nOrigin: https://attacker.example\r\n`,
      'the same twice': `Origin: ${ORIGIN}\r\nOrigin: ${ORIGIN}\r\n`,
      folded: `Origin: https://attacker.example\r\n ${ORIGIN}\r\n`,
      'with a line feed': `Origin: ${ORIGIN}\nX-Evil: 1\r\n`,
      'with a NUL': `Origin: ${ORIGIN}\0\r\n`,
      empty: 'Origin: \r\n',
      'with a tab': `Origin: ${ORIGIN}\t, https://attacker.example\r\n`
    }
    for (const [name, header] of Object.entries(origins)) {
      test(`an Origin that is ${name}`, async (t) => {
        const server = await serve(t)
        for (const [path, more] of [[POLLING, ''], [WEBSOCKET, linesOf(UPGRADE)]] as const) {
          const answer = await exchange(
            server.port,
            Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n${header}${more || 'Connection: close\r\n'}\r\n`, 'latin1')
          )
          assert.match(answer, /^HTTP\/1\.1 4\d\d /)
          assert.doesNotMatch(answer, /access-control-/i)
        }
        await unharmed(server)
      })
    }

    test('what Engine.IO turns down, with the status it documents', async (t) => {
      const server = await serve(t)
      const { port } = server
      const headers = { origin: ORIGIN }
      const expect = async (
        status: number, code: number | undefined, path: string, options: Parameters<typeof ask>[2] = {}
      ): Promise<void> => {
        const answer = await ask(port, path, { ...options, headers: { ...headers, ...options.headers } })
        assert.deepEqual(
          [answer.status, code === undefined ? undefined : JSON.parse(answer.body).code],
          [status, code],
          `${options.method ?? 'GET'} ${path}`
        )
      }
      await expect(400, 1, `${POLLING}&sid=unknown`)
      await expect(400, 1, `${POLLING}&sid=unknown`, { method: 'POST', body: '40' })
      await expect(400, 1, `${WEBSOCKET}&sid=unknown`, { headers: UPGRADE })
      await expect(400, 5, '/socket.io/?EIO=9&transport=polling')
      await expect(400, 5, '/socket.io/?EIO=9&transport=websocket', { headers: UPGRADE })
      await expect(400, 0, '/socket.io/?EIO=4')
      await expect(400, 0, '/socket.io/?EIO=4&transport=carrier-pigeon')
      await expect(400, 0, '/socket.io/?EIO=4&transport=carrier-pigeon', { headers: UPGRADE })
      await expect(400, 0, '/socket.io/')
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) await expect(400, 2, POLLING, { method })
      await expect(400, undefined, POLLING, { method: 'HEAD' })
      await expect(400, 3, WEBSOCKET, {})
      await expect(400, undefined, WEBSOCKET, { headers: { ...UPGRADE, 'sec-websocket-key': 'short' } })
      await expect(400, undefined, WEBSOCKET, {
        headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
      })
      await expect(400, undefined, WEBSOCKET, { headers: { ...UPGRADE, 'sec-websocket-version': '7' } })
      await expect(404, undefined, '/elsewhere', { headers: UPGRADE })
      await expect(400, 1, `${POLLING}&sid=a&sid=b`)
      await expect(400, 1, `${POLLING}&sid=${'x'.repeat(5000)}`)
      await unharmed(server)
    })

    test('bodies that are no payload', async (t) => {
      const server = await serve(t)
      const { port } = server
      for (const body of ['', 'x', '9', '4\x1e\x1e\x1e', 'b@@@', '42["a"', '\0'.repeat(1000)]) {
        const sid = sidOf(await ask(port, POLLING))
        const { status } = await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body })
        assert.ok(status === 200 || (status >= 400 && status < 500), `${JSON.stringify(body.slice(0, 20))}: ${status}`)
        await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '1' })
      }
      const sid = sidOf(await ask(port, POLLING))
      assert.equal(
        (await ask(port, `${POLLING}&sid=${sid}`, {
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body: '40'
        })).status,
        400
      )
      await unharmed(server)
    })

    test('requests aborted in every phase', async (t) => {
      let reached: (() => void) | undefined
      let goOn: (() => void) | undefined
      const server = await serve(t, (app) => app.addHook('onRequest', async (request) => {
        if (request.headers['x-slow'] === undefined) return
        reached?.()
        await new Promise<void>((resolve) => { goOn = resolve })
      }))
      const { port, app } = server
      const cut = async (bytes: string, when: 'sent' | 'reached' | 'answered'): Promise<void> => {
        const gone = when === 'reached' ? new Promise<void>((resolve) => { reached = resolve }) : undefined
        const socket = await sent(t, port, bytes)
        if (when === 'answered') await once(socket, 'data')
        await gone
        socket.destroy()
        await once(socket, 'close')
        if (gone === undefined) return
        // a request is told that its socket has closed; nobody reads from a socket that waits to be upgraded
        if (!bytes.includes('Upgrade')) {
          await until(async () => await connections(app) === 0, 'the connection has ended')
        }
        goOn!()
      }
      await cut(`GET ${POLLING} HTTP/1.1\r\nHost: x\r\nOrig`, 'sent')
      await cut(`GET ${POLLING} HTTP/1.1\r\nHost: x\r\nX-Slow: 1\r\n\r\n`, 'reached')
      await cut(`GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\nX-Slow: 1\r\n${linesOf(UPGRADE)}\r\n`, 'reached')
      await cut(`GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${linesOf(UPGRADE)}\r\n`, 'answered')
      // mid-POST and mid-poll: the session goes with its request, or with its close packet
      const host = `Host: 127.0.0.1:${port}`
      const heads = [`POST $ HTTP/1.1\r\n${host}\r\nContent-Length: 100\r\n\r\n40`, `GET $ HTTP/1.1\r\n${host}\r\n\r\n`]
      for (const bytes of heads) {
        const sid = sidOf(await ask(port, POLLING))
        const path = `${POLLING}&sid=${sid}`
        if (bytes.startsWith('GET')) {
          await ask(port, path, { method: 'POST', body: '40' })
          await ask(port, path)
        }
        const closed = bytes.startsWith('POST') && statelessHandshake
          ? once(app.io.engine, 'connection').then(([session]) => once(session, 'close'))
          : once(sessionOf(app, sid)!, 'close')
        const socket = await sent(t, port, bytes.replace('$', path))
        if (bytes.startsWith('GET')) {
          await until(() => sessionOf(app, sid)!.transport.writable, 'the poll is held')
        } else {
          await until(() => sessionOf(app, sid)?.transport.dataReq, 'the POST has come')
        }
        socket.destroy()
        await closed
      }
      await unharmed(server)
    })

    test('an upgrade pipelined behind a request that waits, then reset', async (t) => {
      let goOn: (() => void) | undefined
      let reached: (() => void) | undefined
      const waiting = new Promise<void>((resolve) => { reached = resolve })
      const server = await serve(t, (app) =>
        app.get('/slow', async () => {
          reached!()
          await new Promise<void>((resolve) => { goOn = resolve })
          return 'ok'
        }))
      const socket = await sent(
        t,
        server.port,
        `GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${linesOf(UPGRADE)}\r\n`
      )
      await waiting
      socket.resetAndDestroy()
      await once(socket, 'close')
      goOn!()
      await unharmed(server)
    })

    test('PUT and its like on a live session are 400', async (t) => {
      const { port, app } = await serve(t)
      const sid = sidOf(await ask(port, POLLING))
      await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '40' })
      for (const method of ['PUT', 'DELETE', 'HEAD']) {
        assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method })).status, 400)
      }
      assert.equal(app.io.engine.clientsCount, 1)
    })

    test('pipelined and half-sent requests', async (t) => {
      const server = await serve(t)
      const attack = upgradeHead(WEBSOCKET, 'Origin: https://attacker.example\r\n')
      const answer = await exchange(server.port, `GET ${POLLING} HTTP/1.1\r\nHost: x\r\n\r\n${attack}`)
      assert.equal(answer.match(/HTTP\/1\.1 \d/g)!.length, 2)
      assert.match(answer, /HTTP\/1\.1 403 /)
      if (!statelessHandshake) server.app.io.engine.close()
      await unharmed(server)
    })
  })
}
