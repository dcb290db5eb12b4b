// Timers are mocked here: a separate file, for a mocked clearTimeout() does not clear what others have set.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { connections, sent, UPGRADE_LINES } from '../support/raw.ts'
import { ask, start, UPGRADE } from '../support/server.ts'

const cors = { origin: ORIGIN }

test('another listener that has started to answer is not interrupted', async (t) => {
  for (const how of ['bytes', 'response']) {
    const { app, port } = await start(t, { cors })
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let answer: (() => void) | undefined
    app.server.on('upgrade', (request, socket) => {
      if (how === 'bytes') {
        socket.write('HTTP/1.1 410 Gone\r\n')
        answer = () => socket.end('Connection: close\r\nContent-Length: 0\r\n\r\n')
      } else {
        const response = new ServerResponse(request)
        response.assignSocket(socket as never)
        response.shouldKeepAlive = false
        answer = () => {
          response.on('finish', () => socket.end())
          response.writeHead(410).end()
        }
      }
    })
    const seen = once(app.server, 'upgrade')
    const asked = ask(port, '/nowhere', { headers: UPGRADE })
    await seen
    t.mock.timers.tick(1000)
    answer!()
    assert.equal((await asked).status, 410)
    t.mock.timers.reset()
  }
})

test('destroyUpgrade: false never answers for them', async (t) => {
  const { app, port } = await start(t, { cors, destroyUpgrade: false })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let answer: (() => void) | undefined
  app.server.on('upgrade', (_request, socket) => {
    answer = () => socket.end('HTTP/1.1 410 Gone\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  const seen = once(app.server, 'upgrade')
  const asked = ask(port, '/nowhere', { headers: UPGRADE })
  await seen
  t.mock.timers.tick(10_000)
  answer!()
  assert.equal((await asked).status, 410)
})

test('an async listener has 30 s: it may ask a database first; a client may not stay for ever', async (t) => {
  const { app, port } = await start(t, { cors, destroyUpgradeTimeout: 1000 })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  app.server.on('upgrade', async () => {})
  const seen = once(app.server, 'upgrade')
  const socket = await sent(t, port, `GET /nowhere HTTP/1.1\r\nHost: x\r\n${UPGRADE_LINES}\r\n`)
  const closed = once(socket, 'close')
  await seen
  t.mock.timers.tick(29_999)
  assert.equal(await connections(app), 1)
  t.mock.timers.tick(1)
  await closed
})
