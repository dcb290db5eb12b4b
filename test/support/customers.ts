// Customers in a process of their own, as Socket.IO documents it for "exactly once": each order has an offset, and is
// sent again until it is acknowledged (`retries`). Answers 'stop' when each order is acknowledged.
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { until } from './until.ts'

export interface CustomersOptions {
  readonly url: string
  readonly customers: number
  /** ms between two orders of one customer. */
  readonly every: number
}

export interface Report {
  readonly connected: number
  /** Offsets of the orders that were acknowledged. */
  readonly acknowledged: readonly string[]
  readonly failed: number
  readonly disconnects: Readonly<Record<string, number>>
  /** How often a customer's attempt to come back failed. */
  readonly attemptsFailed: number
}

const AT_ONCE = 20
const KINDS = [['polling'], ['websocket'], ['polling', 'websocket']]
const ca = readFileSync(new URL('../fixtures/tls/cert.pem', import.meta.url), 'utf8')
const { url, customers, every } = JSON.parse(process.argv[2]!) as CustomersOptions
const acknowledged: string[] = []
const disconnects: Record<string, number> = {}
const done: Promise<void>[] = []
const sockets: ReturnType<typeof io>[] = []
let begun = 0
let failed = 0
let attemptsFailed = 0
/** A flag; once set, each customer waits for the order that is on its way, and sends no more. */
const ending = { now: false }

async function open (): Promise<void> {
  if (begun === customers) return
  const name = begun++
  const socket = io(url, {
    agent: new Agent({ keepAlive: true, ca }) as never,
    ca,
    transports: KINDS[name % 3]!,
    forceNew: true,
    retries: 100,
    ackTimeout: 5000,
    reconnectionDelay: 200,
    reconnectionDelayMax: 1000
  })
  sockets.push(socket)
  socket.on('disconnect', (reason) => { disconnects[reason] = (disconnects[reason] ?? 0) + 1 })
  socket.on('connect_error', () => { attemptsFailed++ })
  await new Promise<void>((resolve) => { socket.once('connect', resolve) })
  done.push(order(socket, name))
  if (done.length === customers) process.send!('connected')
  await open()
}

async function order (socket: ReturnType<typeof io>, name: number): Promise<void> {
  await delay(Math.random() * every)
  for (let count = 0; !ending.now; count++) {
    const offset = `${name}-${count}`
    await socket.emitWithAck('order', offset).then(() => { acknowledged.push(offset) }, () => { failed++ })
    await delay(every)
  }
}

process.on('message', async () => {
  ending.now = true
  await Promise.all(done)
  // polling clients move once more when their process is there again, and may be on their way
  await until(() => sockets.every((socket) => socket.connected), 'every client is back').catch(() => {})
  const report: Report = {
    connected: sockets.filter((socket) => socket.connected).length, acknowledged, failed, disconnects, attemptsFailed
  }
  process.send!(report)
})
process.on('disconnect', () => process.exit())

for (let at = 0; at < AT_ONCE; at++) open()
