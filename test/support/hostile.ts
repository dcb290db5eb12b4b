import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { ORIGIN } from './client.ts'
import { connections, sent, UPGRADE_LINES } from './raw.ts'
import { ask, POLLING, type Running, start, WEBSOCKET } from './server.ts'
import { until } from './until.ts'

/** A server with one allowed origin and a route of the user's, `/api`. */
export function serve (
  t: Pick<TestContext, 'after'>, options: FastifyIOOptions = {}, setUp?: Parameters<typeof start>[2]
): Promise<Running> {
  return start(t, { cors: { origin: ORIGIN }, ...options }, async (app) => {
    app.get('/api', async () => 'ok')
    await setUp?.(app)
  })
}

/** After an attack the server holds no session and no connection, and it answers the next requests. */
export async function unharmed ({ app, port }: Running): Promise<void> {
  await until(() => app.io.engine.clientsCount === 0, 'the session has ended')
  await until(async () => await connections(app) === 0, 'the connection has ended')
  assert.equal(app.io.sockets.sockets.size, 0)
  assert.equal((await ask(port, '/api')).body, 'ok')
  assert.equal((await ask(port, POLLING)).status, 200)
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** @returns bytes of this process that no garbage collection frees, buffers included */
export function retained (): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

export interface Frame {
  /** 1 text, 2 binary, 0 continuation, 8 close, 9 ping. */
  readonly opcode?: number
  /** Whether it is the last of its message; default true. */
  readonly fin?: boolean
  /** RSV1 to RSV3, as they stand in the first byte: 0x40, 0x20, 0x10. */
  readonly rsv?: number
}

const NO_MASK = Buffer.alloc(4)

/** A frame of a client (RFC 6455, section 5.2); its mask changes nothing. */
export function frame (payload: string | Buffer, { opcode, fin = true, rsv = 0 }: Frame = {}): Buffer {
  const data = Buffer.from(payload as string)
  const code = opcode ?? (typeof payload === 'string' ? 1 : 2)
  const head = Buffer.alloc(data.length < 126 ? 2 : data.length < 65_536 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | rsv | code
  head[1] = 0x80 | (head.length === 2 ? data.length : head.length === 4 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(data.length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(data.length), 2)
  return Buffer.concat([head, NO_MASK, data])
}

/** The head of a WebSocket upgrade. @param lines further header lines, each with its CRLF */
export function upgradeHead (path: string, lines = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}${lines}\r\n`
}

/** A raw connection whose WebSocket is open. */
export async function webSocket (t: Pick<TestContext, 'after'>, { port }: Running, lines = ''): Promise<Socket> {
  const socket = await sent(t, port, upgradeHead(WEBSOCKET, lines))
  const [answer] = await once(socket, 'data') as [Buffer]
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 101 /)
  return socket
}

/**
 * Reads what the server writes until it closes its WebSocket.
 *
 * @returns the payload of its close frame (RFC 6455, section 5.5.1)
 */
export function closeFrame (socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      for (let at = 0; at + 2 <= bytes.length;) {
        const short = bytes[at + 1]!
        const head = short < 126 ? 2 : 4
        if (at + head > bytes.length) return
        const end = at + head + (head === 2 ? short : bytes.readUInt16BE(at + 2))
        if (end > bytes.length) return
        if (bytes[at] === 0x88) {
          socket.destroy()
          resolve(bytes.subarray(at + head, end))
          return
        }
        at = end
      }
    })
    socket.on('close', () => reject(new Error('the connection ended without a close frame')))
  })
}
