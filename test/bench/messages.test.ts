// What clients hear must be what they were to hear, however it was cut up.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import { Expectation, Score } from '../../benchmarks/drivers/expectation.ts'
import { serverFrame } from '../../benchmarks/drivers/frames.ts'
import { binaryEcho, broadcastLoad, echoLoad, textEcho } from '../../benchmarks/drivers/messages.ts'
import { Recorder } from '../../benchmarks/drivers/recorder.ts'

const frames = [serverFrame(1, '451-["x"]'), serverFrame(2, Buffer.alloc(200, 7))]
const score = new Score(frames)
const turn = Buffer.concat(frames)
const ping = serverFrame(1, '2')

/** What is heard of these bytes when they come in pieces of a size. */
function hear (bytes: Buffer, size: number): { turns: number, pings: number } {
  const counts = { turns: 0, pings: 0 }
  const expectation = new Expectation(score, {
    heard: (turns) => { counts.turns += turns },
    pinged: () => { counts.pings++ }
  })
  for (let at = 0; at < bytes.length; at += size) expectation.take(bytes.subarray(at, at + size))
  return counts
}

test('turns are counted, in pieces of any size, with pings between any two frames', () => {
  const bytes = Buffer.concat([ping, turn, turn, ping, turn, frames[0]!, ping, ping, frames[1]!, ping])
  for (const size of [1, 2, 3, 4, 5, 7, 11, 100, 213, bytes.length]) {
    assert.deepEqual(hear(bytes, size), { turns: 4, pings: 5 }, `pieces of ${size}`)
  }
  assert.deepEqual(hear(Buffer.concat(Array.from({ length: 1000 }, () => turn)), 65_536), { turns: 1000, pings: 0 })
})

test('one byte that differs is an error, and so is a ping within a frame', () => {
  for (let at = 0; at < turn.length; at++) {
    const wrong = Buffer.concat([turn, turn])
    wrong[turn.length + at]! ^= 1
    assert.throws(() => hear(wrong, 10_000), /instead of/, `byte ${at}`)
  }
  const within = Buffer.concat([turn.subarray(0, 20), ping, turn.subarray(20)])
  assert.throws(() => hear(within, 10_000), /instead of/)
})

type Answer = (socket: WebSocket, data: Buffer, binary: boolean, everybody: Set<WebSocket>) => void

/** A server of `ws` that opens sessions, and leaves the rest to `answer`. */
async function serving (t: TestContext, answer: Answer): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.after(() => server.close())
  server.on('connection', (socket) => {
    socket.send('0{"sid":"a"}')
    socket.on('message', (data: Buffer, binary) => {
      if (data.toString() === '40') socket.send('40{"sid":"b"}')
      else answer(socket, data, binary, server.clients)
    })
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('echoes count, in text and binary, and pings are answered; a turn ends when nothing is under way', async (t) => {
  let [heard, pongs] = [0, 0]
  const port = await serving(t, (socket, data, binary) => {
    if (data.toString() === '3') return pongs++
    if (!binary) socket.send('2')
    else heard++
    socket.send(data, { binary })
  })
  for (const dialogue of [textEcho, binaryEcho]) {
    const recorder = new Recorder()
    const load = await echoLoad(port, 3, dialogue, recorder)
    while (recorder.ops < 30) {
      heard = 0
      const before = recorder.ops
      assert.ok(await load.run(0.01) >= 10)
      assert.ok(recorder.ops >= before + 3)
      if (dialogue === binaryEcho) assert.equal(recorder.ops - before, heard)
    }
    await load.stop()
    assert.equal(recorder.failures, 0, recorder.firstFailure)
  }
  assert.ok(pongs >= 30)
})

test('a wrong echo is one failure, and who fails is out', async (t) => {
  const port = await serving(t, (socket, data) => socket.send(`${data.toString()}!`))
  const recorder = new Recorder()
  const load = await echoLoad(port, 2, textEcho, recorder)
  await load.run(10)
  assert.deepEqual([recorder.ops, recorder.failures], [0, 2])
  assert.match(recorder.firstFailure ?? '', /instead of/)
  await load.stop()
})

test('a broadcast counts when it is delivered, and a turn ends when all are', async (t) => {
  const port = await serving(t, (_, data, __, everybody) => {
    const [, text, times] = JSON.parse(data.toString().slice(2)) as [string, string, number]
    for (let i = 0; i < times; i++) for (const one of everybody) one.send(`42["news","${text}",${i}]`)
  })
  const recorder = new Recorder()
  const load = await broadcastLoad(port, 4, 3, recorder)
  for (let turn = 0; turn < 2; turn++) {
    const before = recorder.ops
    await load.run(0.01)
    const ops = recorder.ops - before
    assert.ok(ops > 0 && ops % 12 === 0, `${ops}`)
  }
  await load.stop()
  assert.equal(recorder.failures, 0, recorder.firstFailure)
})

test('a turn of clients that hear nothing ends when they are stopped', async (t) => {
  const port = await serving(t, () => {})
  const recorder = new Recorder()
  const load = await echoLoad(port, 2, textEcho, recorder)
  const turn = load.run(0)
  await load.stop()
  await turn
  assert.deepEqual([recorder.ops, recorder.failures], [0, 0])
})
