// A client that loses its server and comes back, when socket.io-client would: after 1 s, more or less a half, then
// twice as long each time, up to 5 s ("reconnectionDelay", "randomizationFactor" and "reconnectionDelayMax").
import { connectSocket } from './crowd.ts'
import { upgradeSocket } from './cycles.ts'
import { Expectation, PONG, Score } from './expectation.ts'
import { TEXT, serverFrame } from './frames.ts'
import { Poller } from './poller.ts'
import { Wire } from './wire.ts'

/** ms, all of them. */
const DELAY = 1000
const MAX_DELAY = 5000
const TIMEOUT = 20_000
const RANDOMIZATION = 0.5

/** Nothing but pings. */
const SILENCE = new Score([serverFrame(TEXT, 'nothing')])

export interface Storm {
  /** A client is connected, and upgraded if it does. */
  back (): void
  failed (why: string): void
}

export class StormClient {
  readonly #port: number
  /** Whether it polls first. */
  readonly #upgrades: boolean
  readonly #storm: Storm
  #wire: Wire | undefined
  #poller: Poller | undefined
  #attempts = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor (port: number, upgrades: boolean, storm: Storm) {
    this.#port = port
    this.#upgrades = upgrades
    this.#storm = storm
  }

  /** Tries until it is connected; returns after the first attempt. */
  async connect (): Promise<void> {
    const timeout = setTimeout(() => this.#hangUp(), TIMEOUT)
    try {
      const wire = await (this.#upgrades ? this.#pollAndUpgrade() : this.#open())
      const silence = new Expectation(SILENCE, { heard: () => {}, pinged: () => wire.send(PONG) })
      this.#attempts = 0
      this.#storm.back()
      wire.pass((chunk) => silence.take(chunk), () => this.#later())
    } catch (error) {
      this.#hangUp()
      if (this.#stopped) return
      this.#storm.failed((error as Error).message)
      this.#later()
    } finally {
      clearTimeout(timeout)
    }
  }

  stop (): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#hangUp()
  }

  #later (): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.connect(), delayOf(this.#attempts++))
  }

  async #open (): Promise<Wire> {
    this.#wire = new Wire(this.#port)
    return await connectSocket(this.#port, this.#wire)
  }

  async #pollAndUpgrade (): Promise<Wire> {
    this.#poller = new Poller(this.#port)
    const sid = await this.#poller.open()
    this.#wire = new Wire(this.#port)
    await upgradeSocket(this.#port, sid, this.#wire)
    this.#poller.drop()
    return this.#wire
  }

  #hangUp (): void {
    this.#poller?.drop()
    this.#wire?.drop()
  }
}

/** As socket.io-client's `Backoff` has it. @returns ms */
export function delayOf (attempts: number, random: () => number = Math.random): number {
  const delay = DELAY * 2 ** attempts
  const part = random()
  const deviation = Math.floor(part * RANDOMIZATION * delay)
  const sooner = (Math.floor(part * 10) & 1) === 0
  return Math.min(sooner ? delay - deviation : delay + deviation, MAX_DELAY)
}
