// An app that has another plugin beside ours, and what holds then.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { type FastifyIOOptions } from '../../lib/index.ts'
import { connect, ORIGIN, upgraded } from './client.ts'
import type { Line } from './log.ts'
import { ask, type Answer, corsHeaders, POLLING, type Running, sidOf, UPGRADE, WEBSOCKET } from './server.ts'

/** When the other plugin is registered: before ours, or after it. */
export type Order = 'before' | 'after'
type Test = Pick<TestContext, 'after'>

export interface Beside extends Running {
  /** What the log has from `warn` on, refusals left out. */
  readonly lines: readonly Line[]
  /** The Origin that is allowed. */
  readonly origin: string
}

/** Another plugin, and what is told about it in docs/neighbours.md. */
export interface Neighbour {
  /** Its name, or one that says how it is used. */
  readonly name: string
  /** The orders that work. @default both */
  readonly orders?: readonly Order[]
  /** What to know, for the documents. */
  readonly note: string
  /** What happens in the other order. */
  readonly otherwise?: {
    /** In words, for the documents. */
    readonly seen: string
    happens (t: Test, order: Order): Promise<unknown>
  }
  /** Options of ours. @default `cors` that allows {@link ORIGIN} */
  readonly options?: FastifyIOOptions
  register (app: FastifyInstance, t: Test): unknown
  /** Sees that the other plugin still does its work. */
  works (running: Beside, t: Test, order: Order): Promise<unknown>
}

const EVIL = 'https://attacker.example'
/** Longer than what plugins leave uncompressed, and than what one chunk of a socket holds. */
const LONG = 'fastify-io '.repeat(8000)

/** A listening server with both. */
export async function beside (
  t: Test, order: Order, { register, options = { cors: { origin: ORIGIN } } }: Pick<Neighbour, 'register' | 'options'>
): Promise<Beside> {
  const lines: Line[] = []
  const write = (text: string): void => {
    const line = JSON.parse(text) as Line
    if (line.origin !== EVIL) lines.push(line)
  }
  const app = Fastify({ logger: { level: 'warn', stream: { write } } })
  t.after(() => app.close())
  if (order === 'before') await register(app, t)
  await app.register(fastifyIO, options)
  if (order === 'after') await register(app, t)
  echoes(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const own = `http://127.0.0.1:${port}`
  return { app, port, own, lines, origin: options.cors === undefined ? own : ORIGIN }
}

/** What {@link converses} talks to. */
export function echoes ({ io }: Pick<FastifyInstance, 'io'>): void {
  io.on('connection', (socket) => {
    socket.on('echo', (text: string, answer: (text: string) => void) => answer(text))
  })
}

/** Messages come and go by polling, by WebSocket, and after the upgrade from one to the other. */
export async function converses (t: Test, { own, origin }: Pick<Beside, 'own' | 'origin'>): Promise<void> {
  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    const socket = await connect(t, own, { transports, extraHeaders: { origin } })
    if (transports.length > 1) await upgraded(socket)
    for (const text of ['short', LONG]) {
      assert.equal(await socket.timeout(10_000).emitWithAck('echo', text), text, `${transports.join(' to ')}`)
    }
    assert.equal(socket.io.engine.transport.name, transports.at(-1))
    socket.close()
  }
}

/** A stranger gets no handshake, no WebSocket, and nothing of a session that another page has opened. */
export async function refusesStrangers ({ port, origin }: Pick<Beside, 'port' | 'origin'>): Promise<void> {
  const evil = { origin: EVIL }
  const sid = sidOf(await ask(port, POLLING, { headers: { origin } }))
  const answers: Record<string, Answer> = {
    polling: await ask(port, POLLING, { headers: evil }),
    WebSocket: await ask(port, WEBSOCKET, { headers: { ...evil, ...UPGRADE } }),
    poll: await ask(port, `${POLLING}&sid=${sid}`, { headers: evil }),
    POST: await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers: evil, body: '40' }),
    upgrade: await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { ...evil, ...UPGRADE } })
  }
  for (const [what, answer] of Object.entries(answers)) {
    assert.equal(answer.status, 403, what)
    assert.deepEqual(corsHeaders(answer), [], what)
  }
}
