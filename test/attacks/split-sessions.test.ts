// Several processes with one handshakeSecret: each can make a session of a handshake, and a balancer that spreads the
// requests of one client would have them make a part each. The client must learn so at once.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { client, connect, upgraded } from '../support/client.ts'
import { balancer, bySid, roundRobin, type Route } from '../support/fleet.ts'
import { connections, sent } from '../support/raw.ts'
import { ask, type Answer, POLLING, type Running, sidOf, start } from '../support/server.ts'
import { until } from '../support/until.ts'

const handshakeSecret = 'a secret that is long enough: 32+'
const SPREAD = /"reason":"foreign-session".*requests of one session reach several processes/

interface Member extends Running {
  readonly lines: string[]
  /** Socket.IO's `connection` events. */
  connections: number
  readonly contexts: { sid: string, name: string }[]
}

/** Several servers of one fleet, in this process. */
async function fleet (t: TestContext, size: number, options: FastifyIOOptions = {}): Promise<Member[]> {
  return Promise.all(Array.from({ length: size }, async () => {
    const lines: string[] = []
    const logger = { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } }
    const running = await start(t, { handshakeSecret, ...options }, () => {}, { logger })
    const member: Member = { ...running, lines, connections: 0, contexts: [] }
    running.app.io.on('connection', () => { member.connections++ })
    running.app.io.engine.on('connection_error', ({ context }: { context: Member['contexts'][number] }) => {
      member.contexts.push(context)
    })
    return member
  }))
}

/** One name for all of them, as behind a balancer: a session belongs to the Host that it began with. */
const headers = { host: 'fleet.example' }
const shake = async ({ port }: Running) => sidOf(await ask(port, POLLING, { headers }))
const post = ({ port }: Running, sid: string, body: string) =>
  ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body })
const poll = ({ port }: Running, sid: string) => ask(port, `${POLLING}&sid=${sid}`, { headers })
const sessions = ({ app }: Running) => app.io.engine.clientsCount

function refused ({ status, body }: Answer, message?: string): void {
  assert.deepEqual([status, JSON.parse(body)], [400, { code: 1, message: 'Session ID unknown' }], message)
}

function gone (member: Member): Promise<unknown> {
  return until(() => sessions(member) === 0, 'no session is left')
}

/** A WebSocket that has changed over from polling. */
async function changedOver (t: TestContext, { port }: Running, sid: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket&sid=${sid}`, { headers })
  t.after(() => socket.terminate())
  await once(socket, 'open')
  socket.send('2probe')
  assert.equal(String((await once(socket, 'message'))[0]), '3probe')
  socket.send('5')
  return socket
}

suite('a handshake of another process', () => {
  for (const body of ['420["msg",1]', '42["msg",1]', '3', '1', '2', '', '4', '41', 'b4MA==', '420["msg",1]\x1e40']) {
    test(`opens nothing for a client that goes on where another process was: ${JSON.stringify(body)}`, async (t) => {
      const [a, b] = await fleet(t, 2) as [Member, Member]
      const sid = await shake(a)
      refused(await post(b, sid, body))
      refused(await post(b, sid, '40'), 'it counts as used')
      refused(await poll(b, sid))
      assert.deepEqual([sessions(b), b.connections], [0, 0])
      assert.deepEqual(b.contexts[0], { sid, name: 'FOREIGN_SESSION' })
      assert.equal(b.lines.filter((line) => SPREAD.test(line)).length, 1)
      assert.equal(sessions(a), 0)
    })
  }

  test('a held poll is refused too when another packet comes first', async (t) => {
    const [a, b] = await fleet(t, 2) as [Member, Member]
    const sid = await shake(a)
    const held = poll(b, sid)
    await until(() => sessions(b) === 1, 'the poll is held')
    refused(await post(b, sid, '42["msg",1]'))
    refused(await held)
    assert.equal(sessions(b), 0)
  })

  test('a poll whose CONNECT went elsewhere is refused after 2 s; one line a minute', async (t) => {
    const [a, b] = await fleet(t, 2) as [Member, Member]
    const began = performance.now()
    const sids = [await shake(a), await shake(a), await shake(a)]
    for (const answer of await Promise.all(sids.map((sid) => poll(b, sid)))) {
      refused(answer)
    }
    const took = performance.now() - began
    assert.ok(took > 1900 && took < 10_000, `${took} ms`)
    assert.deepEqual([sessions(b), b.connections, b.lines.filter((line) => SPREAD.test(line)).length], [0, 0, 1])
  })

  test('a CONNECT whose poll went elsewhere: Socket.IO hears of no connection', async (t) => {
    const [a, b] = await fleet(t, 2) as [Member, Member]
    const sid = await shake(a)
    assert.equal((await post(b, sid, '40')).body, 'ok')
    await gone(b)
    refused(await poll(b, sid))
    assert.equal(b.connections, 0)
    assert.ok(b.lines.some((line) => SPREAD.test(line)))
  })

  test('begins with CONNECT and a poll, in each order; several namespaces may be in one payload', async (t) => {
    const [a, b] = await fleet(t, 2) as [Member, Member]
    const others: string[] = []
    for (const name of ['/one', '/two']) b.app.io.of(name).on('connection', () => others.push(name))
    const one = await shake(a)
    assert.equal((await post(b, one, '40\x1e40/one,')).body, 'ok')
    assert.equal((await post(b, one, '40/two,')).body, 'ok')
    assert.match((await poll(b, one)).body, /^40\{"sid"/)
    await until(() => others.length === 2, 'both other namespaces')
    const two = await shake(a)
    const held = poll(b, two)
    await until(() => sessions(b) === 2, 'the poll is held')
    assert.equal((await post(b, two, '40')).body, 'ok')
    assert.match((await held).body, /^40\{"sid"/)
    assert.equal(b.connections, 2)
    assert.equal(b.lines.length, 0)
  })

  test('a WebSocket alone may carry CONNECT', async (t) => {
    const [a, b] = await fleet(t, 2) as [Member, Member]
    const socket = await changedOver(t, b, await shake(a))
    socket.send('40')
    assert.match(String((await once(socket, 'message'))[0]), /^40\{"sid"/)
    socket.send('42["x"]')
    await delay(2200)
    assert.deepEqual([socket.readyState, b.connections, sessions(b)], [WebSocket.OPEN, 1, 1], 'and stays')
  })

  test('a WebSocket that begins with something else, or with nothing, is closed', async (t) => {
    const [a, b] = await fleet(t, 2, { upgradeTimeout: 500 }) as [Member, Member]
    for (const packet of ['42["x"]', undefined]) {
      const socket = await changedOver(t, b, await shake(a))
      if (packet !== undefined) socket.send(packet)
      await once(socket, 'close')
    }
    // probed, and no more
    const socket = new WebSocket(
      `ws://127.0.0.1:${b.port}/socket.io/?EIO=4&transport=websocket&sid=${await shake(a)}`,
      { headers }
    )
    await once(socket, 'open')
    socket.send('2probe')
    await once(socket, 'close')
    await gone(b)
    assert.equal(b.connections, 0)
  })

  test('a pong answers a ping of this process, and is no first packet', async (t) => {
    const [a, b] = await fleet(t, 2, { pingInterval: 100, pingTimeout: 20_000 }) as [Member, Member]
    const sid = await shake(a)
    assert.equal((await poll(b, sid)).body, '2')
    assert.equal((await post(b, sid, '3')).body, 'ok')
    const held = poll(b, sid)
    assert.equal((await post(b, sid, '40')).body, 'ok')
    assert.match((await held).body, /40\{"sid"|2/)
    await until(() => b.connections === 1, 'the connection')
  })

  test('a POST whose body is slow has been heard', async (t) => {
    const [a, b] = await fleet(t, 2) as [Member, Member]
    const sid = await shake(a)
    const held = poll(b, sid)
    const slow = request({
      port: b.port,
      host: '127.0.0.1',
      path: `${POLLING}&sid=${sid}`,
      method: 'POST',
      headers: { ...headers, 'content-length': 2 }
    })
    const answer = once(slow, 'response')
    slow.write('4')
    await delay(2200)
    assert.equal(sessions(b), 1)
    slow.end('0')
    assert.equal((await answer)[0].statusCode, 200)
    assert.match((await held).body, /^40\{"sid"/)
  })

  test('what waits for the poll is bounded by maxHttpBufferSize', async (t) => {
    const [a, b] = await fleet(t, 2, { maxHttpBufferSize: 1000 }) as [Member, Member]
    const sid = await shake(a)
    assert.equal((await post(b, sid, '40')).body, 'ok')
    assert.equal((await post(b, sid, `42["${'x'.repeat(800)}"]`)).body, 'ok')
    refused(await post(b, sid, `42["${'x'.repeat(800)}"]`))
    assert.equal(sessions(b), 0)
  })

  test('packets without data are bounded too: each takes memory', async (t) => {
    const [a, b] = await fleet(t, 2, { maxHttpBufferSize: 1000 }) as [Member, Member]
    const sid = await shake(a)
    assert.equal((await post(b, sid, '40')).body, 'ok')
    refused(await post(b, sid, Array.from({ length: 400 }, () => '4').join('\x1e')))
    assert.equal(sessions(b), 0)
  })

  test('a listener of connection_error that throws ends neither the process nor the answer', async (t) => {
    const [a, b] = await fleet(t, 2) as [Member, Member]
    b.app.io.engine.on('connection_error', () => { throw new Error('mine') })
    refused(await post(b, await shake(a), '42["x"]'))
    refused(await poll(b, await shake(a)))
    assert.ok(b.lines.some((line) => line.includes('mine')))
  })

  test('a client that goes leaves nothing behind; nor does a server that closes', async (t) => {
    const [a, b] = await fleet(t, 2) as [Member, Member]
    const socket = await sent(
      t,
      b.port,
      `GET ${POLLING}&sid=${await shake(a)} HTTP/1.1\r\nHost: ${headers.host}\r\n\r\n`
    )
    await until(() => sessions(b) === 1, 'the poll is held')
    socket.destroy()
    await gone(b)
    const held = poll(b, await shake(a))
    await until(() => sessions(b) === 1, 'the poll is held')
    await b.app.close()
    assert.notEqual((await held).status, 500)
    assert.equal(sessions(b), 0)
    assert.equal(b.lines.length, 0)
    assert.equal(await connections(b.app).catch(() => 0) ?? 0, 0)
  })

  test('with another parser, its CONNECT is told from its other packets', async (t) => {
    class Encoder {
      encode (packet: object): string[] { return [JSON.stringify(packet)] }
    }
    class Decoder extends EventEmitter {
      add (text: string): void { this.emit('decoded', JSON.parse(text)) }
      destroy (): void {}
    }
    const [a, b] = await fleet(t, 2, { parser: { Encoder, Decoder } }) as [Member, Member]
    for (const body of ['4{"type":2,"nsp":"/","data":["x"]}', '4not JSON', '40']) {
      refused(await post(b, await shake(a), body))
    }
    const sid = await shake(a)
    assert.equal((await post(b, sid, '4{"type":0,"nsp":"/"}')).body, 'ok')
    assert.match((await poll(b, sid)).body, /^4\{"type":0,.*"sid"/)
  })
})

suite('the own handshake, where a secret is shared', () => {
  test('a client that is slow to make its auth connects', async (t) => {
    const [a] = await fleet(t, 1) as [Member]
    for (const transports of [['polling'], ['polling', 'websocket']]) {
      await connect(t, a.own, { transports, extraHeaders: {}, auth: (answer) => { setTimeout(answer, 2500, {}) } })
    }
    assert.deepEqual([a.connections, a.lines], [2, []])
  })

  test('CONNECT first, and a poll 2 s later', async (t) => {
    const [a] = await fleet(t, 1) as [Member]
    const sid = await shake(a)
    await post(a, sid, '40')
    await delay(2200)
    assert.match((await poll(a, sid)).body, /^40\{"sid"/)
  })

  // Without the first check for this process's handshakes too, the answer is `200 ok`, and nobody ever gets the event.
  for (const body of ['42["msg",1]', '42["msg",1]\x1e40', '3', '']) {
    test(`a packet whose session began elsewhere is refused: ${JSON.stringify(body)}`, async (t) => {
      const [a, b] = await fleet(t, 2) as [Member, Member]
      const events: unknown[] = []
      b.app.io.on('connection', (socket) => socket.on('msg', (value) => events.push(value)))
      const sid = await shake(a)
      assert.equal((await post(b, sid, '40')).body, 'ok')
      assert.match((await poll(b, sid)).body, /^40\{"sid"/)
      refused(await post(a, sid, body))
      assert.deepEqual([sessions(a), a.connections], [0, 0])
      assert.deepEqual(a.contexts, [{ sid, name: 'FOREIGN_SESSION' }])
      assert.equal(a.lines.filter((line) => SPREAD.test(line)).length, 1)
      assert.equal((await post(b, sid, '42["msg",2]')).body, 'ok')
      await until(() => events.length === 1, 'the session goes on where it is')
      assert.deepEqual([events, b.lines], [[2], []])
    })
  }

  // Engine.IO's own transport tells by events; pings are frames that are written, and no poll
  const kinds = Object.entries({
    ours: {},
    'of a wsEngine': { wsEngine: WebSocketServer as never },
    'with pings': { pingInterval: 100 }
  })
  for (const [name, options] of kinds) {
    test(`a client that polls elsewhere, upgrades here and only listens is cut off; WebSockets ${name}`, async (t) => {
      const [a, b] = await fleet(t, 2, options) as [Member, Member]
      const sid = await shake(a)
      assert.equal((await post(b, sid, '40')).body, 'ok')
      assert.match((await poll(b, sid)).body, /^40\{"sid"|^2$/)
      const socket = await changedOver(t, a, sid)
      socket.on('message', (data) => { if (String(data) === '2') socket.send('3') })
      const began = performance.now()
      await once(socket, 'close')
      assert.ok(performance.now() - began < 10_000)
      await gone(a)
      assert.deepEqual(a.contexts, [{ sid, name: 'FOREIGN_SESSION' }])
      assert.equal(a.lines.filter((line) => SPREAD.test(line)).length, 1)
    })

    test(`python-engineio upgrades without a poll, and sends CONNECT then; WebSockets ${name}`, async (t) => {
      const [a] = await fleet(t, 1, options) as [Member]
      const socket = await changedOver(t, a, await shake(a))
      socket.send('40')
      await until(() => a.connections === 1, 'the connection')
      await delay(2200)
      assert.deepEqual([socket.readyState, sessions(a), a.lines], [WebSocket.OPEN, 1, []], 'and stays')
    })
  }

  test('a client that is slow to make its auth has polled, and connects over its WebSocket', async (t) => {
    const [a] = await fleet(t, 1) as [Member]
    const socket = client(t, a.own, { extraHeaders: {}, auth: (answer) => { setTimeout(answer, 4500, {}) } })
    await upgraded(socket)
    assert.equal(a.connections, 0)
    await once(socket as never, 'connect')
    assert.deepEqual([a.connections, a.lines], [1, []])
  })

  test('a client that leaves before its CONNECT is no sign of anything', async (t) => {
    const [a] = await fleet(t, 1) as [Member]
    assert.equal((await post(a, await shake(a), '1')).body, 'ok')
    await gone(a)
    assert.deepEqual(a.lines, [])
  })

  test('a poll whose CONNECT went elsewhere is refused where handshakes of others come along', async (t) => {
    const [a, b] = await fleet(t, 2) as [Member, Member]
    assert.equal((await post(a, await shake(b), '40')).body, 'ok')
    refused(await poll(a, await shake(a)))
  })
})

suite('behind a balancer', () => {
  const N = 12

  /** How each of many clients fared: the first that happened to it, and whether it is cut off in the end. */
  async function crowd (
    t: TestContext, url: string, transports: ('polling' | 'websocket')[], within: number
  ): Promise<{ silent: number; failed: number; connected: number }> {
    const clients = Array.from({ length: N }, () => client(t, url, { transports, extraHeaders: {} }))
    let failed = 0
    const first = await Promise.all(clients.map((socket) => Promise.race([
      new Promise<string>((resolve) => {
        socket.once('connect', () => resolve('connect'))
        socket.once('connect_error', () => resolve('failed'))
      }),
      delay(within, 'silent', { ref: false })
    ])))
    for (const one of first) if (one === 'failed') failed++
    return {
      silent: first.filter((one) => one === 'silent').length,
      failed,
      connected: clients.filter(({ connected }) => connected).length
    }
  }

  for (const transports of [['polling'], ['polling', 'websocket']] as const) {
    test(`round robin: nobody waits in silence (${transports.join(', ')})`, async (t) => {
      const members = await fleet(t, 4)
      const url = await balancer(t, members.map(({ port }) => port), roundRobin())
      const { silent, failed } = await crowd(t, url, [...transports], 5000)
      assert.deepEqual([silent, failed > 0], [0, true])
      assert.ok(members.some(({ lines }) => lines.some((line) => SPREAD.test(line))))
      assert.ok(members.every(({ lines }) => lines.filter((line) => SPREAD.test(line)).length <= 1))
    })

    test(`by sid: everybody connects, and stays (${transports.join(', ')})`, async (t) => {
      const members = await fleet(t, 4)
      const url = await balancer(t, members.map(({ port }) => port), bySid())
      const { connected } = await crowd(t, url, [...transports], 30_000)
      assert.equal(connected, N)
      assert.equal(members.reduce((sum, { connections }) => sum + connections, 0), N)
      assert.deepEqual(members.flatMap(({ lines }) => lines), [])
    })
  }

  test('a polling client that is moved to another process learns it with its next packet', async (t) => {
    const members = await fleet(t, 2)
    let at = 0
    const route: Route = (_request, ports) => ports[at]!
    const socket = await connect(t, await balancer(t, members.map(({ port }) => port), route), {
      transports: ['polling'],
      extraHeaders: {}
    })
    const disconnected = once(socket as never, 'disconnect')
    at = 1
    const began = performance.now()
    socket.emit('msg', 1)
    assert.equal((await disconnected)[0], 'transport error')
    assert.ok(performance.now() - began < 5000)
    assert.equal(members[1]!.connections, 0)
  })

  for (const [where, other] of [['that of the handshake', 0], ['a third one', 2]] as const) {
    test(`a client whose WebSocket alone goes elsewhere, ${where}, does not wait for a heartbeat`, async (t) => {
      const members = await fleet(t, 3)
      const route: Route = ({ url }, ports) =>
        ports[/transport=websocket/.test(url!) ? other : /sid=/.test(url!) ? 1 : 0]!
      const socket = await connect(t, await balancer(t, members.map(({ port }) => port), route), { extraHeaders: {} })
      const began = performance.now()
      assert.equal((await once(socket as never, 'disconnect'))[0], 'transport close')
      assert.ok(performance.now() - began < 15_000)
      assert.equal(members[other]!.connections, 0)
      assert.ok(members[other]!.lines.some((line) => SPREAD.test(line)))
    })
  }

  test('with processes of their own', { timeout: 60_000 }, async (t) => {
    const children = Array.from(
      { length: 3 },
      () => fork(`${import.meta.dirname}/../fixtures/fleet-process.ts`, { execArgv: process.execArgv })
    )
    t.after(() => { for (const child of children) child.kill() })
    const said = async (): Promise<{ port: number; connections: number; lines: string[] }[]> =>
      (await Promise.all(children.map((child) => once(child, 'message')))).map(([message]) => message)
    const ports = (await said()).map(({ port }) => port)
    const good = await crowd(t, await balancer(t, ports, bySid()), ['polling', 'websocket'], 30_000)
    assert.equal(good.connected, N)
    const spread = await crowd(t, await balancer(t, ports, roundRobin()), ['polling'], 5000)
    assert.equal(spread.silent, 0)
    const seen = said()
    for (const child of children) child.send('what did you see?')
    assert.ok((await seen).every(({ lines }) => lines.filter((line) => SPREAD.test(line)).length <= 1))
    assert.ok((await seen).some(({ lines }) => lines.some((line) => SPREAD.test(line))))
  })
})
