// What Engine.IO's own transports say on the wire, ours say too: each conversation is held with both, and compared.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connectTcp, type AddressInfo, type Socket as NetSocket } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { Server, type Socket } from 'socket.io'
import { WebSocket } from 'ws'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { ask, type Ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { sessionsOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

interface Side {
  readonly port: number
  readonly io: Server
}

const OPTIONS = {
  maxHttpBufferSize: 2000,
  pingInterval: 300_000,
  httpCompression: { threshold: 600 }
} satisfies FastifyIOOptions

function answerAll (io: Server): void {
  // a stock transport that waits for one more poll keeps its process alive; 30 s are long
  io.engine.on('connection', ({ transport }: { transport: { closeTimeout?: number } }) => {
    if (transport.closeTimeout !== undefined) transport.closeTimeout = 1000
  })
  io.on('connection', (socket: Socket) => {
    socket.onAny((event: string, ...args: unknown[]) => { socket.emit(event, ...args) })
  })
}

async function stock (t: TestContext, more: FastifyIOOptions = {}): Promise<Side> {
  const server = createServer()
  const io = new Server(server, { ...OPTIONS, ...more as object })
  answerAll(io)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => io.close())
  return { port: (server.address() as AddressInfo).port, io }
}

async function ours (t: TestContext, statelessHandshake: boolean, more: FastifyIOOptions = {}): Promise<Side> {
  const { app, port } = await start(t, { ...OPTIONS, ...more, statelessHandshake })
  answerAll(app.io)
  return { port, io: app.io }
}

class Polling {
  readonly port: number
  readonly path: string

  private constructor (port: number, path: string) {
    this.port = port
    this.path = path
  }

  /** A session in the main namespace, its acknowledgement read. */
  static async join (port: number): Promise<Polling> {
    const polling = new Polling(port, `${POLLING}&sid=${sidOf(await ask(port, POLLING))}`)
    await polling.post('40')
    await polling.poll()
    return polling
  }

  async poll (headers: Ask['headers'] = {}): Promise<string> {
    const { status, headers: { 'content-type': type, 'content-encoding': encoding, 'cache-control': cache }, body } =
      await ask(this.port, this.path, { headers })
    return `${status} ${type} ${encoding} ${cache} ${encoding === undefined ? body : body.length > 0}`
  }

  async post (body: string, headers: Ask['headers'] = { 'content-type': 'text/plain;charset=UTF-8' }): Promise<string> {
    const answer = await ask(this.port, this.path, { method: 'POST', headers, body })
    return `${answer.status} ${answer.headers['content-type']} ${answer.headers['x-xss-protection']} ${answer.body}`
  }

  /** A request of which only the beginning is sent. */
  async open (t: TestContext, text: string): Promise<NetSocket> {
    const socket = connectTcp(this.port, '127.0.0.1')
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    socket.write(text.replace('PATH', this.path))
    return socket
  }
}

/** Waits until the engine has seen a poll, or the head of a post. */
async function waiting (io: Server, what: 'req' | 'dataReq'): Promise<void> {
  await until(() => sessionsOf({ io }).some(({ transport }) => transport[what]), what)
}

async function gone (io: Server): Promise<string> {
  await until(() => io.engine.clientsCount === 0, 'no client is left')
  return 'no session'
}

const POLL = 'GET PATH HTTP/1.1\r\nHost: x\r\n\r\n'
const text = (data: unknown): string =>
  String(data).replace(/^(?:Date|Keep-Alive|Vary): .*\r\n/gmi, '').toLowerCase().split('\r\n').sort().join('|')

type Conversation = (t: TestContext, side: Side) => Promise<unknown[]>

const CONVERSATIONS: Record<string, Conversation> = {
  'an event, and its answer': async (_t, { port }) => {
    const polling = await Polling.join(port)
    return [await polling.post('42["a",1]'), await polling.poll()]
  },
  'several packets in one body, binary ones too': async (_t, { port }) => {
    const polling = await Polling.join(port)
    return [
      await polling.post('42["a",1]\x1e451-["b",{"_placeholder":true,"num":0}]\x1ebAQID\x1e42["c"]'),
      await polling.poll()
    ]
  },
  'characters of several bytes': async (_t, { port }) => {
    const polling = await Polling.join(port)
    return [await polling.post('42["€","😀"]'), await polling.poll()]
  },
  'a body in pieces, a character cut in two': async (t, { port, io }) => {
    const polling = await Polling.join(port)
    const body = Buffer.from('42["€"]')
    const socket = await polling.open(t, `POST PATH HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`)
    await waiting(io, 'dataReq')
    for (const piece of [body.subarray(0, 5), body.subarray(5, 6), body.subarray(6)]) {
      socket.write(piece)
      await new Promise(setImmediate)
    }
    return [text((await once(socket, 'data'))[0]), await polling.poll()]
  },
  'a body in chunks': async (t, { port }) => {
    const polling = await Polling.join(port)
    const socket = await polling.open(
      t,
      'POST PATH HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n42["\r\n3\r\na"]\r\n0\r\n\r\n'
    )
    return [text((await once(socket, 'data'))[0]), await polling.poll()]
  },
  'an empty body': async (_t, { port, io }) => [await (await Polling.join(port)).post(''), await gone(io)],
  'a body that is too long': async (_t, { port }) => {
    const polling = await Polling.join(port)
    return [await polling.post(`42["${'x'.repeat(3000)}"]`), await polling.post('42["a"]'), await polling.poll()]
  },
  'a body that becomes too long': async (t, { port, io }) => {
    const polling = await Polling.join(port)
    const socket = await polling.open(
      t,
      `POST PATH HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n${'x'.repeat(1500)}`
    )
    await waiting(io, 'dataReq')
    socket.write('x'.repeat(1000))
    const answer = text((await once(socket, 'data'))[0])
    socket.destroy()
    return [answer, await polling.post('42["a"]'), await polling.poll()]
  },
  'binary bodies are not of protocol 4': async (_t, { port, io }) => [
    await (await Polling.join(port)).post('42["a"]', { 'content-type': 'application/octet-stream' }),
    await gone(io)
  ],
  'two polls at once': async (_t, { port, io }) => {
    const polling = await Polling.join(port)
    const first = polling.poll()
    await waiting(io, 'req')
    return [await polling.poll(), await first, await gone(io)]
  },
  'two posts at once': async (t, { port, io }) => {
    const polling = await Polling.join(port)
    const socket = await polling.open(t, 'POST PATH HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n42')
    await waiting(io, 'dataReq')
    const closed = once(socket, 'close')
    const second = await polling.post('42["a"]')
    await closed
    return [second, await gone(io)]
  },
  'a poll that is cut': async (t, { port, io }) => {
    const polling = await Polling.join(port)
    const socket = await polling.open(t, POLL)
    await waiting(io, 'req')
    socket.destroy()
    return [await gone(io), await polling.poll()]
  },
  'a post that is cut': async (t, { port, io }) => {
    const polling = await Polling.join(port)
    const socket = await polling.open(t, 'POST PATH HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n42')
    await waiting(io, 'dataReq')
    socket.destroy()
    return [await gone(io)]
  },
  'a connection that is cut between requests': async (t, { port }) => {
    const polling = await Polling.join(port)
    const socket = await polling.open(t, 'POST PATH HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n42["a"]')
    await once(socket, 'data')
    socket.destroy()
    return [await polling.poll()]
  },
  'the client closes, a poll held': async (_t, { port, io }) => {
    const polling = await Polling.join(port)
    const held = polling.poll()
    await waiting(io, 'req')
    return [await polling.post('1'), await held, await gone(io), await polling.poll()]
  },
  'the client closes, none held': async (_t, { port, io }) => {
    const polling = await Polling.join(port)
    return [await polling.post('1'), await gone(io), await polling.post('1')]
  },
  'the server disconnects, a poll held': async (_t, { port, io }) => {
    const polling = await Polling.join(port)
    const held = polling.poll()
    await waiting(io, 'req')
    io.disconnectSockets(true)
    return [await held, await polling.poll(), await gone(io)]
  },
  'the server disconnects, none held': async (_t, { port, io }) => {
    const polling = await Polling.join(port)
    io.disconnectSockets(true)
    return [await polling.poll(), await polling.poll(), await gone(io)]
  },
  nonsense: async (_t, { port, io }) => [await (await Polling.join(port)).post('nonsense'), await gone(io)],
  "a ping is not the client's to send": async (_t, { port, io }) => {
    const polling = await Polling.join(port)
    return [await polling.post('2'), await gone(io)]
  },
  'a pong': async (_t, { port }) => {
    const polling = await Polling.join(port)
    return [await polling.post('3'), await polling.post('42["a"]'), await polling.poll()]
  },
  'an answer that is compressed, and one below the threshold': async (_t, { port }) => {
    const polling = await Polling.join(port)
    const long = [await polling.post(`42["${'x'.repeat(700)}"]`), await polling.poll({ 'accept-encoding': 'gzip' })]
    const plain = [await polling.post(`42["${'x'.repeat(700)}"]`), await polling.poll()]
    return [...long, ...plain, await polling.post('42["a"]'), await polling.poll({ 'accept-encoding': 'gzip' })]
  },
  'an old Internet Explorer': async (_t, { port }) => {
    const polling = await Polling.join(port)
    return [await polling.post('42["a"]', { 'user-agent': 'Mozilla/4.0 (compatible;MSIE 8.0)' })]
  },
  'messages before the poll are joined': async (_t, { port, io }) => {
    const polling = await Polling.join(port)
    for (let n = 0; n < 3; n++) io.emit('n', n)
    io.emit('binary', Buffer.from([1, 2, 3]))
    return [await polling.poll()]
  },
  'WebSocket: packets, text and binary': async (t, { port, io }) => {
    const socket = await webSocket(t, port)
    socket.send('42["a",1]')
    socket.send('451-["b",{"_placeholder":true,"num":0}]')
    socket.send(Buffer.from([1, 2, 3]))
    const seen = [await next(socket), await next(socket), await next(socket)]
    io.emit('all', 1)
    io.emit('binary', Buffer.from([4]), Buffer.from([5]))
    return [...seen, await next(socket), await next(socket), await next(socket), await next(socket)]
  },
  'WebSocket: each way to end': async (t, { port, io }) => {
    const ends: unknown[] = []
    const ways = [
      (socket: WebSocket) => socket.close(),
      (socket: WebSocket) => socket.send('41'),
      (socket: WebSocket) => socket.send('2'),
      (socket: WebSocket) => socket.send('nonsense'),
      (socket: WebSocket) => socket.send('x'.repeat(3000)),
      () => io.disconnectSockets(true),
      () => io.engine.close()
    ]
    for (const end of ways) {
      const reason = new Promise((resolve) => {
        io.once('connection', (socket) => { socket.once('disconnect', resolve) })
      })
      const socket = await webSocket(t, port)
      const closed = once(socket, 'close')
      end(socket)
      const why = await reason
      // a client that has left its namespaces may stay
      if (why === 'client namespace disconnect') socket.close()
      ends.push([why, (await closed).map(String), await gone(io)])
    }
    return ends
  },
  'WebSocket: a connection that is cut': async (t, { port, io }) => {
    const reason = new Promise((resolve) => {
      io.once('connection', (socket) => { socket.once('disconnect', resolve) })
    })
    const socket = await webSocket(t, port)
    socket.terminate()
    return [await reason, await gone(io)]
  },
  'polling becomes WebSocket, a poll held': async (t, { port, io }) => {
    const polling = await Polling.join(port)
    const held = polling.poll()
    await waiting(io, 'req')
    const socket = new WebSocket(`ws://127.0.0.1:${port}${polling.path.replace('=polling', '=websocket')}`)
    const packets = reader(t, socket)
    await once(socket, 'open')
    socket.send('2probe')
    const seen = [await packets(), await held]
    socket.send('5')
    socket.send('42["a"]')
    return [...seen, await packets(), await polling.poll(), await polling.post('42["b"]')]
  },
  'a probe that goes wrong leaves polling as it was': async (t, { port, io }) => {
    const polling = await Polling.join(port)
    const socket = new WebSocket(`ws://127.0.0.1:${port}${polling.path.replace('=polling', '=websocket')}`)
    await once(socket, 'open')
    socket.send('4nonsense')
    const [code] = await once(socket, 'close') as [number]
    t.after(() => socket.terminate())
    return [code, io.engine.clientsCount, await polling.post('42["a"]'), await polling.poll()]
  }
}

/** A POST that is answered before its end; all that comes of it. */
const unfinished = (body: string): Conversation => async (t, { port, io }) => {
  const reason = new Promise((resolve) => {
    io.once('connection', (socket) => { socket.once('disconnect', resolve) })
  })
  const polling = await Polling.join(port)
  const held = polling.poll()
  await waiting(io, 'req')
  const socket = await polling.open(t, `POST PATH HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
  const closed = once(socket, 'close')
  const answer = text((await once(socket, 'data'))[0])
  await closed
  return [answer, await held, await reason, await gone(io), await polling.poll()]
}

const LIMITS: Record<string, readonly [FastifyIOOptions, Conversation]> = {
  'a body that becomes too long': [{ maxHttpBufferSize: 9 }, unfinished('a\r\n42["a",100\r\n')],
  'a body in too many chunks': [{ maxBufferedChunks: 3 }, unfinished('1\r\n4\r\n'.repeat(4))],
  'a body that never ends': [{ httpRequestBodyTimeout: 500 }, unfinished('1\r\n4\r\n')]
}

const readers = new WeakMap<WebSocket, () => Promise<string>>()
const next = (socket: WebSocket): Promise<string> => readers.get(socket)!()

/** Packets in turn, however they arrive. */
function reader (t: TestContext, socket: WebSocket): () => Promise<string> {
  const packets: string[] = []
  let wake = (): void => {}
  socket.on('message', (data: Buffer, binary: boolean) => {
    packets.push(binary ? data.toString('hex') : data.toString())
    wake()
  })
  socket.on('error', () => {})
  t.after(() => socket.terminate())
  const read = async (): Promise<string> => {
    while (packets.length === 0) await new Promise<void>((resolve) => { wake = resolve })
    return packets.shift()!
  }
  readers.set(socket, read)
  return read
}

/** In the main namespace, its acknowledgement read. */
async function webSocket (t: TestContext, port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}`)
  const read = reader(t, socket)
  await read()
  socket.send('40')
  await read()
  return socket
}

for (const statelessHandshake of [true, false]) {
  suite(`as Engine.IO has it, statelessHandshake: ${statelessHandshake}`, () => {
    for (const [name, converse] of Object.entries(CONVERSATIONS)) {
      test(name, async (t) => {
        const [theirs, own] = await Promise.all([
          stock(t).then((side) => converse(t, side)),
          ours(t, statelessHandshake).then((side) => converse(t, side))
        ])
        assert.deepEqual(own, theirs)
      })
    }

    for (const [name, [options, converse]] of Object.entries(LIMITS)) {
      test(`${name}, by an option`, async (t) => {
        const [theirs, own] = await Promise.all([
          stock(t, options).then((side) => converse(t, side)),
          ours(t, statelessHandshake, options).then((side) => converse(t, side))
        ])
        assert.deepEqual(own, theirs)
      })
    }
  })
}

test('the 101 and the open packet come in one piece', async (t) => {
  const { port } = await ours(t, true)
  const socket = connectTcp(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.write(
    `GET ${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${
      Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}\r\n`).join('')
    }\r\n`
  )
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 101 [^]*\r\n\r\n[^]*0\{"sid":"[^]*\}$/)
})
