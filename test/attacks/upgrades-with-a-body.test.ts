// An upgrade whose body comes late or never, beside a listener that takes only its own path. Node 26 gives such an
// upgrade out with a stream around the socket: no connection may stay, and app.close() must return.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { suite, test, type TestContext } from 'node:test'
import fastifyWebsocket from '@fastify/websocket'
import { connections, sent } from '../support/raw.ts'
import { start } from '../support/server.ts'
import { until } from '../support/until.ts'

const SOME = 10
const HEAD = 'POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\n'

type Listener = (request: IncomingMessage, socket: Duplex) => unknown

/** @returns a server beside whose Socket.IO somebody listens, and what opens a connection that the listener has seen */
async function serve (t: TestContext, listener: Listener, destroyUpgradeTimeout = 300) {
  const { app, port } = await start(t, { destroyUpgradeTimeout })
  app.server.on('upgrade', listener)
  const open = async (): Promise<Socket> => {
    const seen = once(app.server, 'upgrade')
    const socket = await sent(t, port, HEAD)
    await seen
    return socket
  }
  return { app, open }
}

const ignores: Listener = ({ url }, socket) => { if (url === '/mine') socket.end() }

/** What the clients do once the upgrade is there. */
const clients: Readonly<Record<string, (socket: Socket) => void>> = {
  'wait, and send no body': (socket) => { socket.resume() },
  'send half a body': (socket) => { socket.resume().write('he') },
  'send the body': (socket) => { socket.resume().write('hello') },
  'send the body and more': (socket) => { socket.resume().write('hello, and bytes of another protocol') },
  'send the body and a FIN': (socket) => { socket.resume().end('hello') },
  'send the body, and leave': (socket) => { socket.write('hello', () => { socket.resetAndDestroy() }) },
  leave: (socket) => { socket.destroy() }
}

suite('a listener that ignores the path', () => {
  for (const [what, act] of Object.entries(clients)) {
    test(`clients ${what}`, async (t) => {
      const { app, open } = await serve(t, ignores)
      for (let at = 0; at < SOME; at++) {
        const socket = await open()
        socket.on('data', (chunk) => assert.fail(`a byte has come: ${chunk}`))
        act(socket)
      }
      await until(async () => await connections(app) === 0, 'no connection is left')
    })

    test(`clients ${what}, and app.close() returns`, async (t) => {
      const { app, open } = await serve(t, ignores, 1e9)
      for (let at = 0; at < SOME; at++) act(await open())
      await app.close()
    })
  }

  test('a FIN ends it, however long the listener may take', async (t) => {
    let around = false
    const { app, open } = await serve(t, async (request, socket) => { around = socket !== request.socket })
    const socket = await open()
    // a FIN behind bytes that nobody reads is not seen
    socket.resume().end(around ? 'hello' : '')
    await until(async () => await connections(app) === 0, 'no connection is left')
  })

  test('@fastify/websocket, which answers', async (t) => {
    const { app, port } = await start(t, {}, async (app) => { await app.register(fastifyWebsocket) })
    const socket = await sent(t, port, HEAD)
    socket.resume()
    await until(async () => await connections(app) === 0, 'no connection is left')
  })
})

suite('a listener that takes it keeps it', () => {
  /** @returns a connection that the listener has, after a later one, which the listener left alone, has ended */
  async function outlasting (t: TestContext, takes: Listener): Promise<Socket> {
    let first = true
    const { open } = await serve(t, (request, socket) => {
      if (first) takes(request, socket)
      first = false
    })
    const socket = await open()
    socket.resume()
    const other = await open()
    other.resume()
    await once(other, 'close')
    return socket
  }

  const ways: Readonly<Record<string, Listener>> = {
    'and only resumes the stream': (_request, socket) => socket.resume(),
    'and reads the body where there is one': (request, socket) =>
      socket === request.socket ? socket.resume() : request.resume(),
    'and listens': (_request, socket) => socket.on('close', () => {}),
    'and writes': (_request, socket) => socket.write('HTTP/1.1 410 Gone\r\n')
  }
  for (const [how, takes] of Object.entries(ways)) {
    test(how, async (t) => {
      let taken: Duplex | undefined
      const client = await outlasting(t, (request, socket) => {
        taken = socket
        takes(request, socket)
      })
      assert.deepEqual([client.destroyed, taken!.writable], [false, true])
      const closed = once(client, 'close')
      taken!.end('Connection: close\r\n\r\n', () => taken!.destroy())
      await closed
    })
  }

  test('and answers late over a response, on the stream or on the socket: its connection ends then', async (t) => {
    for (const behind of [true, false]) {
      let answer: (() => void) | undefined
      const client = await outlasting(t, (request, socket) => {
        const response = new ServerResponse(request)
        response.assignSocket((behind ? request.socket : socket) as never)
        response.shouldKeepAlive = false
        answer = () => response.writeHead(410).end()
      })
      const told = once(client, 'data')
      const closed = once(client, 'close')
      answer!()
      assert.match(String((await told)[0]), /^HTTP\/1\.1 410 /)
      await closed
    }
  })
})
