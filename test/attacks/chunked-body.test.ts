// A POST in many small chunks: what the server keeps must grow with the bytes, not with the chunks.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { suite, test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { joined, sent } from '../support/raw.ts'
import { ask, POLLING, start } from '../support/server.ts'
import { sessionOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** A body in chunks of these sizes, as HTTP/1.1 sends it (RFC 9112, section 7.1), without its end. */
function chunked (text: string, size: number): string {
  let body = ''
  for (let at = 0; at < text.length; at += size) {
    const chunk = text.slice(at, at + size)
    body += `${chunk.length.toString(16)}\r\n${chunk}\r\n`
  }
  return body
}

const post = (port: number, sid: string): string =>
  `POST ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
  'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n'

suite('a POST in small chunks', () => {
  test('0.49 MB, a byte a chunk, costs a few MB of heap at most', async (t) => {
    const { app, port } = await start(t, { cors: { origin: ORIGIN }, maxBufferedChunks: 1_000_000 })
    const sid = await joined(port)
    const size = 490_000
    const body = chunked(`42["x","${'y'.repeat(size)}`, 1)
    const { transport } = sessionOf(app, sid)!
    let received = 0
    const socket = await sent(t, port, post(port, sid))
    await until(() => transport.dataReq, 'the session has its POST')
    transport.dataReq!.on('data', (chunk: Buffer) => { received += chunk.length })
    gc()
    const before = process.memoryUsage()
    socket.write(body)
    await until(() => received >= size, 'the bytes have come')
    gc()
    const after = process.memoryUsage()
    const [heap, buffers] = [after.heapUsed - before.heapUsed, after.arrayBuffers - before.arrayBuffers]
    assert.ok(heap < 8e6, `${heap} bytes of heap`)
    assert.ok(buffers < 8e6, `${buffers} bytes of buffers`)
  })

  for (const size of [1, 3, 1000]) {
    test(`nothing is lost or mixed up, ${size} bytes a chunk`, async (t) => {
      const { app, port } = await start(t, { maxHttpBufferSize: 10_000 })
      const got = new Promise((resolve) => app.io.on('connection', (socket) => socket.on('x', resolve)))
      const sid = await joined(port)
      const text = Array.from({ length: 1500 }, (_, at) => String(at)).join(' ')
      const socket = await sent(t, port, `${post(port, sid)}${chunked(`42["x","${text}"]`, size)}0\r\n\r\n`)
      assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200/)
      assert.equal(await got, text)
    })
  }

  test('characters of several bytes that chunks cut through', async (t) => {
    const { app, port } = await start(t)
    const got = new Promise((resolve) => app.io.on('connection', (socket) => socket.on('x', resolve)))
    const sid = await joined(port)
    const bytes = Buffer.from('42["x","€𝄞ü"]').toString('latin1')
    const socket = await sent(t, port, Buffer.from(`${post(port, sid)}${chunked(bytes, 1)}0\r\n\r\n`, 'latin1'))
    await once(socket, 'data')
    assert.equal(await got, '€𝄞ü')
  })

  test('maxHttpBufferSize is exact: that many bytes pass, one more is 413', async (t) => {
    const { port } = await start(t, { maxHttpBufferSize: 1000 })
    for (const [length, status] of [[1000, 200], [1001, 413]] as const) {
      const sid = await joined(port)
      const text = `42["x","${'y'.repeat(length - 10)}"]`
      assert.equal(text.length, length)
      const socket = await sent(t, port, `${post(port, sid)}${chunked(text, 1)}0\r\n\r\n`)
      assert.match(String((await once(socket, 'data'))[0]), new RegExp(`^HTTP/1\\.1 ${status}`))
    }
    assert.equal((await ask(port, POLLING)).status, 200)
  })

  test('maxBufferedChunks is exact, and 10,000 unless it is given', async (t) => {
    for (const [options, limit] of [[{}, 10_000], [{ maxBufferedChunks: 100 }, 100]] as const) {
      for (const [chunks, status] of [[limit, 200], [limit + 1, 413]] as const) {
        const { app, port } = await start(t, options)
        const sid = await joined(port)
        const body = chunked(`42["x","${'y'.repeat(chunks - 10)}"]`, 1)
        const socket = await sent(t, port, `${post(port, sid)}${body}0\r\n\r\n`)
        assert.match(String((await once(socket, 'data'))[0]), new RegExp(`^HTTP/1\\.1 ${status}`), `${chunks} chunks`)
        assert.equal(app.io.engine.clientsCount, status === 200 ? 1 : 0)
      }
    }
  })
})
