import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, POLLING, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

// engine.io 6.6.12 and later hand what a middleware throws to `next()`: nothing thrown was nothing wrong.
const failing = {
  // eslint-disable-next-line prefer-promise-reject-errors
  'rejects with nothing': async () => { await Promise.reject() },
  // eslint-disable-next-line no-throw-literal
  'throws null': () => { throw null },
  // Bluebird and others
  'rejects with a promise of another kind': () => ({
    then: (_: unknown, no: (error: Error) => void) => no(new Error('no'))
  }),
  'calls next() too late': async (_req: unknown, _res: unknown, next: (error?: unknown) => void) => {
    next(new Error('no'))
    next()
  }
}

for (const [what, middleware] of Object.entries(failing)) {
  test(`a middleware that ${what} lets nobody in`, async (t) => {
    const { app, port } = await start(t, {}, (app) => { app.io.engine.use(middleware) })
    assert.equal((await ask(port, POLLING)).status, 400)
    assert.equal((await ask(port, WEBSOCKET, { headers: UPGRADE })).status, 400)
    assert.equal(app.io.engine.clientsCount, 0)
  })
}

test('a middleware that calls next() once passes, however it returns', async (t) => {
  const { port } = await start(t, {}, (app) => {
    app.io.engine.use((_req: unknown, _res: unknown, next: () => void) => next())
    app.io.engine.use(async (_req: unknown, _res: unknown, next: () => void) => { next() })
  })
  assert.equal((await ask(port, POLLING)).status, 200)
})
