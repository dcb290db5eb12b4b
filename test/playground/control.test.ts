import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { suite, test, type TestContext } from 'node:test'
import { type Playground, startPlayground } from '../../playground/server/playground.ts'
import { ANY } from '../../playground/server/ports.ts'
import { type Ask, type Answer, ask as askServer, WEBSOCKET, UPGRADE } from '../support/server.ts'

const POLICY = { origin: '*' }
const JSON_TYPE = 'application/json'

const portOf = (origin: string): number => Number(new URL(origin).port)

/** A request of a page of the playground's own, unless headers say otherwise. */
function ask (origin: string, path: string, { headers, ...rest }: Ask = {}): Promise<Answer> {
  return askServer(portOf(origin), path, { ...rest, headers: { host: origin.slice(7), ...headers } })
}

const edit = (text: string, headers: Ask['headers'], path = '/api/policy'): [string, Ask] =>
  [path, { method: 'POST', headers: { 'content-type': JSON_TYPE, ...headers }, body: JSON.stringify({ text }) }]

async function start (t: TestContext): Promise<Playground> {
  const playground = await startPlayground(ANY)
  t.after(() => playground.close())
  return playground
}

suite('the servers of the playground', () => {
  test('the policy is edited by the pages of the playground alone', async (t) => {
    const { allowed, refused, app } = await start(t)
    const before = app.originPolicy.snapshot()
    const text = JSON.stringify(POLICY)
    const attacks: [name: string, Ask['headers']][] = [
      ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
      ['another site, in an older browser', { origin: 'https://evil.example' }],
      ['another port of localhost', { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' }],
      ['the other page', { origin: refused, 'sec-fetch-site': 'same-site' }],
      ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
      ['a form without Origin', { 'sec-fetch-site': 'cross-site' }],
      ['nobody', {}],
      ['a typed address', { 'sec-fetch-site': 'none' }],
      ['a name that leads here (DNS rebinding)', {
        host: `evil.example:${portOf(allowed)}`,
        origin: `http://evil.example:${portOf(allowed)}`,
        'sec-fetch-site': 'same-origin'
      }],
      ['the same by another name of this machine', { host: `127.0.0.1:${portOf(allowed)}`, origin: allowed }]
    ]
    for (const [name, headers] of attacks) {
      for (const path of ['/api/policy', '/api/policy/check', '/api/policy/undo', '/api/policy/reset']) {
        assert.equal((await ask(allowed, ...edit(text, headers, path))).status, 403, `${name}: ${path}`)
      }
    }
    assert.deepEqual(app.originPolicy.snapshot(), before)

    const own = { origin: allowed, 'sec-fetch-site': 'same-origin' }
    assert.equal((await ask(allowed, ...edit(text, own))).status, 200)
    assert.deepEqual(app.originPolicy.snapshot(), POLICY)
  })

  test('records and the policy are read by the pages of the playground alone', async (t) => {
    const { allowed, refused } = await start(t)
    const queries = ['/api/probe?id=12345678', '/api/explain?origin=a']
    const paths = ['/api/places', '/api/policy', '/api/policy/changes', ...queries]
    for (const path of paths) {
      const statuses = await Promise.all([
        ask(allowed, path, { headers: { 'sec-fetch-site': 'cross-site' } }),
        ask(allowed, path, { headers: { 'sec-fetch-site': 'same-site' } }),
        ask(allowed, path, { headers: { origin: refused } }),
        ask(allowed, path, { headers: { host: `evil.example:${portOf(allowed)}` } })
      ].map(async (answer) => (await answer).status))
      assert.deepEqual(statuses, [403, 403, 403, 403], path)
    }
    assert.equal((await ask(allowed, '/', { headers: { host: 'evil.example' } })).status, 403)
    assert.equal((await ask(allowed, '/api/places', { headers: { 'sec-fetch-site': 'same-origin' } })).status, 200)
    const { headers } = await ask(allowed, '/')
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
  })

  test('every server listens on loopback only', async (t) => {
    const { allowed, refused, backend, stock, app, stockApp } = await start(t)
    for (const { address } of [app, stockApp].flatMap((one) => one.addresses() as AddressInfo[])) {
      assert.ok(address === '::1' || address.startsWith('127.'), address)
    }
    const others = Object.values(networkInterfaces()).flat().filter((one) => one?.internal === false)
    for (const { address } of others.filter((one) => one?.family === 'IPv4') as { address: string }[]) {
      for (const origin of [allowed, refused, backend, stock]) {
        const socket = connect(portOf(origin), address)
        t.after(() => socket.destroy())
        await assert.rejects(once(socket, 'connect'), { code: 'ECONNREFUSED' }, `${origin} at ${address}`)
      }
    }
  })

  test('what is too long is turned down', async (t) => {
    const { allowed, app } = await start(t)
    const own = { origin: allowed }
    const before = app.originPolicy.snapshot()
    const long = JSON.stringify({ origin: Array.from({ length: 2000 }, (_, at) => `https://a${at}.example`) })
    assert.equal((await ask(allowed, ...edit(long, own))).status, 413)
    assert.equal((await ask(allowed, `/api/explain?origin=${'a'.repeat(501)}`)).status, 400)
    assert.equal((await ask(allowed, `/api/probe?id=${'a'.repeat(41)}`)).status, 400)
    for (const body of ['', '[]', '{}', '{"text":{}}', '{"text":']) {
      const headers = { ...own, 'content-type': JSON_TYPE }
      const { status } = await ask(allowed, '/api/policy', { method: 'POST', headers, body })
      assert.ok(status === 400 || status === 422, `${body}: ${status}`)
    }
    assert.deepEqual(app.originPolicy.snapshot(), before)
  })

  test('an empty origin is explained, too', async (t) => {
    const { allowed } = await start(t)
    for (const path of ['/api/explain', '/api/explain?origin=']) {
      const { status, body } = await ask(allowed, path)
      assert.equal(status, 200)
      assert.equal(JSON.parse(body).decision.allowed, false)
    }
  })

  test('followers of the policy are bounded, and a page that leaves is forgotten', async (t) => {
    const { allowed } = await start(t)
    const leaving = new AbortController()
    const follow = (): Promise<Response> => fetch(`${allowed}/api/policy/changes`, { signal: leaving.signal })
    const statuses = await Promise.all(Array.from({ length: 51 }, async () => (await follow()).status))
    assert.deepEqual(statuses.sort(), [...Array<number>(50).fill(200), 503])
    leaving.abort()
    let answer: Response
    do answer = await fetch(`${allowed}/api/policy/changes`, { signal: AbortSignal.timeout(20_000) })
    while (answer.status === 503)
    assert.equal(answer.status, 200)
    await answer.body!.cancel()
  })

  test('a record has the request as it came: hostile text, bounded; and only a probe makes one', async (t) => {
    const { allowed, backend, stock } = await start(t)
    const hostile = '<script>alert(1)</script>'
    for (const [key, url] of [['backend', backend], ['stock', stock]] as const) {
      const id = `hostile-${key}`
      const headers = { origin: hostile, cookie: 'c'.repeat(5000), authorization: 'secret' }
      await ask(url, `${WEBSOCKET}&probe=${id}`, { headers: { ...headers, ...UPGRADE } })
      await ask(url, `/api/time?probe=${id}`, { headers })
      const record = JSON.parse((await ask(allowed, `/api/probe?id=${id}`)).body)[key]
      assert.equal(record.exchanges.length, 2)
      for (const { request, status } of record.exchanges) {
        const sent = Object.fromEntries(request)
        assert.equal(sent.origin, hostile)
        assert.equal(sent.cookie.length, 301)
        assert.equal(sent.authorization, undefined, 'headers that tell nothing here are not kept')
        assert.ok(status > 100)
      }
      const statuses = record.exchanges.map(({ status }: { status: number }) => status)
      assert.deepEqual(statuses, [key === 'stock' ? 101 : 403, 200])
    }
    for (const id of ['short', 'a b c d e f g h', `${'x'.repeat(41)}`]) {
      await ask(backend, `/api/time?probe=${encodeURIComponent(id)}`)
    }
    const { body } = await ask(allowed, '/api/probe?id=short')
    assert.deepEqual(JSON.parse(body).backend, { exchanges: [], ran: [], log: [] })
  })

  test('records are bounded in number and in length', async (t) => {
    const { allowed, backend } = await start(t)
    const recorded = async (id: string): Promise<number> =>
      JSON.parse((await ask(allowed, `/api/probe?id=${id}`)).body).backend.exchanges.length
    for (let at = 0; at < 40; at++) await ask(backend, '/api/time?probe=repeated-1')
    assert.equal(await recorded('repeated-1'), 30)
    for (let at = 0; at < 400; at++) await ask(backend, `/api/time?probe=many-${at}-more`)
    assert.equal(await recorded('repeated-1'), 0, 'the oldest is forgotten')
    assert.equal(await recorded('many-399-more'), 1)
  })
})
