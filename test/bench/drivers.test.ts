import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setImmediate as tick } from 'node:timers/promises'
import { cycleLoad } from '../../benchmarks/drivers/cycles.ts'
import { httpLoad } from '../../benchmarks/drivers/http.ts'
import { Recorder } from '../../benchmarks/drivers/recorder.ts'
import { ALLOWED, SOCKET_ACCEPT } from '../../benchmarks/drivers/requests.ts'
import { frame, serverFrame } from '../../benchmarks/drivers/frames.ts'
import { Wire } from '../../benchmarks/drivers/wire.ts'
import { until } from '../support/until.ts'

async function listen (t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A server that says one thing per connection, byte by byte, once it has heard anything. */
function saying (bytes: Buffer | string, end = false): Server {
  return createServer({ noDelay: true }, (socket: Socket) => {
    socket.on('error', () => {})
    socket.once('data', async () => {
      for (const byte of Buffer.from(bytes)) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve))
      if (end) socket.end()
    })
  })
}

test('answers are put together from any pieces, one after the other', async (t) => {
  const port = await listen(
    t,
    saying('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\nX: y\r\n\r\n')
  )
  const wire = new Wire(port)
  assert.deepEqual(await wire.request('one'), { status: 200, head: 'HTTP/1.1 200 OK\r\nContent-Length: 2', body: 'ok' })
  const second = await wire.request('two')
  assert.deepEqual([second.status, second.body], [204, ''])
  await wire.drop()
})

test('a WebSocket is opened, spoken and closed', async (t) => {
  const long = 'x'.repeat(300)
  const frames = Buffer.concat([
    Buffer.from([0x81, 2]),
    Buffer.from('hi'),
    Buffer.from([0x81, 126, 1, 44]),
    Buffer.from(long),
    Buffer.from([0x88, 2, 3, 0xe8])
  ])
  const head = `HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: ${SOCKET_ACCEPT}\r\n\r\n`
  const port = await listen(t, saying(Buffer.concat([Buffer.from(head), frames]), true))
  const wire = new Wire(port)
  await wire.upgrade('hello')
  assert.equal(await wire.message(), 'hi')
  assert.equal(await wire.message(), long)
  await wire.close()
})

test('what is not understood is an error, never a guess', async (t) => {
  const chunked = new Wire(
    await listen(t, saying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'))
  )
  await assert.rejects(chunked.request('?'), /without Content-Length/)
  await chunked.drop()
  const refusing = new Wire(await listen(t, saying('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')))
  await assert.rejects(refusing.upgrade('?'), /status 403 instead of 101/)
  await refusing.drop()
  const rude = new Wire(await listen(t, saying('HTTP/1.1 200 OK\r\nContent-Le', true)))
  await assert.rejects(rude.request('?'), /closed the connection before/)
})

test('a client\'s frame is masked (RFC 6455, 5.3), a server\'s is not', () => {
  const [opcode, length, ...rest] = frame(1, '40')
  const [a = 0, b = 0] = rest
  assert.deepEqual([opcode, length, rest[4]! ^ a, rest[5]! ^ b], [0x81, 0x82, 0x34, 0x30])
  assert.notEqual(a, 0)
  assert.deepEqual([...frame(2, Buffer.alloc(8192)).subarray(0, 4)], [0x82, 0xfe, 0x20, 0x00])
  assert.deepEqual([...serverFrame(1, 'hi')], [0x81, 2, 0x68, 0x69])
  assert.deepEqual([...serverFrame(2, Buffer.alloc(300)).subarray(0, 4)], [0x82, 126, 1, 44])
  assert.throws(() => frame(2, Buffer.alloc(65_536)), RangeError)
})

test('a load of conversations starts over until its turn ends, and gives up when nothing is right', async () => {
  const recorder = new Recorder()
  let open = 0
  const load = cycleLoad(3, () => ({
    converse: async () => {
      open++
      await new Promise(setImmediate)
      open--
    },
    hangUp: () => {}
  }), recorder)
  for (let turn = 0; turn < 2; turn++) {
    const before = recorder.ops
    const lasted = await load.run(0.02)
    assert.ok(lasted >= 20)
    assert.ok(recorder.ops > before + 3)
    assert.equal(open, 0)
  }
  await load.stop()

  const hopeless = new Recorder()
  let tried = 0
  const failing = cycleLoad(2, () => ({
    converse: async () => {
      tried++
      throw new Error('no')
    },
    hangUp: () => {}
  }), hopeless)
  await failing.run(60)
  assert.ok(hopeless.hopeless)
  assert.ok(tried <= 101, `${tried} attempts`)
  assert.equal(hopeless.firstFailure, 'no')
  await failing.stop()
})

test('a conversation that hangs ends when the load is stopped', async () => {
  const recorder = new Recorder()
  const load = cycleLoad(1, () => {
    let hangUp = (): void => {}
    return {
      converse: () => new Promise((_resolve, reject) => { hangUp = () => reject(new Error('hung up')) }),
      hangUp: () => hangUp()
    }
  }, recorder)
  const turn = load.run(0)
  const other = load.run(0.01)
  await load.stop()
  await Promise.all([turn, other])
  assert.deepEqual([recorder.ops, recorder.failures], [0, 0])
})

async function drive (t: TestContext, listener: RequestListener): Promise<Recorder> {
  let [asked, answered] = [0, 0]
  const port = await listen(t, createHttpServer((req, res) => {
    asked++
    res.once('finish', () => { answered++ })
    listener(req, res)
  }))
  const recorder = new Recorder()
  const load = httpLoad(port, 2, { method: 'GET', path: '/', headers: {} }, {
    status: 200,
    allowOrigin: ALLOWED,
    body: 'right'
  }, recorder)
  /** The server has answered both clients, who have not read it, and ask for nothing. */
  const rest = async (): Promise<void> => {
    await until(() => answered === asked && asked === recorder.answers + 2, 'both are answered')
    const before = asked
    for (let i = 0; i < 50; i++) await tick()
    assert.equal(asked, before)
  }
  await load.run(0.1)
  await rest()
  const before = recorder.answers
  assert.ok(await load.run(0.05) > 0)
  await rest()
  assert.ok(recorder.answers > before + 1)
  await load.stop()
  return recorder
}

test("autocannon's right answers count", async (t) => {
  const recorder = await drive(
    t,
    (_, res) => res.setHeader('access-control-allow-origin', ALLOWED).end('right, and more')
  )
  assert.equal(recorder.failures, 0)
  assert.ok(recorder.ops > 1)
  assert.ok(recorder.latency().p50 > 0)
})

test('a client that is never answered is a failure, although others are', async (t) => {
  let first = true
  const port = await listen(t, createHttpServer((_req, res) => {
    if (first) first = false
    else res.setHeader('access-control-allow-origin', ALLOWED).end('right')
  }))
  const recorder = new Recorder()
  const load = httpLoad(port, 2, { method: 'GET', path: '/', headers: {} }, {
    status: 200,
    allowOrigin: ALLOWED,
    body: 'right'
  }, recorder)
  await load.run(0.4)
  assert.equal(recorder.failures, 0)
  await load.run(0.1)
  await load.stop()
  assert.deepEqual([recorder.failures, recorder.firstFailure], [1, 'no answer within 0.5 s of turns'])
  assert.ok(recorder.ops > 0)
})

const wrong = [
  ['status',
    (_, res) => res.writeHead(500, { 'Access-Control-Allow-Origin': ALLOWED }).end('right'), /status 500 instead of 200/],
  ['body',
    (_, res) => res.setHeader('Access-Control-Allow-Origin', ALLOWED).end('wrong'), /body "wrong" instead of right/],
  ['Access-Control-Allow-Origin', (_, res) => res.end('right'), /Allow-Origin undefined instead of/]
] satisfies Array<[string, RequestListener, RegExp]>
for (const [why, listener, expected] of wrong) {
  test(`an answer with the wrong ${why} does not count`, async (t) => {
    const recorder = await drive(t, listener)
    assert.equal(recorder.ops, 0)
    assert.match(recorder.firstFailure ?? '', expected)
  })
}
