import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Ask, type Exchange, type Header, valuesOf } from './exchange.ts'
import { type OpenPacket, parseOpen } from './packets.ts'
import type { Upgraded, Wire } from './wire.ts'

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** Bytes of frames that are read while the open packet is awaited. */
const MAX_FRAMES = 16_384
/** ms that the server has to end its side. */
const FAREWELL = 500

const TEXT = 0x81
const CLOSE = 0x88
const PING = 0x89
const PONG = 0x8a

/** The handshake of a WebSocket (RFC 6455, section 4), and the first Engine.IO packet behind it. */
export interface Opened extends Exchange {
  /** Engine.IO's open packet; only a server that speaks Engine.IO sends it. */
  readonly open?: OpenPacket
}

/** Opens a WebSocket, waits for the open packet, sends Engine.IO's close packet and leaves. */
export async function openWebSocket (wire: Wire, ask: Ask): Promise<Opened> {
  const key = randomBytes(16).toString('base64')
  const headers: Header[] = [
    ...ask.headers,
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', key]
  ]
  let upgraded: Upgraded | undefined
  const exchange = await wire.send({ ...ask, headers }, (given) => { upgraded = given })
  if (upgraded === undefined) return exchange
  const accept = createHash('sha1').update(key + GUID).digest('base64')
  const isSound = valuesOf(exchange, 'sec-websocket-accept').join() === accept
  const text = isSound ? await firstText(upgraded, ask.timeout ?? wire.timeout) : undefined
  const open = text === undefined ? undefined : parseOpen(text)?.open
  await leave(upgraded.socket, open !== undefined)
  // the packet is the proof that it is open
  return open === undefined ? exchange : { ...exchange, answer: { ...exchange.answer!, body: text! }, open }
}

function firstText ({ socket, head }: Upgraded, timeout: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let bytes = head
    const look = (): void => {
      const text = textOf(bytes)
      if (text !== undefined || bytes.length > MAX_FRAMES) finish(text)
    }
    const finish = (text?: string): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('close', onClose)
      resolve(text)
    }
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk])
      look()
    }
    const onClose = (): void => finish()
    const timer = setTimeout(finish, timeout)
    socket.on('data', onData).once('close', onClose)
    look()
  })
}

/** The payload of the first text, once all of it is there, whatever pings come before; '' when something else comes. */
function textOf (bytes: Buffer): string | undefined {
  let at = 0
  while (bytes.length >= at + 2) {
    const opcode = bytes[at]!
    const short = bytes[at + 1]!
    const isLong = short === 126
    if (short > 126 || (isLong && bytes.length < at + 4)) return short > 126 ? '' : undefined
    const start = at + (isLong ? 4 : 2)
    const end = start + (isLong ? bytes.readUInt16BE(at + 2) : short)
    if (opcode !== PING && opcode !== PONG && opcode !== TEXT) return ''
    if (bytes.length < end) return undefined
    if (opcode === TEXT) return bytes.toString('utf8', start, end)
    at = end
  }
  return undefined
}

/** So that no session is left behind: Engine.IO's close packet, and the frame that closes a WebSocket. */
function leave (socket: Socket, isEngine: boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), FAREWELL)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    if (socket.destroyed) socket.emit('close')
    socket.resume()
    if (isEngine) socket.write(frame(TEXT, Buffer.from('1')))
    // 1000, a normal closure
    socket.end(frame(CLOSE, Buffer.from([0x03, 0xe8])))
  })
}

/** A client's frames are masked (RFC 6455, section 5.3). */
function frame (opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4)
  const masked = payload.map((byte, at) => byte ^ mask[at & 3]!)
  return Buffer.concat([Buffer.from([opcode, 0x80 | payload.length]), mask, masked])
}
