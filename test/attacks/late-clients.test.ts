// Clients that leave, and servers that close, while a hook or function of the user's runs: no session is made for them.
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { connections, sent, UPGRADE_LINES } from '../support/raw.ts'
import { ask, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

interface Slow {
  /** Requests that wait. */
  readonly waiting: (() => void)[]
  readonly options?: FastifyIOOptions
  readonly setUp?: (app: FastifyInstance) => void
}

/** Where a request can wait; `sid` says whether those of a session do, too. */
const waits: Readonly<Record<string, { readonly sid: boolean, readonly make: () => Slow }>> = {
  allowRequest: {
    sid: false,
    make () {
      const waiting: Slow['waiting'] = []
      return { waiting, options: { allowRequest: (_req, done) => { waiting.push(() => done(null, true)) } } }
    }
  },
  'an engine middleware': {
    sid: true,
    make () {
      const waiting: Slow['waiting'] = []
      const middleware = (_req: unknown, _res: unknown, next: () => void): void => { waiting.push(next) }
      return { waiting, setUp: (app) => { app.io.engine.use(middleware) } }
    }
  },
  generateId: {
    sid: false,
    make () {
      const waiting: Slow['waiting'] = []
      let count = 0
      const generateId = (): Promise<string> =>
        new Promise((resolve) => { waiting.push(() => resolve(`id${count++}`)) })
      return { waiting, setUp: (app) => { app.io.engine.generateId = generateId } }
    }
  }
}

const CLIENTS = 10

for (const statelessHandshake of [true, false]) {
  suite(`clients that leave, statelessHandshake: ${statelessHandshake}`, () => {
    for (const [name, { sid, make }] of Object.entries(waits)) {
      const upgrades = name === 'generateId' ? [''] : ['', UPGRADE_LINES]
      for (const lines of upgrades) {
        test(`during ${name}${lines === '' ? '' : ' of an upgrade'}`, async (t) => {
          const { waiting, options, setUp } = make()
          const { app, port } = await start(t, { statelessHandshake, ...options }, setUp)
          let opened = 0
          app.io.engine.on('connection', () => { opened++ })
          const path = lines === '' ? POLLING : WEBSOCKET
          const bytes = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${lines}\r\n`
          const clients = await Promise.all(Array.from({ length: CLIENTS }, () => sent(t, port, bytes)))
          await until(() => waiting.length === CLIENTS, 'all wait')
          // a reset, which also a socket hears that nobody reads from
          for (const client of clients) client.resetAndDestroy()
          await until(async () => await connections(app) === 0, 'the server has seen them leave')
          for (const goOn of waiting) goOn()
          await new Promise(setImmediate)
          assert.deepEqual([opened, app.io.engine.clientsCount], [0, 0])
        })
      }

      test(`the server closes during ${name}`, async (t) => {
        const { waiting, options, setUp } = make()
        const { app, port } = await start(t, { statelessHandshake, ...options }, setUp)
        const answers = [ask(port, POLLING)]
        if (name !== 'generateId') answers.push(ask(port, WEBSOCKET, { headers: UPGRADE }))
        await until(() => waiting.length === answers.length, 'all wait')
        const closed = app.close()
        await until(() => (app.io.engine as unknown as { closing: boolean }).closing, 'the sockets are closed')
        for (const goOn of waiting) goOn()
        for (const { status } of await Promise.all(answers)) assert.equal(status, 503)
        await closed
        assert.equal(app.io.engine.clientsCount, 0)
      })

      if (!sid || !statelessHandshake) continue
      test(`during ${name}, with the sid of a handshake that holds no memory`, async (t) => {
        const { waiting, setUp } = make()
        const { app, port } = await start(t, {})
        const fresh = sidOf(await ask(port, POLLING))
        setUp!(app)
        const bytes = `GET ${POLLING}&sid=${fresh} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
        const client = await sent(t, port, bytes)
        await until(() => waiting.length === 1, 'it waits')
        client.resetAndDestroy()
        await until(async () => await connections(app) === 0, 'the server has seen it leave')
        waiting[0]!()
        assert.equal(app.io.engine.clientsCount, 0)
      })
    }
  })
}

async function webSocket (
  t: TestContext, options: FastifyIOOptions
): Promise<{ app: FastifyInstance; port: number; sid: string }> {
  const { app, port, own } = await start(t, { cors: { origin: ORIGIN }, ...options })
  const socket = await connect(t, own, { transports: ['websocket'] })
  return { app, port, sid: socket.io.engine.id }
}

for (const options of [{}, { cookie: true }, { statelessHandshake: false }] satisfies FastifyIOOptions[]) {
  test(`a GET for a WebSocket session that asks for no upgrade is answered: ${JSON.stringify(options)}`, async (t) => {
    const { app, port, sid } = await webSocket(t, options)
    const errors: unknown[] = []
    app.io.engine.on('connection_error', ({ code, context }: { code: number; context: { name: string } }) => {
      errors.push([code, context.name])
    })
    const answer = await ask(port, `${WEBSOCKET}&sid=${sid}`, { headers: { origin: ORIGIN } })
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [400, { code: 3, message: 'Bad request' }])
    assert.deepEqual(errors, [[3, 'TRANSPORT_MISMATCH']])
    assert.equal(app.io.engine.clientsCount, 1, 'the session lives')
  })
}
