import { connect, type Socket } from 'node:net'
import { type Answer, AnswerParser, BadAnswer } from './answers.ts'
import type { Expectation, FuzzRequest } from './grammar/requests.ts'
import { judge, judgeLoosely } from './oracles.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/**
 * ms within which every complete request is answered, and a connection that its client ended is closed. It is long,
 * because machines are busy.
 */
export const PATIENCE = 15_000
/** Characters of a conversation that a report shows. */
const SHOWN = 6000

/** How a client takes its leave. */
export type Leave = 'end' | 'destroy' | 'reset'

/** Engine.IO cuts off the connection of a POST whose packets end their session: that is its answer. */
function mayCutOff ({ method, target }: Expectation): boolean {
  return method === 'POST' && target.includes('sid=')
}

/** One raw connection to the server. */
export class Wire {
  readonly number: number
  /** Set when its bytes are mutated: answers cannot be told apart by their requests. */
  loose = false
  closed = false
  /**
   * Set when requests stand behind an upgrade: TCP resets a connection that is closed with bytes unread, and an answer
   * on its way is lost.
   */
  mayLose = false
  sent = ''
  /** What came behind a 101, or over a loose connection. */
  tail = ''
  readonly #world: World
  readonly #socket: Socket
  readonly #parser = new AnswerParser()
  readonly #queue: Expectation[] = []
  #left = false
  /** Whether the server ends the connection behind an answer that has come. */
  #over = false
  #latest: Answer | undefined
  #excerpt = ''
  #waitsFor: { what: string, since: number, met: () => boolean, done: () => void } | undefined

  private constructor (world: World, number: number, socket: Socket) {
    this.number = number
    this.#world = world
    this.#socket = socket
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (text: string) => this.#received(text))
    // a reset is one of the answers
    socket.on('error', () => {})
    socket.on('close', () => this.#onClose())
    // the server's FIN is answered at once by Node (allowHalfOpen: false)
  }

  /** @returns `undefined` when the server takes no connection, as it may while it closes */
  static open (world: World, number: number): Promise<Wire | undefined> {
    return new Promise((resolve) => {
      const socket = connect(world.port, '127.0.0.1')
      socket.once('error', (error) => {
        if (!world.closing) {
          world.report({ oracle: 'the server takes connections', detail: String(error), connection: number })
        }
        resolve(undefined)
      })
      socket.once('connect', () => {
        socket.removeAllListeners('error')
        const wire = new Wire(world, number, socket)
        world.wires.add(wire)
        world.numbers.set(socket.localPort!, wire)
        world.tally.connections++
        resolve(wire)
      })
    })
  }

  /** Sends bytes in one piece or in several. */
  async send (random: Random, text: string): Promise<void> {
    this.sent += text
    const pieces = random.weighted([[85, 1], [12, random.between(2, 6)], [3, random.between(20, 60)]])
    const size = Math.ceil(text.length / pieces) || 1
    for (let at = 0; at < text.length && !this.#socket.destroyed && this.#socket.writable; at += size) {
      if (at > 0) await new Promise(setImmediate)
      this.#socket.write(text.slice(at, at + size), 'latin1')
    }
  }

  /** Sends requests and waits until all are answered. @returns the last answer, if one came */
  async ask (random: Random, ...requests: readonly FuzzRequest[]): Promise<Answer | undefined> {
    this.#latest = undefined
    for (const { expectation } of requests) this.#queue.push(expectation)
    this.#world.tally.requests += requests.length
    const text = requests.length === 1 ? requests[0]!.text : requests.map(({ text }) => text).join('')
    await this.send(random, text)
    await this.#wait('every complete request is answered', () => this.#queue.length === 0)
    return this.#latest
  }

  /** Like {@link ask}, without the wait. */
  async askAndGo (random: Random, requests: readonly FuzzRequest[]): Promise<void> {
    for (const { expectation } of requests) this.#queue.push(expectation)
    await this.send(random, requests.map(({ text }) => text).join(''))
  }

  /** Waits for this text, or for a close frame: the session may have timed out on a busy machine. */
  hears (text: string): Promise<void> {
    return this.#wait(`the WebSocket answers (${text})`, () => this.tail.includes(text) || this.tail.includes('\x88'))
  }

  /** Waits for the first byte of any answer, or `ms`. */
  async hesitate (ms: number): Promise<void> {
    if (this.closed || ms === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      timer.unref()
      const done = (): void => {
        clearTimeout(timer)
        this.#socket.off('data', done).off('close', done)
        resolve()
      }
      this.#socket.once('data', done).once('close', done)
    })
  }

  /** Stops reading: what the server writes piles up. */
  deafen (): void {
    this.#socket.pause()
  }

  /** Leaves, and waits until the connection has closed: after a FIN, that is the server's to do. */
  async leave (how: Leave): Promise<void> {
    this.#left = true
    this.#queue.length = 0
    if (how === 'end') {
      this.#socket.resume()
      this.#socket.end()
    } else if (how === 'reset' && !this.#socket.writableEnded) {
      // libuv cannot reset a socket that is being shut down, and Node then forgets to close it
      this.#socket.resetAndDestroy()
    } else {
      this.#socket.destroy()
    }
    await this.#wait('a connection that its client ended is closed', () => this.closed)
    if (this.loose) judgeLoosely(this.#world, this, this.tail)
  }

  /** The beginning of what came. */
  get received (): string {
    return this.#excerpt
  }

  complain (oracle: string, detail: string): void {
    const cut = (text: string): string =>
      text.length > SHOWN ? `${text.slice(0, SHOWN / 2)} … ${text.slice(-SHOWN / 2)}` : text
    this.#world.report({ oracle, detail, connection: this.number, sent: cut(this.sent), received: cut(this.#excerpt) })
  }

  /** Called now and then: whoever waits too long has found something. */
  check (now: number): void {
    const waits = this.#waitsFor
    if (waits === undefined || now - waits.since < PATIENCE) return
    const next = this.#queue[0]
    this.complain(waits.what, next === undefined ? 'nothing came' : `${next.method} ${next.target} was not answered`)
    this.#left = true
    this.#socket.destroy()
  }

  #wait (what: string, met: () => boolean): Promise<void> {
    if (met() || this.closed) return Promise.resolve()
    return new Promise((resolve) => { this.#waitsFor = { what, since: performance.now(), met, done: resolve } })
  }

  #wake (): void {
    const waits = this.#waitsFor
    if (waits === undefined || !(this.closed || waits.met())) return
    this.#waitsFor = undefined
    waits.done()
  }

  #received (text: string): void {
    if (this.#excerpt.length < SHOWN) this.#excerpt += text.slice(0, SHOWN - this.#excerpt.length)
    if (this.loose || this.#upgraded) {
      if (this.tail.length < 100_000) this.tail += text
    } else {
      this.#parser.push(text)
      this.#answers(false)
    }
    this.#wake()
  }

  get #upgraded (): boolean {
    return this.#latest?.status === 101
  }

  #answers (ended: boolean): void {
    try {
      while (this.#queue.length > 0) {
        const answer = this.#parser.next(this.#queue[0]!.method, ended)
        if (answer === undefined) return
        const expectation = this.#queue.shift()!
        this.#count(answer)
        judge(this.#world, this, expectation, answer)
        // Engine.IO ends the connection behind a body that is too long or too late, whatever its headers say
        this.#over ||= answer.status === 413 || answer.status === 408
        if (!answer.last) continue
        this.#queue.length = 0
        if (answer.status === 101) this.tail = this.#parser.take()
      }
    } catch (error) {
      if (!(error instanceof BadAnswer)) throw error
      if (!this.#left) this.complain('an answer is HTTP', error.message)
      this.#queue.length = 0
    }
  }

  #count (answer: Answer): void {
    const { tally } = this.#world
    this.#latest = answer
    tally.answers++
    tally.statuses[answer.status] = (tally.statuses[answer.status] ?? 0) + 1
  }

  #onClose (): void {
    this.#answers(true)
    this.closed = true
    const next = this.#queue[0]
    const ended = this.#left || this.#over || this.#world.closing
    if (next !== undefined && !ended && !this.mayLose && !this.#queue.some(mayCutOff)) {
      this.complain(
        'every complete request is answered',
        `the connection was closed before ${next.method} ${next.target} was answered`
      )
    }
    this.#world.wires.delete(this)
    this.#wake()
  }
}
