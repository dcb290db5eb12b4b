// What is measured: one entry per workload, one line per fact about it.
import type { Contender } from './contenders.ts'
import { cycleLoad, pollingCycle, refusedUpgrade, upgradeCycle, wsCycle } from './drivers/cycles.ts'
import type { ExpectedAnswer, HttpRequest } from './drivers/http.ts'
import { httpLoad } from './drivers/http.ts'
import { binaryEcho, broadcastLoad, echoLoad, pollingEchoLoad, textEcho } from './drivers/messages.ts'
import type { Load, Recorder } from './drivers/recorder.ts'
import { ALLOWED, PATH, REFUSED, REST_PATH, pageHeaders, preflightHeaders } from './drivers/requests.ts'

export interface Workload {
  readonly id: string
  /** What one operation is. */
  readonly operation: string
  /** Ids of those who take part, in the order of the tables. */
  readonly contenders: readonly string[]
  /** What people would otherwise run: ratios are to this one. */
  readonly stock: string
  /** The least that it can cost on Node. */
  readonly floor: string | undefined
  /** For how many times as long as others it is measured. */
  readonly stretch?: number
  /** Seconds of a turn, where an operation takes long. */
  readonly turn?: number
  /** The server has listeners for the clients' messages. */
  readonly talk?: true
  /** Clients, where it is not for --connections to say. */
  readonly crowd?: number
  /** Whoever has to be connected is when it returns. */
  start (port: number, contender: Contender, connections: number, recorder: Recorder): Load | Promise<Load>
}

/**
 * Where each operation may leave a session for 45 s: what is held makes V8's collections dearer, and a window that
 * ends before them leaves them off the bill.
 */
const LEAVES_SESSIONS = 4

/** Where rounds hardly differ. */
const STABLE = 0.5

/** Where rounds differ most: an operation is a whole conversation. */
const UNSTABLE = 1.25

const stock = 'socketio'
const guarded = [stock, 'socketio-allowrequest']
/** Where no session is made, or the WebSocket is the session, or which of both is faster is plain, one is enough. */
const eitherOfOurs = ['ours']

function http (request: HttpRequest, expected: (contender: Contender) => ExpectedAnswer): Workload['start'] {
  return (port, contender, connections, recorder) =>
    httpLoad(port, connections, request, expected(contender), recorder)
}

/** Once connected, a session is a session, however it was made. */
function conversing (floor: 'http' | 'ws'): Pick<Workload, 'contenders' | 'stock' | 'floor' | 'talk'> {
  return { contenders: [floor, stock, 'ours'], stock, floor, talk: true }
}

export const workloads: readonly Workload[] = [
  {
    id: 'handshake',
    operation: 'GET, polling, allowed Origin',
    contenders: ['http', stock, ...eitherOfOurs],
    stock,
    floor: 'http',
    stretch: LEAVES_SESSIONS,
    start: http(
      { method: 'GET', path: PATH, headers: pageHeaders(ALLOWED) },
      () => ({ status: 200, allowOrigin: ALLOWED, body: '0{"sid":"' })
    )
  },
  {
    id: 'preflight',
    operation: 'OPTIONS with method and headers',
    contenders: ['http', stock, ...eitherOfOurs],
    stock,
    floor: 'http',
    start: http(
      { method: 'OPTIONS', path: PATH, headers: preflightHeaders(ALLOWED) },
      () => ({ status: 204, allowOrigin: ALLOWED, body: '' })
    )
  },
  {
    id: 'refused',
    operation: 'polling handshake, refused Origin',
    contenders: ['http', ...guarded, ...eitherOfOurs],
    stock,
    floor: 'http',
    stretch: LEAVES_SESSIONS,
    start: http(
      { method: 'GET', path: PATH, headers: pageHeaders(REFUSED) },
      ({ refused }) => ({ status: refused, allowOrigin: undefined, body: refused === 403 ? '{"code":4,' : '0{"sid":"' })
    )
  },
  {
    id: 'refused-upgrade',
    operation: 'WebSocket upgrade, refused Origin',
    contenders: ['ws', ...guarded, ...eitherOfOurs],
    stock,
    floor: 'ws',
    start: (port, { refusedUpgrade: status }, connections, recorder) =>
      cycleLoad(connections, () => refusedUpgrade(port, status), recorder)
  },
  {
    id: 'ws-cycle',
    operation: 'connect WebSocket, open packet, 40, connect acknowledgement, close',
    contenders: ['ws', stock, ...eitherOfOurs],
    stock,
    floor: 'ws',
    stretch: UNSTABLE,
    start: (port, _, connections, recorder) => cycleLoad(connections, () => wsCycle(port), recorder)
  },
  {
    id: 'polling-cycle',
    operation: 'handshake, POST 40, GET acknowledgement, POST close',
    contenders: [stock, 'ours-stateful', 'ours'],
    stock,
    floor: undefined,
    stretch: UNSTABLE,
    start: (port, _, connections, recorder) => cycleLoad(connections, () => pollingCycle(port), recorder)
  },
  {
    id: 'upgrade-cycle',
    operation: 'polling handshake, connect, upgrade to WebSocket, close',
    contenders: [stock, ...eitherOfOurs],
    stock,
    floor: undefined,
    stretch: UNSTABLE,
    start: (port, _, connections, recorder) => cycleLoad(connections, () => upgradeCycle(port), recorder)
  },
  {
    id: 'echo',
    operation: 'WebSocket, an event of 64 characters and its echo',
    ...conversing('ws'),
    start: (port, _, connections, recorder) => echoLoad(port, connections, textEcho, recorder)
  },
  {
    id: 'echo-binary',
    operation: 'WebSocket, an event with 8 kB of binary and its echo',
    ...conversing('ws'),
    start: (port, _, connections, recorder) => echoLoad(port, connections, binaryEcho, recorder)
  },
  {
    id: 'polling-echo',
    operation: 'POST an event of 64 characters, GET its echo',
    ...conversing('http'),
    start: (port, _, connections, recorder) => pollingEchoLoad(port, connections, recorder)
  },
  {
    id: 'broadcast',
    operation: 'io.emit to 500 WebSockets, one a tick; for each message delivered',
    ...conversing('ws'),
    crowd: 500,
    stretch: STABLE,
    start: (port, _, connections, recorder) => broadcastLoad(port, connections, 1, recorder)
  },
  {
    id: 'broadcast-100',
    operation: 'io.emit to 500 WebSockets, 100 a tick; for each message delivered',
    ...conversing('ws'),
    // `ws` alone does a hundred times what it does for one
    contenders: [stock, 'ours'],
    floor: undefined,
    crowd: 500,
    turn: 0.1,
    start: (port, _, connections, recorder) => broadcastLoad(port, connections, 100, recorder)
  },
  {
    id: 'rest',
    operation: 'GET a JSON route, allowed Origin',
    contenders: ['fastify', 'fastify-cors', ...eitherOfOurs],
    stock: 'fastify-cors',
    floor: 'fastify',
    start: http(
      { method: 'GET', path: REST_PATH, headers: pageHeaders(ALLOWED) },
      ({ id }) => ({ status: 200, allowOrigin: id === 'fastify' ? undefined : ALLOWED, body: '{"hello":"world"}' })
    )
  }
]

/** Workloads with a shape of their own: decide.ts, memory.ts and startup.ts. */
export const special = ['decide', 'memory', 'startup'] as const

/** Run when they are named only: storm.ts. */
export const apart = ['storm'] as const
