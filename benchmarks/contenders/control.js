// @ts-check
// The child's half of the control channel: tell the parent where we listen, and answer its questions
// about this process. It measures only when asked, so it costs the contender nothing between questions.
import { performance } from 'node:perf_hooks'
import { writeHeapSnapshot } from 'node:v8'

/** @typedef {{ id: number, brief?: boolean, gc?: boolean, snapshot?: string }} Question */

/** Where to listen: a port of another that has died, or any. */
export const port = Number(process.env.PORT ?? 0)

/**
 * Announces a listening server to the parent process and answers its requests for samples.
 *
 * @param {import('node:net').Server} server listening already
 * @param {() => number} [sessions] how many Engine.IO sessions the contender holds
 */
export function ready (server, sessions = () => 0) {
  process.on('message', (/** @type {Question} */ { id, brief, gc, snapshot }) => {
    if (brief) return process.send?.({ id, sample: reading(sessions()) })
    if (gc) collect()
    if (snapshot !== undefined) writeHeapSnapshot(snapshot)
    server.getConnections((_error, connections) => process.send?.({ id, sample: sample(sessions(), connections) }))
  })
  // The parent is done, or gone: nothing here is worth closing in an orderly way.
  process.on('disconnect', () => process.exit())
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.send?.({ port: address.port })
}

/**
 * Listens, then announces it.
 *
 * @param {import('node:http').Server} server
 * @param {() => number} [sessions]
 */
export function serve (server, sessions) {
  server.listen(port, '127.0.0.1', () => ready(server, sessions))
}

/**
 * What is read before and after each turn, and must be cheap.
 *
 * @param {number} sessions
 */
function reading (sessions) {
  const { active } = performance.eventLoopUtilization()
  const { user, system } = process.cpuUsage()
  return { cpu: user + system, active, sessions }
}

/**
 * @param {number} sessions
 * @param {number} connections
 */
function sample (sessions, connections) {
  const { idle } = performance.eventLoopUtilization()
  const at = performance.now()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { ...reading(sessions), at, idle, heap: heapUsed + external, rss, connections }
}

// One collection leaves what finalizers and weak references held; three leave nothing that a fourth would take.
function collect () {
  if (globalThis.gc === undefined) throw new Error('started without --expose-gc')
  for (let i = 0; i < 3; i++) globalThis.gc()
}
