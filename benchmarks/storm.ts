// Thousands of clients lose their server at once, and a new one takes its port: what operators fear.
import { performance } from 'node:perf_hooks'
import { setTimeout as elapse } from 'node:timers/promises'
import { Child } from './child.ts'
import type { Contender } from './contenders.ts'
import { fileOf } from './contenders.ts'
import { inLanes } from './drivers/crowd.ts'
import { REST_PATH, ALLOWED, pageHeaders, requestText } from './drivers/requests.ts'
import { StormClient } from './drivers/storm-client.ts'
import { Wire } from './drivers/wire.ts'
import { percentile } from './stats.ts'

export interface StormCell {
  readonly clients: number
  /** Seconds since the server was killed until so many clients were connected again. */
  readonly half: number
  readonly most: number
  readonly all: number
  /** Seconds of the new server's CPU until then, its start included. */
  readonly cpu: number
  /** Attempts of clients to connect. */
  readonly failed: number
  /** ms: 99 of 100 requests to a REST route were answered within. */
  readonly rest: number
  /** 0..1. */
  readonly driverBusy: number
}

/** Those that have a REST route beside. */
export const stormContenders: readonly string[] = ['fastify-socketio', 'ours']

/** ms between two requests to the REST route. */
const PACE = 10
/** ms after which nobody is waited for. */
const PATIENCE = 60_000

/** @throws Error when not all come back within a minute */
export async function runStorm ({ id }: Contender, clients: number): Promise<StormCell> {
  const crowd = new Storm(clients)
  let child = await Child.start(fileOf(id))
  const { port } = child
  try {
    await crowd.gather(port)
    const driver = performance.eventLoopUtilization()
    const killed = performance.now()
    crowd.begin()
    await child.kill()
    child = await Child.start(fileOf(id), { port })
    const rest = watchRest(port)
    const arrivals = await crowd.returned()
    const { cpu } = await child.sample()
    const latencies = await rest.stop()
    const after = (part: number): number => (percentile(arrivals, part) - killed) / 1000
    return {
      clients,
      half: after(50),
      most: after(99),
      all: after(100),
      cpu: cpu / 1e6,
      failed: crowd.failures,
      rest: percentile(latencies, 99),
      driverBusy: performance.eventLoopUtilization(driver).utilization
    }
  } finally {
    crowd.stop()
    await child.stop()
  }
}

/** The clients: every other one polls first. */
class Storm {
  failures = 0
  #arrivals: number[] = []
  #clients: StormClient[] = []
  #complete: () => void = () => {}
  readonly #size: number
  #why = 'no answer'

  constructor (size: number) {
    this.#size = size
  }

  async gather (port: number): Promise<void> {
    const storm = {
      back: () => {
        if (this.#arrivals.push(performance.now()) === this.#size) this.#complete()
      },
      failed: (why: string) => {
        this.failures++
        this.#why = why
      }
    }
    this.#clients = Array.from({ length: this.#size }, (_, i) => new StormClient(port, i % 2 === 1, storm))
    let next = 0
    await inLanes(this.#size, () => {}, () => this.#clients[next++]!.connect(), async () => {})
    if (this.failures > 0) throw new Error(`${this.failures} clients could not connect in peace: ${this.#why}`)
  }

  begin (): void {
    this.#arrivals = []
  }

  /** When each came back, in order. */
  async returned (): Promise<readonly number[]> {
    const all = new Promise<void>((resolve) => { this.#complete = resolve })
    if (this.#arrivals.length < this.#size) await Promise.race([all, elapse(PATIENCE, undefined, { ref: false })])
    if (this.#arrivals.length === this.#size) return this.#arrivals
    throw new Error(`${this.#arrivals.length} of ${this.#size} clients came back: ${this.#why}`)
  }

  stop (): void {
    for (const client of this.#clients) client.stop()
  }
}

/** Requests at a fixed pace. Each is measured from when it was due: one that waits for the one before has waited. */
function watchRest (port: number): { stop (): Promise<Float64Array> } {
  const request = requestText('GET', port, REST_PATH, pageHeaders(ALLOWED))
  const latencies: number[] = []
  const stopping = new AbortController()
  const done = (async () => {
    const wire = new Wire(port)
    for (let due = performance.now(); !stopping.signal.aborted; due += PACE) {
      await elapse(Math.max(0, due - performance.now()))
      const { status } = await wire.request(request)
      if (status !== 200) throw new Error(`the REST route answered ${status}`)
      latencies.push(performance.now() - due)
    }
    await wire.drop()
  })()
  // reported by stop()
  done.catch(() => {})
  return {
    stop: async () => {
      stopping.abort()
      await done
      return Float64Array.from(latencies).sort()
    }
  }
}
