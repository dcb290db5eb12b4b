// An exception behind an origin function that takes its time: the request is answered, and the process lives.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import fastifyIO from '../../lib/index.ts'
import { ask, POLLING, start } from '../support/server.ts'
import { ORIGIN } from '../support/client.ts'

const EVIL = 'https://attacker.example'
const origins: Record<string, object> = {
  'a list': { origin: [ORIGIN] },
  'an async function': { origin: async (origin: string) => origin === ORIGIN },
  'a callback that comes late': {
    origin: (origin: string, callback: (error: null, allow: boolean) => void) => {
      setImmediate(callback, null, origin === ORIGIN)
    }
  }
}

suite('an exception in what hears of a refusal', () => {
  for (const [name, cors] of Object.entries(origins)) {
    test(name, async (t) => {
      const unhandled: unknown[] = []
      const listen = (error: unknown): void => { unhandled.push(error) }
      process.on('unhandledRejection', listen)
      t.after(() => process.off('unhandledRejection', listen))
      const { app, port } = await start(t, { cors })
      app.io.engine.on('connection_error', () => { throw new Error('a listener with a bug') })
      const refused = await ask(port, POLLING, { headers: { origin: EVIL } })
      assert.equal(refused.status, 500)
      assert.equal((await ask(port, POLLING, { headers: { origin: ORIGIN } })).status, 200, 'the others are served')
      assert.equal(app.io.engine.clientsCount, 0)
      assert.deepEqual(unhandled, [])
    })
  }
})

suite('an exception in an error handler, behind enforce: all', () => {
  for (const [name, cors] of Object.entries(origins)) {
    test(name, async (t) => {
      const { port } = await start(t, { cors, enforce: 'all' }, (app) => {
        app.setErrorHandler(() => { throw new Error('a handler with a bug') })
        app.get('/x', async () => 'ok')
      })
      assert.equal((await ask(port, '/x', { headers: { origin: EVIL } })).status, 500)
      assert.equal((await ask(port, '/x', { headers: { origin: ORIGIN } })).status, 200)
    })
  }
})

test('a decision that comes when Fastify has answered already', async (t) => {
  const events = new EventEmitter()
  const both = Promise.all([once(events, 'asked'), once(events, 'timeout')])
  const origin = async (): Promise<boolean> => {
    const decision = once(events, 'decide')
    events.emit('asked')
    return (await decision)[0] as boolean
  }
  const app = Fastify()
  t.after(() => app.close())
  app.addHook('onRequest', async ({ signal }) => { signal.addEventListener('abort', () => events.emit('timeout')) })
  await app.register(fastifyIO, { cors: { origin } })
  app.get('/x', { handlerTimeout: 20 }, async () => 'ok')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const answer = ask((app.server.address() as AddressInfo).port, '/x', { headers: { origin: ORIGIN } })
  await both
  events.emit('decide', true)
  const { status, headers } = await answer
  assert.ok(status === 200 || status === 503, `${status}`)
  assert.equal(headers['access-control-allow-origin'], ORIGIN)
})
