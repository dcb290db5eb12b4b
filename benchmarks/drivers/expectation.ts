// Checks what a WebSocket client hears word for word, at the price of one comparison of bytes for each chunk. What it
// must hear is known in advance and comes again and again, so that no frame need be parsed.
import { TEXT, frame, serverFrame } from './frames.ts'

const PING = serverFrame(TEXT, '2')
export const PONG: Buffer = frame(TEXT, '3')

/** Bytes: what one read of a socket brings at most. */
const CHUNK = 65_536

/** What a client hears in one turn, turn after turn. One for all clients. */
export class Score {
  /** Bytes of a turn. */
  readonly length: number
  /** Turns on end: long enough to hold any chunk against, wherever in a turn it begins. */
  readonly repeated: Buffer
  readonly #starts: ReadonlySet<number>

  /** @param frames as serverFrame() makes them */
  constructor (frames: readonly Buffer[]) {
    const turn = Buffer.concat(frames)
    let at = 0
    this.#starts = new Set(frames.map(({ length }) => (at += length) - length))
    this.length = turn.length
    this.repeated = Buffer.concat(Array.from({ length: Math.ceil(CHUNK / turn.length) + 2 }, () => turn))
  }

  /** The start of the frame that byte `at` of the turns belongs to. */
  frameStart (at: number): number {
    let start = at
    while (!this.#starts.has(start % this.length)) start--
    return start
  }
}

export interface Listener {
  /** @param turns how many have ended */
  heard (turns: number): void
  pinged (): void
}

/** One client's place in the score. */
export class Expectation {
  readonly #score: Score
  readonly #listener: Listener
  #at = 0
  /** The first bytes of a ping whose last ones are on their way, and what came before it. */
  #held: Buffer | undefined

  constructor (score: Score, listener: Listener) {
    this.#score = score
    this.#listener = listener
  }

  /** @throws Error when it is not what must come next */
  take (chunk: Buffer): void {
    const { repeated } = this.#score
    const end = this.#at + chunk.length
    if (this.#held !== undefined) this.#takeWithPing(chunk)
    else if (repeated.compare(chunk, 0, chunk.length, this.#at, end) === 0) this.#advance(chunk.length)
    else this.#takeWithPing(chunk)
  }

  #advance (bytes: number): void {
    const { length } = this.#score
    const at = this.#at + bytes
    this.#at = at % length
    if (at >= length) this.#listener.heard((at - this.#at) / length)
  }

  // A ping comes between frames. Its first byte is a text frame's too, and may have been taken for one.
  #takeWithPing (chunk: Buffer): void {
    const { repeated } = this.#score
    const heard = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    let same = 0
    while (same < heard.length && repeated[this.#at + same] === heard[same]) same++
    const start = this.#score.frameStart(this.#at + same)
    const begun = Math.min(start, this.#at)
    const bytes = Buffer.concat([repeated.subarray(begun, this.#at), heard])
    const ping = bytes.subarray(start - begun, start - begun + PING.length)
    if (!PING.subarray(0, ping.length).equals(ping)) {
      const expected = repeated.toString('latin1', start, start + 80)
      throw new Error(`${text(bytes.subarray(start - begun))} instead of ${JSON.stringify(expected)}…`)
    }
    this.#at = begun
    this.#held = ping.length < PING.length ? bytes : undefined
    if (this.#held !== undefined) return
    this.#advance(start - begun)
    this.#listener.pinged()
    const rest = bytes.subarray(start - begun + PING.length)
    if (rest.length > 0) this.take(rest)
  }
}

function text (bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1', 0, 80))
}
