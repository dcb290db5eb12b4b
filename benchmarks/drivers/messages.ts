// Load by clients that stay connected and talk: an echo for each, or the news for all.
import { performance } from 'node:perf_hooks'
import { connectMany } from './crowd.ts'
import { cycleLoad } from './cycles.ts'
import type { Talker } from './cycles.ts'
import { Expectation, PONG, Score } from './expectation.ts'
import { BINARY, TEXT, frame, serverFrame } from './frames.ts'
import { Poller } from './poller.ts'
import type { Load, Recorder } from './recorder.ts'
import { PATH } from './requests.ts'
import { equal } from './right.ts'
import type { Wire } from './wire.ts'

/** What is said, and the frames that must come back. */
export interface Dialogue {
  readonly said: Buffer
  readonly heard: Score
}

const CHAT = 'The quick brown fox jumps over the lazy dog, and over the next.'
const ECHO = `42["echo","${CHAT}"]`

export const textEcho: Dialogue = { said: frame(TEXT, ECHO), heard: new Score([serverFrame(TEXT, ECHO)]) }

// Socket.IO's binary event: the packet with a placeholder, then what stands in its place.
const HEADER = '451-["echo",{"_placeholder":true,"num":0}]'
const ATTACHMENT = Buffer.from(Array.from({ length: 8192 }, (_, i) => (i * 31 + (i >> 8)) & 0xff))

export const binaryEcho: Dialogue = {
  said: Buffer.concat([frame(TEXT, HEADER), frame(BINARY, ATTACHMENT)]),
  heard: new Score([serverFrame(TEXT, HEADER), serverFrame(BINARY, ATTACHMENT)])
}

/** Each client says it again as soon as it has come back. */
export async function echoLoad (
  port: number, connections: number, { said, heard }: Dialogue, recorder: Recorder
): Promise<Load> {
  const crowd = new Crowd(await connectMany(port, connections), recorder)
  const mouths = crowd.wires.map((wire) => {
    let begun = 0
    const say = (): void => {
      begun = performance.now()
      wire.send(said)
    }
    crowd.listen(wire, heard, () => {
      recorder.success(performance.now() - begun)
      if (crowd.goesOn) say()
      else crowd.rest(wire)
    })
    return say
  })
  return crowd.load(() => { for (const say of mouths) say() })
}

/**
 * One client asks for `burst` broadcasts, which the server makes in one tick, and again when everybody has heard them
 * all. One operation is one message delivered.
 */
export async function broadcastLoad (port: number, clients: number, burst: number, recorder: Recorder): Promise<Load> {
  const score = new Score(Array.from({ length: burst }, (_, i) => serverFrame(TEXT, `42["news","${CHAT}",${i}]`)))
  const request = frame(TEXT, `42["broadcast","${CHAT}",${burst}]`)
  const crowd = new Crowd(await connectMany(port, clients), recorder)
  let waiting = 0
  let begun = 0
  const ask = (): void => {
    waiting = clients
    begun = performance.now()
    crowd.wires[0]!.send(request)
  }
  for (const wire of crowd.wires) {
    crowd.listen(wire, score, (turns) => {
      recorder.success(performance.now() - begun, turns * burst)
      waiting -= turns
      if (waiting > 0) return
      if (crowd.goesOn) ask()
      else for (const one of crowd.wires) crowd.rest(one)
    })
  }
  return crowd.load(ask)
}

class Crowd {
  readonly wires: readonly Wire[]
  readonly #recorder: Recorder
  /** Those that say something, or are to hear it. */
  readonly #busy: Set<Wire> = new Set()
  readonly #failed: Set<Wire> = new Set()
  #end = 0
  #stopped = false
  #rested = (): void => {}

  constructor (wires: readonly Wire[], recorder: Recorder) {
    this.wires = wires
    this.#recorder = recorder
  }

  /** @param begin sets everybody going */
  load (begin: () => void): Load {
    return {
      run: async (seconds) => {
        const begun = performance.now()
        this.#end = begun + seconds * 1000
        for (const wire of this.wires) if (!this.#failed.has(wire)) this.#busy.add(wire)
        const rested = new Promise<void>((resolve) => { this.#rested = resolve })
        begin()
        await rested
        return performance.now() - begun
      },
      stop: async () => {
        this.#stopped = true
        await Promise.all(this.wires.map((wire) => wire.drop()))
        this.#rested()
      }
    }
  }

  /** Whether the turn is not over. */
  get goesOn (): boolean {
    return performance.now() < this.#end
  }

  rest (wire: Wire): void {
    this.#busy.delete(wire)
    if (this.#busy.size === 0) this.#rested()
  }

  listen (wire: Wire, score: Score, heard: (turns: number) => void): void {
    const expectation = new Expectation(score, { heard, pinged: () => wire.send(PONG) })
    const fail = (error: Error): void => {
      if (!this.#stopped && !this.#failed.has(wire)) this.#recorder.failure(error.message)
      this.#failed.add(wire)
      this.rest(wire)
    }
    wire.pass((chunk) => {
      try {
        if (!this.#stopped) expectation.take(chunk)
      } catch (error) {
        fail(error as Error)
        // What follows cannot be told from what is wrong.
        wire.drop()
      }
    }, fail)
  }
}

/** Each client posts, polls for the echo, and starts over. */
export async function pollingEchoLoad (port: number, connections: number, recorder: Recorder): Promise<Load> {
  const talkers = await Promise.all(Array.from({ length: connections }, () => pollingEcho(port)))
  return cycleLoad(connections, () => talkers.pop()!, recorder)
}

async function pollingEcho (port: number): Promise<Talker> {
  const poller = new Poller(port)
  const path = `${PATH}&sid=${await poller.open()}`
  const post = poller.request('POST', path, ECHO)
  const pong = poller.request('POST', path, '3')
  const get = poller.request('GET', path)
  return {
    converse: async () => {
      equal('answer to POST', await poller.send(post), 'ok')
      let heard = await poller.send(get)
      if (heard === '2' || heard.startsWith('2\x1e')) {
        equal('answer to the pong', await poller.send(pong), 'ok')
        heard = heard === '2' ? await poller.send(get) : heard.slice(2)
      }
      equal('the echo', heard, ECHO)
    },
    hangUp: () => poller.drop()
  }
}
