import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type OriginCase, origins } from './cases/origins.ts'
import { type Answer, ask, corsHeaders, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from './support/server.ts'

/** Node's client will not send what no header may hold; raw sockets do that, in robustness.test.ts. */
const sendable = origins.filter(({ origin }) => typeof origin !== 'string' || origin.length < 16000)

for (const statelessHandshake of [true, false]) {
  suite(`every row, on all six kinds of request, statelessHandshake: ${statelessHandshake}`, () => {
    for (const row of sendable) test(row.name, (t) => check(t, row, statelessHandshake))
  })
}

async function check (
  t: Parameters<typeof start>[0],
  { cors, origin: given, headers: extra = {}, allowed, allowOrigin }: OriginCase,
  statelessHandshake: boolean
): Promise<void> {
  const { app, port, own } = await start(t, { cors, statelessHandshake }, (app) => app.get('/api', async () => 'ok'))
  const origin = typeof given === 'function' ? given(own) : given
  const headers = { ...extra, ...(origin !== undefined && { origin }) }
  const expected = allowOrigin === 'origin' ? origin : allowOrigin
  const onRest = isLiteral(cors) ? '*' : expected

  const rest = await ask(port, '/api', { headers })
  assert.equal(rest.status, 200, 'REST is served')
  checkHeaders(rest, onRest, cors.credentials)
  checkVary(rest, cors)

  if (origin !== undefined) {
    for (const asked of [undefined, 'x-one,x-two', 'not a name']) {
      const preflightHeaders = {
        ...headers,
        'access-control-request-method': 'PUT',
        ...(asked && { 'access-control-request-headers': asked })
      }
      const preflight = await ask(port, '/api', { method: 'OPTIONS', headers: preflightHeaders })
      assert.equal(preflight.status, 204, 'a preflight is answered')
      checkHeaders(preflight, onRest, cors.credentials)
      checkVary(preflight, cors)
      // without any cross-origin policy REST is the same for all, and Socket.IO is not
      if (!allowed || cors.origin === undefined || cors.origin === false) continue
      const socket = await ask(port, POLLING, { method: 'OPTIONS', headers: preflightHeaders })
      assert.equal(socket.status, 204, 'a preflight of Socket.IO is answered')
      assert.deepEqual(answerOf(socket), answerOf(preflight), 'both kinds of path answer a preflight alike')
    }
  }

  const handshake = await ask(port, POLLING, { headers })
  assert.equal(handshake.status, allowed ? 200 : 403, 'handshake')
  checkHeaders(handshake, expected, cors.credentials)
  if (!allowed) assert.equal((JSON.parse(handshake.body) as { code: number }).code, 4)
  else assert.match(sidOf(handshake), /^[\w-]{20,}$/)

  // a refused client has no sid, and tries one that it made up
  const sid = allowed ? sidOf(handshake) : 'x'
  const post = await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })
  assert.equal(post.status, allowed ? 200 : 403, 'POST')
  checkHeaders(post, expected, cors.credentials)
  const poll = await ask(port, `${POLLING}&sid=${sid}`, { headers })
  assert.equal(poll.status, allowed ? 200 : 403, 'poll')
  checkHeaders(poll, expected, cors.credentials)

  const upgrade = await ask(port, WEBSOCKET, { headers: { ...headers, ...UPGRADE } })
  assert.equal(upgrade.status, allowed ? 101 : 403, 'upgrade')
  checkHeaders(upgrade, expected, cors.credentials)

  if (!allowed) assert.equal(app.io.engine.clientsCount, 0, 'a refused client leaves no session')
}

function checkHeaders (answer: Answer, allowOrigin: string | undefined, credentials = false): void {
  assert.equal(answer.headers['access-control-allow-origin'], allowOrigin)
  if (allowOrigin === undefined) assert.deepEqual(corsHeaders(answer), [], 'no CORS header of any kind')
  else assert.equal(answer.headers['access-control-allow-credentials'], credentials ? 'true' : undefined)
}

/** A preflight's headers, but for the connection's. */
function answerOf ({ headers: { date, connection, 'keep-alive': keepAlive, ...headers } }: Answer): Answer['headers'] {
  return headers
}

/** A bare `*` is on every REST answer. */
function isLiteral ({ origin, credentials }: OriginCase['cors']): boolean {
  return (origin === '*' || (Array.isArray(origin) && origin.includes('*'))) && credentials !== true
}

/** Vary: Origin wherever another Origin could have been answered otherwise. */
function checkVary ({ headers }: Answer, cors: OriginCase['cors']): void {
  const varies = /(^|, )Origin(,|$)/i.test(headers.vary ?? '')
  if (isLiteral(cors)) assert.equal(varies, false, 'a bare * is the same for all')
  else assert.equal(varies, cors.origin !== undefined && cors.origin !== false)
}
