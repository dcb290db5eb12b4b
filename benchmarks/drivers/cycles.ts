// The workloads that are conversations. Each is one function that holds one conversation, as engine.io-client
// and socket.io-client hold it, and throws at the first word that is not as expected.
import { performance } from 'node:perf_hooks'
import { connectSocket } from './crowd.ts'
import { TEXT, frame } from './frames.ts'
import { Poller } from './poller.ts'
import type { Load, Recorder } from './recorder.ts'
import { ALLOWED, PATH, REFUSED, SOCKET_PATH, upgradeRequest } from './requests.ts'
import { equal } from './right.ts'
import { Wire } from './wire.ts'

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
  let turn: Promise<unknown> = Promise.resolve()
  const talkers = Array.from({ length: connections }, talker)

  async function talk (one: Talker, end: number): Promise<void> {
    while (!ending.signal.aborted && !recorder.hopeless && performance.now() < end) {
      const begun = performance.now()
      try {
        await one.converse()
        recorder.success(performance.now() - begun)
      } catch (error) {
        if (!ending.signal.aborted) recorder.failure((error as Error).message)
        one.hangUp()
      }
    }
  }

  return {
    run: async (seconds) => {
      const begun = performance.now()
      await (turn = Promise.all(talkers.map((one) => talk(one, begun + seconds * 1000))))
      return performance.now() - begun
    },
    stop: async () => {
      ending.abort()
      for (const one of talkers) one.hangUp()
      await turn
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

const PROBE = frame(TEXT, '2probe')
const UPGRADE = frame(TEXT, '5')

/** Takes a session that polls over to WebSocket. */
export async function upgradeSocket (port: number, sid: string, wire: Wire): Promise<void> {
  await wire.upgrade(upgradeRequest(port, ALLOWED, `${SOCKET_PATH}&sid=${sid}`))
  wire.send(PROBE)
  equal('answer to the probe', await wire.message(), '3probe')
  wire.send(UPGRADE)
}

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
      await upgradeSocket(port, sid, wire)
      await wire.close()
    },
    hangUp: () => {
      poller.drop()
      wire?.drop()
    }
  }
}
