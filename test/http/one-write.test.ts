import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  createServer,
  request,
  ServerResponse,
  type IncomingMessage,
  type RequestListener,
  type Server
} from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { inOneWrite } from '../../lib/http/one-write.ts'
import { ORIGIN } from '../support/client.ts'
import { ask, POLLING, start } from '../support/server.ts'

interface Served {
  port: number
  /** How many pieces each call of the socket was given. */
  calls: number[]
}

async function serve (t: TestContext, answer: RequestListener): Promise<Served> {
  const calls: number[] = []
  const server = createServer((req, res) => {
    inOneWrite(res)
    answer(req, res)
  })
  watch(server, calls)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { server.closeAllConnections(); server.close() })
  return { port: (server.address() as AddressInfo).port, calls }
}

/** From now on. */
function watch (server: Server, calls: number[]): void {
  server.on('connection', (socket: Socket) => {
    const { _write, _writev } = socket
    socket._write = function (...args) { calls.push(1); return _write.apply(this, args) }
    socket._writev = function (...args) { calls.push(args[0].length); return _writev!.apply(this, args) }
  })
}

async function get (port: number, method = 'GET'): Promise<{ response: IncomingMessage, body: string }> {
  const req = request({ port, host: '127.0.0.1', method }).end()
  const [response] = await once(req, 'response') as [IncomingMessage]
  return { response, body: await text(response) }
}

const BODY = 'été 😀'

test('a head and its text are one piece in one call', async (t) => {
  const { port, calls } = await serve(t, (req, res) => {
    if (req.method === 'PUT') res.end = ServerResponse.prototype.end
    res.writeHead(200, { 'content-length': Buffer.byteLength(BODY) })
    res.end(BODY)
  })
  assert.equal((await get(port)).body, BODY)
  assert.deepEqual(calls.splice(0), [1])
  assert.equal((await get(port, 'PUT')).body, BODY)
  // Node 24 has learnt it; when that is the oldest that is supported, one-write.ts can go
  assert.deepEqual(calls, [Number.parseInt(process.versions.node) < 24 ? 2 : 1])
})

test('every form of end() answers what it would', async (t) => {
  let called = 0
  const forms: Record<string, RequestListener> = {
    GET: (_req, res) => { res.end(BODY) },
    HEAD: (_req, res) => {
      res.writeHead(200, { 'content-length': 12 })
      res.end(BODY)
    },
    POST: (_req, res) => {
      res.writeHead(200)
      res.end(BODY)
    },
    PUT: (_req, res) => {
      res.writeHead(200, { 'content-length': 3 })
      res.end('été', 'latin1')
    },
    PATCH: (_req, res) => {
      res.writeHead(200, { 'content-length': 2 })
      res.end('ok', () => { if (res.writableFinished) called++ })
    },
    LOCK: (_req, res) => {
      res.writeHead(200, { 'content-length': 2 })
      res.end('ok', 'utf8', () => { if (res.writableFinished) called++ })
    },
    DELETE: (_req, res) => {
      res.writeHead(204)
      res.end()
    },
    OPTIONS: (_req, res) => {
      res.writeHead(200, { 'content-length': 0 })
      res.end('')
    },
    REPORT: (_req, res) => {
      res.writeHead(200, { 'content-length': 2 })
      res.end(Buffer.from('ok'))
    }
  }
  const { port } = await serve(t, (req, res) => forms[req.method!]!(req, res))
  const plain = createServer((req, res) => forms[req.method!]!(req, res)).listen(0, '127.0.0.1')
  await once(plain, 'listening')
  t.after(() => { plain.closeAllConnections(); plain.close() })
  for (const method of Object.keys(forms)) {
    const [ours, nodes] = [await get(port, method), await get((plain.address() as AddressInfo).port, method)]
    assert.equal(ours.body, nodes.body, method)
    assert.deepEqual({ ...ours.response.headers, date: '' }, { ...nodes.response.headers, date: '' }, method)
  }
  assert.equal(called, 4, 'both callbacks, for both')
})

test('what a middleware has wrapped stays wrapped', async (t) => {
  let wrapped = 0
  const server = createServer((_req, res) => {
    const { end } = res
    res.end = (chunk: unknown) => { wrapped++; return end.call(res, chunk as string, 'utf8') }
    inOneWrite(res)
    res.writeHead(200, { 'content-length': 2 })
    res.end('ok')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { server.closeAllConnections(); server.close() })
  assert.equal((await get((server.address() as AddressInfo).port)).body, 'ok')
  assert.equal(wrapped, 1)
})

test('whoever wraps write() and end() later sees the text once', async (t) => {
  const seen: unknown[] = []
  const { port } = await serve(t, (_req, res) => {
    const { write, end } = res
    res.write = (chunk: unknown) => { seen.push(chunk); return write.call(res, chunk, 'utf8') }
    res.end = (chunk: unknown) => { seen.push(chunk); return end.call(res, chunk as string, 'utf8') }
    res.writeHead(200, { 'content-length': 2 })
    res.end('ok')
  })
  assert.equal((await get(port)).body, 'ok')
  assert.deepEqual(seen, ['ok'])
})

test('ending twice is as harmless as it is', async (t) => {
  const errors: unknown[] = []
  const { port } = await serve(t, (_req, res) => {
    res.on('error', (error) => errors.push(error))
    res.writeHead(200, { 'content-length': 2 })
    res.end('ok')
    res.end('')
  })
  assert.equal((await get(port)).body, 'ok')
  assert.deepEqual(errors, [])
})

test('answers to pipelined requests keep their order, also when the second is ready first', async (t) => {
  const waiting: ServerResponse[] = []
  const { port } = await serve(t, (req, res) => {
    res.writeHead(200, { 'content-length': 2 })
    if (req.url === '/1') waiting.push(res)
    else {
      res.end('02')
      waiting[0]!.end('01')
    }
  })
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.match(await text(socket), /\r\n\r\n01HTTP\/1\.1 200 OK[^]*\r\n\r\n02$/)
})

test('a text that does not fit into the socket arrives whole, and the response finishes after it', async (t) => {
  const long = 'x'.repeat(20_000_000)
  let finished = 0
  const { port } = await serve(t, (_req, res) => {
    res.on('finish', () => { finished = res.req.socket.bytesWritten })
    res.writeHead(200, { 'content-length': long.length })
    res.end(long)
  })
  assert.equal((await get(port)).body, long)
  assert.ok(finished > long.length)
})

test('an answer to a client that has gone never finishes, and leaves no error behind', async (t) => {
  const events: string[] = []
  let close = (): void => {}
  const closed = new Promise<void>((resolve) => { close = resolve })
  const { port } = await serve(t, (_req, res) => {
    res.on('finish', () => events.push('finish'))
    res.on('close', () => { events.push('close'); close() })
    res.req.socket.destroy()
    res.writeHead(200, { 'content-length': 2 })
    res.end('ok')
  })
  await assert.rejects(get(port), { code: 'ECONNRESET' })
  await closed
  assert.deepEqual(events, ['close'], 'nothing was sent, so nothing finished')
})

for (const statelessHandshake of [true, false]) {
  test(`the plugin's own answers do, statelessHandshake: ${statelessHandshake}`, async (t) => {
    const { app, port } = await start(t, { statelessHandshake, cors: { origin: ORIGIN } })
    const calls: number[] = []
    watch(app.server, calls)
    const headers = { origin: ORIGIN }
    const { sid } = JSON.parse((await ask(port, POLLING, { headers })).body.slice(1)) as { sid: string }
    assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })).body, 'ok')
    assert.match((await ask(port, `${POLLING}&sid=${sid}`, { headers })).body, /^40\{/)
    const refused = await ask(port, POLLING, { headers: { origin: 'https://evil.example' } })
    assert.deepEqual([refused.status, refused.headers['content-type']], [403, 'application/json; charset=utf-8'])
    assert.deepEqual(calls, [1, 1, 1, 1])
  })
}
