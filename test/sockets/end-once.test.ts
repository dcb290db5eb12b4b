import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough, type Writable } from 'node:stream'
import { test } from 'node:test'
import { endOnce } from '../../lib/sockets/session/end-once.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { start } from '../support/server.ts'

test('the streams of a WebSocket are never ended twice: Node would make an error each time', async (t) => {
  const { app, own } = await start(t, { cors: { origin: ORIGIN } })
  const net = once(app.server, 'connection')
  const accepted = once(app.io, 'connection')
  const client = await connect(t, own, { transports: ['websocket'] })
  const [socket]: Socket[] = await net
  const [{ conn }] = await accepted
  const late = lateEnds([socket!, conn.transport.socket._receiver])
  const closed = once(socket!, 'close')
  client.close()
  await closed
  assert.ok(late.calls > 2, 'ws ends both once: end-once.ts may go')
  assert.equal(late.reachedNode, 0)
})

/** Counts end() on streams, and those of them that Node gets although the stream has ended. */
function lateEnds (streams: Writable[]): { calls: number, reachedNode: number } {
  const counts = { calls: 0, reachedNode: 0 }
  for (const stream of streams) {
    const { end } = stream
    const proto = Object.create(Object.getPrototypeOf(stream), {
      end: {
        value (this: Writable, ...args: []) {
          if (this.writableEnded) counts.reachedNode++
          return Object.getPrototypeOf(proto).end.apply(this, args)
        }
      }
    })
    Object.setPrototypeOf(stream, proto)
    stream.end = function (...args: []) {
      counts.calls++
      return end.apply(this, args as never)
    }
  }
  return counts
}

test('end() writes what it is given, once, and calls back as ever', async () => {
  const stream = new PassThrough()
  endOnce(stream)
  stream.end('bye')
  assert.equal(stream.end(), stream)
  assert.equal(stream.read().toString(), 'bye')
  await new Promise<void>((resolve) => { stream.end(() => resolve()) })
})
