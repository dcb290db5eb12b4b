// The workloads that are conversations. Each is one function that holds one conversation, as engine.io-client
// and socket.io-client hold it, and throws at the first word that is not as expected.
import { performance } from 'node:perf_hooks'
import type { Load, Recorder } from './recorder.ts'
import { ALLOWED, PATH, REFUSED, SOCKET_PATH, pageHeaders, requestText, upgradeRequest } from './requests.ts'
import { Wire, frame } from './wire.ts'

/** Holds one conversation after the other until stopped. */
export interface Talker {
  converse (): Promise<void>
  /** Drops whatever connection is open, which ends a conversation under way. */
  hangUp (): void
}

/**
 * `connections` talkers at once, each starting over as soon as it is through.
 *
 * @param talker makes one talker
 */
export function cycleLoad (connections: number, talker: () => Talker, recorder: Recorder): Load {
  const ending = new AbortController()
  const talkers = Array.from({ length: connections }, talker)
  const loops = talkers.map(async (one) => {
    while (!ending.signal.aborted && !recorder.hopeless) {
      const begun = performance.now()
      try {
        await one.converse()
        recorder.success(performance.now() - begun)
      } catch (error) {
        if (!ending.signal.aborted) recorder.failure((error as Error).message)
        one.hangUp()
      }
    }
  })
  return {
    stop: async () => {
      ending.abort()
      for (const one of talkers) one.hangUp()
      await Promise.all(loops)
    }
  }
}

/** WebSocket upgrade from an origin that the policy does not list. */
export function refusedUpgrade (port: number, status: number): Talker {
  const request = upgradeRequest(port, REFUSED, SOCKET_PATH)
  let wire: Wire | undefined
  return {
    converse: async () => {
      wire = new Wire(port)
      const answer = await wire.request(request)
      equal('status', answer.status, status)
      await wire.drop()
    },
    hangUp: () => { wire?.drop() }
  }
}

const CONNECT = frame(1, '40')

/** Opens a WebSocket and connects to the main namespace. */
export async function connectSocket (port: number): Promise<Wire> {
  const wire = new Wire(port)
  await wire.upgrade(upgradeRequest(port, ALLOWED, SOCKET_PATH))
  begins('open packet', await wire.message(), '0{"sid":"')
  wire.send(CONNECT)
  begins('connect acknowledgement', await wire.message(), '40{"sid":"')
  return wire
}

/** Connect a WebSocket, open packet, `40`, connect acknowledgement, close. */
export function wsCycle (port: number): Talker {
  let wire: Wire | undefined
  return {
    converse: async () => {
      wire = await connectSocket(port)
      await wire.close()
    },
    hangUp: () => { wire?.drop() }
  }
}

/** A keep-alive connection that polls. */
class Poller {
  #wire: Wire | undefined
  readonly #port: number

  constructor (port: number) {
    this.#port = port
  }

  /** @returns the body of a 200 that names our origin; throws on anything else */
  async ask (method: 'GET' | 'POST', path: string, body?: string): Promise<string> {
    this.#wire ??= new Wire(this.#port)
    const answer = await this.#wire.request(requestText(method, this.#port, path, pageHeaders(ALLOWED), body))
    equal(`status of ${method} (${answer.body})`, answer.status, 200)
    if (!ALLOW_ORIGIN.test(answer.head)) throw new Error(`an answer to ${method} without our origin in Access-Control-Allow-Origin`)
    return answer.body
  }

  /** Handshake, POST `40`, GET the acknowledgement. @returns the sid */
  async open (): Promise<string> {
    const sid = sidOf(await this.ask('GET', PATH))
    equal('answer to POST 40', await this.ask('POST', `${PATH}&sid=${sid}`, '40'), 'ok')
    begins('connect acknowledgement', await this.ask('GET', `${PATH}&sid=${sid}`), '40{"sid":"')
    return sid
  }

  drop (): void {
    this.#wire?.drop()
    this.#wire = undefined
  }
}

const ALLOW_ORIGIN = new RegExp(`\r\naccess-control-allow-origin: ${ALLOWED}\r\n`, 'i')

/** Handshake, POST `40`, GET the acknowledgement, POST close. */
export function pollingCycle (port: number): Talker {
  const poller = new Poller(port)
  return {
    converse: async () => {
      const sid = await poller.open()
      equal('answer to POST close', await poller.ask('POST', `${PATH}&sid=${sid}`, '1'), 'ok')
    },
    hangUp: () => poller.drop()
  }
}

const PROBE = frame(1, '2probe')
const UPGRADE = frame(1, '5')

/**
 * Polling handshake, connect, upgrade to WebSocket, close. No poll is pending while the upgrade is probed: the
 * server would hold it for 100 ms (engine.io's `check` interval), and we would measure that timer.
 */
export function upgradeCycle (port: number): Talker {
  const poller = new Poller(port)
  let wire: Wire | undefined
  return {
    converse: async () => {
      const sid = await poller.open()
      wire = new Wire(port)
      await wire.upgrade(upgradeRequest(port, ALLOWED, `${SOCKET_PATH}&sid=${sid}`))
      wire.send(PROBE)
      equal('answer to the probe', await wire.message(), '3probe')
      wire.send(UPGRADE)
      await wire.close()
    },
    hangUp: () => {
      poller.drop()
      wire?.drop()
    }
  }
}

/** @throws Error when there is no open packet in it */
export function sidOf (body: string): string {
  const match = /^0\{"sid":"([^"]+)"/.exec(body)
  if (match === null) throw new Error(`${JSON.stringify(body)} instead of an open packet`)
  return encodeURIComponent(match[1]!)
}

function equal (what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
}

function begins (what: string, actual: string, expected: string): void {
  if (!actual.startsWith(expected)) throw new Error(`${what}: ${JSON.stringify(actual.slice(0, 80))} instead of ${expected}…`)
}
