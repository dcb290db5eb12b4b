// The functions of others that ours stand in for, or were written after. When one changes, ours must be looked at.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fastifyCors from '@fastify/cors'
import { Server, Socket, Transport, transports } from 'engine.io'
import { Namespace, Server as SocketIOServer, Socket as SocketIOSocket } from 'socket.io'
import { packageOf } from '../../lib/dependencies.ts'
import { EnginePolling } from '../../lib/sockets/upstream/engine-io.ts'

const { entry } = packageOf('engine.io', import.meta.url)!
const { Sender, WebSocket } = createRequire(entry)('ws')
const Base = Object.getPrototypeOf(Server)

/** By file of ours: whose functions it stands in for, and the first digits of the SHA-256 of their text. */
const FINGERPRINTS: Readonly<Record<string, readonly (readonly [name: string, of: object, sha256: string])[]>> = {
  'lib/sockets/engine/handshake-engine.ts': [
    ['engine.io Server.handshake', Base.prototype.handshake, '4ec5783ea2f3'],
    ['engine.io Server.upgrades', Base.prototype.upgrades, '7afdb9183e35'],
    ['engine.io Server.generateId', Base.prototype.generateId, '451af25a8f55']
  ],
  'lib/sockets/engine/session-engine.ts': [
    ['engine.io Server.createTransport', Reflect.get(Server.prototype, 'createTransport'), '21bfdc521109']
  ],
  'lib/sockets/engine/admission-engine.ts': [
    ['engine.io Server.verify', Base.prototype.verify, 'c0f0e0283083'],
    ['engine.io Server._applyMiddlewares', Base.prototype._applyMiddlewares, '3720439a92f7']
  ],
  'lib/sockets/engine/engine.ts': [
    ['engine.io Server.handleRequest', Server.prototype.handleRequest, 'a2fc8c852a48'],
    ['engine.io Server.handleUpgrade', Server.prototype.handleUpgrade, '267717219dbb'],
    ['engine.io Server.onWebSocket', Reflect.get(Server.prototype, 'onWebSocket'), '78ee7965c17e'],
    ['engine.io Server.onWebTransportSession', Base.prototype.onWebTransportSession, '79828ea7f0ee'],
    ['engine.io Server.close', Base.prototype.close, 'a2730893fced'],
    ['engine.io Server.cleanup', Reflect.get(Server.prototype, 'cleanup'), 'a4d7e751099c']
  ],
  'lib/sockets/engine/websocket-server.ts': [
    ['engine.io Server.init', Reflect.get(Server.prototype, 'init'), '27d0f86a2dad']
  ],
  'lib/sockets/upgrades/dispatcher.ts': [
    ['engine.io Server.attach', Server.prototype.attach, '6e159caeeb9a']
  ],
  'lib/sockets/session/engine-socket.ts': [
    ['engine.io Socket', Socket, 'd05e0e5c4f37']
  ],
  'lib/sockets/session/polling-transport.ts': [
    ['engine.io Polling', EnginePolling, '204c1a07343f'],
    ['engine.io Transport', Transport, 'bfde47057ed7']
  ],
  'lib/sockets/session/websocket-transport.ts': [
    ['engine.io WebSocket', transports.websocket, 'e953ead169de'],
    ['ws Sender.send', Sender.prototype.send, 'ca0327ee0f6c'],
    ['ws Sender.sendFrame', Sender.prototype.sendFrame, 'e57db8dbaf94'],
    ['ws WebSocket.send', WebSocket.prototype.send, '3c1987298c56']
  ],
  'lib/sockets/session/frame.ts': [
    ['ws Sender.frame', Sender.frame, '0e477e9bce98']
  ],
  'lib/sockets/server.ts': [
    ['socket.io Server.close', SocketIOServer.prototype.close, '6fba54ae66ea'],
    ['socket.io Server.bind', SocketIOServer.prototype.bind, '4a580211d6ea'],
    ['socket.io Server.of', SocketIOServer.prototype.of, '44ad53130490']
  ],
  'lib/sockets/routes.ts': [
    ['socket.io Server.serve', Reflect.get(SocketIOServer.prototype, 'serve'), '39bab343bd19'],
    ['socket.io Server.attachServe', Reflect.get(SocketIOServer.prototype, 'attachServe'), 'd1abc7b3b512']
  ],
  'lib/sockets/revoke.ts': [
    ['socket.io Socket.packet', Reflect.get(SocketIOSocket.prototype, 'packet'), 'f2fa00c6236a'],
    ['socket.io Socket.disconnect', SocketIOSocket.prototype.disconnect, 'ca0206ad5daa']
  ],
  'lib/sockets/recovery.ts': [
    ['socket.io Namespace._createSocket', Reflect.get(Namespace.prototype, '_createSocket'), '9222df2cf537'],
    ['socket.io Namespace._add', Namespace.prototype._add, '57b5034b0b23']
  ],
  'lib/http/preflights.ts': [
    ['@fastify/cors', fastifyCors, 'be0fb8386249']
  ]
}

for (const [file, rows] of Object.entries(FINGERPRINTS)) {
  test(`${file} stands in for what it was written after`, () => {
    const changed = rows.flatMap(([name, of, expected]) => {
      const found = fingerprint(of)
      return found === expected ? [] : [`${name} has changed: its text is ${found} now, and was ${expected}`]
    })
    assert.deepEqual(changed, [], `compare what has changed with ${file}, take over what matters there, and then ` +
      'write the new digits into the table of test/sockets/fingerprints.test.ts')
  })
}

function fingerprint (of: object): string {
  const text = String(of)
  assert.ok(text.length > 20 && !text.includes('[native code]'), 'a function has a text')
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
