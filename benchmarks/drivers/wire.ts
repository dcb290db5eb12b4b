// One TCP connection that speaks just enough HTTP/1.1 and WebSocket to be a client at a fraction of what
// node:http and `ws` cost, so that the driver has CPU to spare. It is strict about what it reads: anything
// that it does not understand is an error, never a guess.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { CLOSE, TEXT, frame } from './frames.ts'
import { SOCKET_ACCEPT } from './requests.ts'

export interface Answer {
  readonly status: number
  /** The head as it came. */
  readonly head: string
  readonly body: string
}

const EMPTY = Buffer.alloc(0)
const HEAD_END = Buffer.from('\r\n\r\n')

const GOODBYE = frame(CLOSE, Buffer.from([0x03, 0xe8]))

/** Takes as much of a message as there is: undefined when it is not complete yet. */
type Parser = (wire: Wire) => unknown

export class Wire {
  readonly #socket: Socket
  readonly #closed: Promise<void>
  #buffer: Buffer = EMPTY
  #ended: Error | undefined
  #parser: Parser | undefined
  #taker: ((chunk: Buffer) => void) | undefined
  #resolve: (value: never) => void = () => {}
  #reject: (error: Error) => void = () => {}

  /** Connects at once; what is written before that waits in the socket. */
  constructor (port: number) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket = socket
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (error) => this.#end(error))
    this.#closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#end(new Error('the server closed the connection before it had answered'))
        resolve()
      })
    })
  }

  /** Sends a request and waits for the answer. One at a time. */
  async request (bytes: string | Buffer): Promise<Answer> {
    this.#socket.write(bytes as string, 'latin1')
    return await this.#next<Answer>(takeAnswer)
  }

  /** Sends a WebSocket opening handshake. @throws Error when the answer is not a 101 that fits it */
  async upgrade (bytes: string): Promise<void> {
    const { status, head } = await this.request(bytes)
    if (status !== 101) throw new Error(`status ${status} instead of 101`)
    if (!head.includes(SOCKET_ACCEPT)) throw new Error('the 101 does not accept our key')
  }

  /** From here on the bytes are another's, as they come; nothing else may be waited for. @param ended why none will */
  pass (taker: (chunk: Buffer) => void, ended: (why: Error) => void): void {
    this.#taker = taker
    this.#parser = () => undefined
    this.#reject = ended
    if (this.#buffer.length > 0) taker(this.#buffer)
    if (this.#ended !== undefined) this.#end(this.#ended)
  }

  /** Sends a frame that frame() made. */
  send (bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Waits for the next text message. @throws Error on a close frame */
  async message (): Promise<string> {
    const { opcode, payload } = await this.#next<Frame>(takeFrame)
    if (opcode !== TEXT) throw new Error(`frame with opcode ${opcode} instead of text`)
    return payload
  }

  /** The closing handshake (RFC 6455, 7.1.2), to its end: until the server has closed the connection. */
  async close (): Promise<void> {
    this.#socket.write(GOODBYE)
    const { opcode } = await this.#next<Frame>(takeFrame)
    if (opcode !== CLOSE) throw new Error(`frame with opcode ${opcode} instead of close`)
    await this.#closed
  }

  /** Drops the connection without a word, and waits until it is gone. */
  async drop (): Promise<void> {
    this.#socket.destroy()
    await this.#closed
  }

  #next<T> (parser: Parser): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#parser = parser
      this.#resolve = resolve
      this.#reject = reject
      this.#parse()
      if (this.#ended !== undefined) this.#end(this.#ended)
    })
  }

  #receive (chunk: Buffer): void {
    if (this.#taker !== undefined) return this.#taker(chunk)
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    this.#parse()
  }

  #parse (): void {
    if (this.#parser === undefined) return
    try {
      const value = this.#parser(this)
      if (value === undefined) return
      this.#parser = undefined
      this.#resolve(value as never)
    } catch (error) {
      this.#end(error as Error)
    }
  }

  #end (error: Error): void {
    this.#ended ??= error
    if (this.#parser === undefined) return
    this.#parser = undefined
    this.#reject(error)
  }

  /** For parsers: what has arrived. */
  get buffer (): Buffer {
    return this.#buffer
  }

  /** For parsers: the first `bytes` have been understood. */
  consume (bytes: number): void {
    this.#buffer = bytes === this.#buffer.length ? EMPTY : this.#buffer.subarray(bytes)
  }
}

function takeAnswer (wire: Wire): Answer | undefined {
  const { buffer } = wire
  const end = buffer.indexOf(HEAD_END)
  if (end === -1) return undefined
  const head = buffer.toString('latin1', 0, end)
  const status = Number(head.slice(9, 12))
  const start = end + 4
  const length = bodyLength(status, head)
  if (buffer.length < start + length) return undefined
  const body = buffer.toString('latin1', start, start + length)
  wire.consume(start + length)
  return { status, head, body }
}

// RFC 9112, 6.3, less what no contender sends: chunks, and bodies that end with the connection.
function bodyLength (status: number, head: string): number {
  if (status < 200 || status === 204 || status === 304) return 0
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (length === null) throw new Error(`an answer without Content-Length: ${head}`)
  return Number(length[1])
}

interface Frame {
  readonly opcode: number
  readonly payload: string
}

function takeFrame (wire: Wire): Frame | undefined {
  const { buffer } = wire
  if (buffer.length < 2) return undefined
  const short = buffer[1]!
  if (short > 126) throw new Error('a masked frame, or one over 64 kB, from a server')
  const start = short === 126 ? 4 : 2
  if (buffer.length < start) return undefined
  const length = short === 126 ? buffer.readUInt16BE(2) : short
  if (buffer.length < start + length) return undefined
  const opcode = buffer[0]! & 0x0f
  const payload = buffer.toString('latin1', start, start + length)
  wire.consume(start + length)
  return { opcode, payload }
}
