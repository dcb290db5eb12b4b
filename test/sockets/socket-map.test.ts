import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { Server } from 'socket.io'
import { OpenSockets } from '../../lib/sockets/session/open-sockets.ts'
import { letSocketsGo, SocketMap } from '../../lib/sockets/upstream/socket-map.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { start } from '../support/server.ts'

test('a SocketMap does all that a Map does', () => {
  const id = fc.constantFrom('a', 'b', '1', '0', '__proto__', '')
  const step = fc.oneof(
    fc.record({ does: fc.constant('set' as const), id, value: fc.object({ maxDepth: 0 }) }),
    fc.record({ does: fc.constant('delete' as const), id }),
    fc.record({ does: fc.constant('clear' as const) })
  )
  fc.assert(fc.property(fc.array(step), (steps) => {
    const [map, own] = [new Map<string, object>(), new SocketMap<object>()]
    for (const one of steps) {
      if (one.does === 'set') {
        map.set(one.id, one.value)
        assert.equal(own.set(one.id, one.value), own)
      } else if (one.does === 'delete') assert.equal(own.delete(one.id), map.delete(one.id))
      else for (const each of [map, own]) each.clear()
      assert.deepEqual(seen(own), seen(map))
    }
  }))
})

/** What can be asked of a map. */
function seen (map: Map<string, object>): unknown {
  const each: unknown[] = []
  const self = {}
  map.forEach(function (this: unknown, value, id, all) { each.push([this === self, value, id, all === map]) }, self)
  return {
    each,
    size: map.size,
    all: [...map],
    entries: [...map.entries()],
    keys: [...map.keys()],
    values: Array.from(map.values()),
    copy: [...new Map(map)],
    has: ['a', 'b'].map((id) => map.has(id)),
    get: ['a', 'b', '1', '__proto__', 'toString'].map((id) => map.get(id))
  }
}

test('a loop over a SocketMap sees what a loop over a Map sees when sockets come and go meanwhile', () => {
  for (const loop of ['entries', 'values', 'forEach'] as const) {
    const lists = [new Map<string, string>(), new SocketMap<string>()].map((map) => {
      for (const id of ['a', 'b', 'c', 'd']) map.set(id, id)
      const heard: string[] = []
      const hear = (value: string): void => {
        heard.push(value)
        if (value === 'a') map.delete('b')
        if (value === 'c') map.set('e', 'e').set('d', 'another')
      }
      if (loop === 'entries') for (const [, value] of map) hear(value)
      else if (loop === 'values') for (const value of map.values()) hear(value)
      else map.forEach(hear)
      return heard
    })
    assert.deepEqual(lists[1], lists[0])
    assert.deepEqual(lists[0], ['a', 'c', 'another', 'e'])
  }
})

test('nothing is left of a value that was deleted, although V8 may keep the table that it was in', () => {
  const map = new SocketMap<object>()
  const value = {}
  const place = (id: string): unknown => Map.prototype.get.call(map, id)
  map.set('a', value).set('b', value)
  const places = [place('a'), place('b')]
  assert.deepEqual(places, [{ value }, { value }])
  map.delete('a')
  map.clear()
  assert.deepEqual(places, [{ value: undefined }, { value: undefined }])
})

test('every namespace keeps its sockets so: the main one, named ones, and those made of a RegExp', async (t) => {
  const { app, own } = await start(t, { cors: { origin: ORIGIN } })
  app.io.of('/chat')
  app.io.of(/^\/room-\d$/)
  for (const name of ['/', '/chat', '/room-1']) {
    const socket = await connect(t, own + name)
    const { sockets } = app.io.of(name)
    assert.ok(sockets instanceof SocketMap && sockets instanceof Map, name)
    const member = sockets.get(socket.id!)!
    assert.deepEqual([...sockets], [[socket.id, member]])
    const left = new Promise((resolve) => member.once('disconnect', resolve))
    socket.disconnect()
    await left
    assert.equal(sockets.size, 0)
  }
})

test("a map with sockets in it, and one of the user's, stay as they are", () => {
  class Own extends Map {}
  const io = new Server()
  const [full, own] = [io.of('/full'), io.of('/own')]
  const sockets = full.sockets.set('a', {} as never)
  Object.assign(own, { sockets: new Own() })
  for (const namespace of [full, own]) letSocketsGo(namespace)
  assert.equal(full.sockets, sockets)
  assert.ok(own.sockets instanceof Own)
  const other = { sockets: undefined } as never
  assert.doesNotThrow(() => letSocketsGo(other))
})

test('an open socket is there until it closes', async () => {
  const open = new OpenSockets()
  const sockets = Array.from({ length: 3 }, () => new Duplex({ read () {}, write () {} }))
  for (const socket of sockets) open.add(socket)
  assert.deepEqual([open.size, [...open]], [3, sockets])
  const closed = new Promise((resolve) => sockets[1]!.once('close', resolve))
  sockets[1]!.destroy()
  await closed
  assert.deepEqual([open.size, [...open]], [2, [sockets[0], sockets[2]]])
})
