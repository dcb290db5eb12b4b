// Published advisories of socket.io-parser and socket.io. The protection is upstream's; this shows that it holds behind
// the plugin on both transports.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { retained, frame, serve, unharmed, webSocket } from '../support/hostile.ts'
import { ask, POLLING, type Running, sidOf } from '../support/server.ts'
import { until } from '../support/until.ts'

type Packet = string | Buffer
type Send = (packets: Packet[]) => Promise<void>

/** Opens a session that has joined the main namespace. @returns what sends more packets on it */
type Open = (t: Parameters<typeof serve>[0], server: Running) => Promise<{ send: Send, leave: () => Promise<void> }>

const transports: Readonly<Record<string, Open>> = {
  async polling (_t, { port }) {
    const path = `${POLLING}&sid=${sidOf(await ask(port, POLLING))}`
    const post = async (body: string): Promise<void> => { await ask(port, path, { method: 'POST', body }) }
    await post('40')
    await ask(port, path)
    return {
      async send (packets) {
        const text = packets.map((one) => typeof one === 'string' ? `4${one}` : `b${one.toString('base64')}`)
        await post(text.join('\x1e'))
        // a session that the server closes waits for this poll to say so
        ask(port, path).catch(() => {})
      },
      leave: () => post('1')
    }
  },
  async websocket (t, server) {
    const joined = once(server.app.io, 'connection')
    const socket = await webSocket(t, server)
    socket.write(frame('40'))
    await joined
    return {
      async send (packets) {
        socket.write(Buffer.concat(packets.map((packet) => frame(typeof packet === 'string' ? `4${packet}` : packet))))
      },
      async leave () { socket.destroy() }
    }
  }
}

/** Attachments behind a packet that should not have any. */
const flood = Array<Buffer>(50).fill(Buffer.alloc(10_000))
const MB = 1_000_000
const placeholder = (num: unknown): string => JSON.stringify(['e', { _placeholder: true, num }])

/** What ends the session that sends it. */
const fatal: Readonly<Record<string, Packet[]>> = {
  'CVE-2020-36049: a packet of 900,000 digits for its attachments': [`5${'1'.repeat(900_000)}-["e"]`],
  'CVE-2020-36049: a packet of 900,000 digits that never says its attachments': [`5${'1'.repeat(900_000)}`],
  'CVE-2022-2421: an attachment at the place of a method': ['51-' + placeholder('splice'), Buffer.alloc(3)],
  'CVE-2022-2421: an attachment at a place behind the last': ['51-' + placeholder(9), Buffer.alloc(3)],
  'CVE-2022-2421: an attachment at a place before the first': ['51-' + placeholder(-1), Buffer.alloc(3)],
  'CVE-2022-2421: an attachment at the place __proto__': ['51-' + placeholder('__proto__'), Buffer.alloc(3)],
  'CVE-2023-32695: an object for the name of an event': ['2[{"toString":"foo"}]'],
  'CVE-2023-32695: an attachment for the name of an event': ['51-[{"_placeholder":true,"num":0}]', Buffer.alloc(3)],
  'CVE-2023-32695: null for the name of an event': ['2[null]'],
  'CVE-2023-32695: an event of Socket.IO itself': ['2["disconnecting","x"]'],
  'CVE-2023-32695: an event of EventEmitter': ['2["newListener",1]'],
  'CVE-2026-33151: a packet that announces a billion attachments': ['51000000000-' + placeholder(0), ...flood],
  'CVE-2026-33151: a packet that announces one attachment too many': ['511-' + placeholder(0), ...flood],
  'CVE-2026-33151: an acknowledgement that announces a billion attachments': ['61000000000-1[]', ...flood],
  'CVE-2026-69185: a binary event that announces no attachment': ['50-["e"]', ...flood],
  'CVE-2026-69185: a binary acknowledgement that announces no attachment': ['60-1[]', ...flood],
  'CVE-2026-69185: a binary event that announces minus one': ['5-1-["e"]', ...flood]
}

/** What a session survives: nothing of it may throw out of Socket.IO. */
const harmless: Readonly<Record<string, Packet[]>> = {
  'CVE-2020-36049: a packet of 900,000 digits for its acknowledgement': [`2${'1'.repeat(900_000)}["e"]`],
  'CVE-2020-36049: a namespace with a name of 900,000 letters': [`0/${'a'.repeat(900_000)}`],
  "CVE-2024-38355: an event named 'error'": ['2["error"]'],
  "CVE-2024-38355: an event named 'error' with what it says": ['2["error",{"message":"x"}]', '2["error",null]'],
  "CVE-2024-38355: an event named 'error' that asks for an acknowledgement": ['27["error"]']
}

for (const [transport, open] of Object.entries(transports)) {
  // a WebSocket's session never was a stateless handshake
  for (const statelessHandshake of transport === 'polling' ? [true, false] : [true]) {
    suite(`${transport}, statelessHandshake: ${statelessHandshake}`, () => {
      for (const [name, packets] of Object.entries(fatal)) {
        test(`${name}: ends its session, and nothing is kept of it`, async (t) => {
          const server = await serve(t, { statelessHandshake })
          const events: unknown[] = []
          server.app.io.on('connection', (socket) => { socket.onAny((...event) => events.push(event)) })
          const { send, leave } = await open(t, server)
          const before = retained()
          await send(packets)
          await until(() => server.app.io.engine.clientsCount === 0, 'the session has ended')
          await until(() => retained() - before < MB, 'no attachment is kept')
          assert.deepEqual(events, [])
          await leave()
          await unharmed(server)
        })
      }

      for (const [name, packets] of Object.entries(harmless)) {
        test(`${name}: its session goes on`, async (t) => {
          const server = await serve(t, { statelessHandshake })
          const heard = new Promise<void>((resolve) => {
            server.app.io.on('connection', (socket) => {
              socket.on('after', () => {
                socket.emit('answer')
                resolve()
              })
            })
          })
          const { send, leave } = await open(t, server)
          const before = retained()
          await send([...packets, '2["after"]'])
          await heard
          await until(() => retained() - before < 3 * MB, 'the packet is not kept')
          await leave()
          await unharmed(server)
        })
      }
    })
  }
}
