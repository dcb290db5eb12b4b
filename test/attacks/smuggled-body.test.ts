// A request that asks for another protocol is read again as a plain one. Node drops headers beyond a limit; when the
// length of the body is among them, the body must not be taken for the next request.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { serve, unharmed } from '../support/hostile.ts'
import { sent } from '../support/raw.ts'

const INNER = 'GET /inner HTTP/1.1\r\nHost: inner\r\n\r\n'
const BODIES = {
  'Content-Length': [`Content-Length: ${INNER.length}\r\n`, INNER],
  'Transfer-Encoding': ['Transfer-Encoding: chunked\r\n', `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`]
} as const

for (const [name, [length, body]] of Object.entries(BODIES)) {
  for (const [max, count] of [[null, 0], [null, 970], [null, 1100], [5, 40], [0, 1100]] as const) {
    test(`${name} behind ${count} headers, maxHeadersCount: ${max}`, async (t) => {
      const seen: string[] = []
      const server = await serve(t, {}, (app) => {
        app.addHook('onRequest', async ({ url }) => { seen.push(url) })
        app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text))
        app.post('/outer', async ({ body }) => body)
        app.get('/inner', async () => 'smuggled')
      })
      server.app.server.maxHeadersCount = max
      const head = `POST /outer HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${'a:\r\n'.repeat(count)}`
      const socket = await sent(t, server.port, `${head}${length}\r\n${body}`)
      const [answer] = await once(socket, 'data') as [Buffer]
      const whole = max === 0 || (max === null && count < 1000)
      // Newer Nodes do not have it read again, and serve it whatever it is.
      assert.match(answer.toString(), whole ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 (200|431) /)
      // whatever else came on the connection has been read when it ends
      socket.end()
      await once(socket, 'close')
      assert.deepEqual(seen.filter((url) => url !== '/outer'), [])
      server.app.server.maxHeadersCount = null
      await unharmed(server)
    })
  }
}
