// An update of the policy falls between a request's decision and its session: whoever is refused now must not get in.
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { type Line, logging } from '../support/log.ts'
import { type Answer, ask, corsHeaders, POLLING, type Running, sidOf, UPGRADE, WEBSOCKET } from '../support/server.ts'

const OTHER = 'https://other.example.com'
const headers = { origin: ORIGIN }
const poll = { headers }
const upgrade = { headers: { ...headers, ...UPGRADE } }

/** A step that holds one request until it is let go. */
class Gate {
  #reached!: () => void
  #open!: () => void
  closed = false
  readonly reached = new Promise<void>((resolve) => { this.#reached = resolve })
  readonly opened = new Promise<void>((resolve) => { this.#open = resolve })

  async pass (): Promise<void> {
    if (!this.closed) return
    this.#reached()
    await this.opened
  }

  open (): void {
    this.#open()
  }
}

interface Mode {
  readonly options?: (gate: Gate) => FastifyIOOptions
  readonly setUp?: (app: FastifyInstance, gate: Gate) => void
  /** Whether requests with a `sid` are held too. */
  readonly followUps: boolean
}

/** Where a request can be held behind its decision. */
const modes: Readonly<Record<string, Mode>> = {
  'an onRequest hook': {
    setUp: (app, gate) => { app.addHook('onRequest', () => gate.pass()) },
    followUps: true
  },
  'an onSend hook': {
    setUp: (app, gate) => { app.addHook('onSend', async () => { await gate.pass() }) },
    followUps: true
  },
  'the old answer of an origin function': {
    options: (gate) => ({ cors: { origin: async () => { await gate.pass(); return true } } }),
    followUps: true
  },
  'an engine middleware': {
    setUp: (app, gate) => {
      app.io.engine.use((_req: unknown, _res: unknown, next: () => void) => { gate.pass().then(next) })
    },
    followUps: true
  },
  allowRequest: {
    options: (gate) => ({ allowRequest: (_req, callback) => { gate.pass().then(() => callback(null, true)) } }),
    followUps: false
  },
  'an allowRequest that is an async function': {
    options: (gate) => ({ allowRequest: async (_req, callback) => { await gate.pass(); callback(null, true) } }),
    followUps: false
  }
}

interface Held extends Running { readonly gate: Gate, readonly lines: readonly Line[] }

async function serve (t: TestContext, { options, setUp }: Mode, statelessHandshake: boolean): Promise<Held> {
  const gate = new Gate()
  const given = { cors: { origin: ORIGIN }, statelessHandshake, ...options?.(gate) }
  return { ...await logging(t, given, (app) => setUp?.(app, gate)), gate }
}

/** Sends a request, updates the policy while it is held, and lets it go. */
async function race ({ app, gate }: Held, send: () => Promise<Answer>, origin: string): Promise<Answer> {
  gate.closed = true
  const answer = send()
  await gate.reached
  app.originPolicy.update({ origin })
  gate.closed = false
  gate.open()
  return answer
}

function assertRefused ({ app, lines }: Held, answer: Answer, transport: string): void {
  assert.deepEqual([answer.status, JSON.parse(answer.body).reason, corsHeaders(answer)], [403, 'not-listed', []])
  assert.equal(app.io.engine.clientsCount, 0)
  const refusals = lines.filter(({ msg }) => msg.includes('refused'))
  const told = refusals.map((line) => [line.transport, line.reason, line.origin])
  assert.deepEqual(told, [[transport, 'not-listed', ORIGIN]])
}

for (const statelessHandshake of [true, false]) {
  suite(`an update while a request is held, statelessHandshake: ${statelessHandshake}`, () => {
    for (const [name, mode] of Object.entries(modes)) {
      test(`polling handshake, ${name}`, async (t) => {
        const held = await serve(t, mode, statelessHandshake)
        assertRefused(held, await race(held, () => ask(held.port, POLLING, poll), OTHER), 'polling')
      })

      test(`WebSocket handshake, ${name}`, async (t) => {
        const held = await serve(t, mode, statelessHandshake)
        assertRefused(held, await race(held, () => ask(held.port, WEBSOCKET, upgrade), OTHER), 'websocket')
      })

      test(`who is still allowed gets in, ${name}`, async (t) => {
        for (const [path, request, status] of [[POLLING, poll, 200], [WEBSOCKET, upgrade, 101]] as const) {
          const held = await serve(t, mode, statelessHandshake)
          assert.equal((await race(held, () => ask(held.port, path, request), ORIGIN)).status, status)
        }
      })

      // engine middlewares turn handshakes without memory off: their sid is a session from the start
      if (!statelessHandshake || !mode.followUps || name === 'an engine middleware') continue
      const post = { headers, method: 'POST', body: '40' }
      const firsts = [['POST', POLLING, post, 200], ['upgrade', WEBSOCKET, upgrade, 101]] as const
      for (const [kind, path, request, status] of firsts) {
        test(`the ${kind} that makes the session, ${name}`, async (t) => {
          for (const origin of [OTHER, ORIGIN]) {
            const held = await serve(t, mode, statelessHandshake)
            const sid = sidOf(await ask(held.port, POLLING, poll))
            const answer = await race(held, () => ask(held.port, `${path}&sid=${sid}`, request), origin)
            if (origin === OTHER) assertRefused(held, answer, kind === 'POST' ? 'polling' : 'websocket')
            else assert.equal(answer.status, status)
          }
        })
      }
    }

    for (const [what, answers, origin] of [['refuses', true, OTHER], ['allows', false, ORIGIN]] as const) {
      test(`a new policy that asks a function; the next one ${what} before it answers`, async (t) => {
        const held = await serve(t, modes['an onRequest hook']!, statelessHandshake)
        const { app, gate, port } = held
        gate.closed = true
        const answer = ask(port, WEBSOCKET, upgrade)
        await gate.reached
        const asked = new Promise<(allowed: boolean) => void>((resolve) => {
          app.originPolicy.update({ origin: () => new Promise<boolean>(resolve) })
        })
        gate.open()
        const settle = await asked
        app.originPolicy.update({ origin })
        settle(answers)
        if (answers) assertRefused(held, await answer, 'websocket')
        else assert.equal((await answer).status, 101)
      })
    }

    test('a generateId that takes its time', async (t) => {
      const held = await serve(t, {
        setUp: (app, gate) => { app.io.engine.generateId = async () => { await gate.pass(); return 'mine' } },
        followUps: false
      }, statelessHandshake)
      assertRefused(held, await race(held, () => ask(held.port, POLLING, poll), OTHER), 'polling')
    })
  })
}
