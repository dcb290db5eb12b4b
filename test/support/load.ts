// Many clients in a process of their own. Each sends messages that the server acknowledges, one after the other.
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { io, type Socket } from 'socket.io-client'
import type { Counts, LoadOptions, Question } from './loads.ts'

/** Clients that connect at once: more than a listener's backlog holds would be reset by a busy machine. */
const AT_ONCE = 20
const TLS = { ca: readFileSync(new URL('../fixtures/tls/cert.pem', import.meta.url), 'utf8') }

const {
  url, transports: given, clients, messages, every, addresses, ...options
} = JSON.parse(process.argv[2]!) as LoadOptions
const kinds = (typeof given[0] === 'string' ? [given] : given) as readonly (readonly string[])[]
const failures: Record<string, number> = {}
const disconnects: Record<string, number> = {}
const final: Record<string, number> = {}
let begun = 0
let connected = 0
let acknowledged = 0
let unanswered = 0
let back = 0
let slowest = 0
let ended = 0

const count = (counts: Record<string, number>, name: string): void => { counts[name] = (counts[name] ?? 0) + 1 }

/** Sends `messages` messages, and goes on every `every` ms where that is given. */
async function talk (socket: Socket): Promise<void> {
  let heard = performance.now()
  socket.on('connect', () => { heard = performance.now() })
  socket.on('disconnect', () => { slowest = Math.max(slowest, performance.now() - heard) })
  const last = every === undefined ? messages : Infinity
  for (let at = 0; at < last; at++) {
    try {
      if (!socket.connected) await new Promise<void>((resolve) => { socket.once('connect', resolve) })
      heard = performance.now()
      await socket.timeout(10_000).emitWithAck('echo', at)
      acknowledged++
    } catch (error) {
      // the other error says that the client knows: "socket has been disconnected"
      if (/timed out/.test(String(error))) unanswered++
    }
    heard = performance.now()
    if (at + 1 >= messages) await new Promise((resolve) => { setTimeout(resolve, every) })
  }
}

function open (): void {
  if (begun === clients) return
  const at = begun++
  const transports = kinds[at % kinds.length]!
  // as a browser does: its requests share connections. ip_hash takes three bytes of the address.
  const localAddress = `127.0.${at % 250 + 1}.1`
  const agent = new Agent({ ...(addresses && { localAddress }), keepAlive: true, ...TLS }) as never
  const socket = io(url, {
    ...TLS,
    ...(url.startsWith('https:') && { agent }),
    ...options,
    transports: [...transports] as string[],
    forceNew: true,
    reconnectionDelay: 200,
    // an attempt that reaches a process at the moment of its death must not take the whole test
    timeout: 5000,
    reconnectionDelayMax: 1000
  })
  let settled = false
  let lost = false
  const settle = (): void => {
    if (settled || !socket.connected) return
    settled = true
    connected++
    count(final, socket.io.engine.transport.name)
    talk(socket)
    next()
  }
  socket.on('connect', () => {
    if (lost) back++
    lost = false
    const { engine } = socket.io
    if (transports.length === 1 || engine.transport.name === 'websocket') settle()
    else engine.once('upgrade' as never, settle)
  })
  socket.on('connect_error', ({ message }) => {
    if (settled || lost) return
    settled = true
    count(failures, message)
    socket.close()
    next()
  })
  socket.on('disconnect', (reason) => {
    // an attempt to come back that fails ends no session
    if (!lost) count(disconnects, reason)
    lost = true
  })
}

function next (): void {
  open()
  if (++ended === clients) process.send!('done')
}

process.on('message', (question: Question) => {
  const answer: Counts = {
    connected, failures, transports: final, acknowledged, unanswered, disconnects, back, slowestNotice: slowest
  }
  process.send!(answer)
  if (question !== 'reset') return
  acknowledged = unanswered = back = slowest = 0
  for (const reason in disconnects) delete disconnects[reason]
})
process.on('disconnect', () => process.exit())

for (let at = 0; at < AT_ONCE; at++) open()
