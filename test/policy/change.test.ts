import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { ConfigError, loadPolicy, OriginPolicy, policyFromEnv } from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { ask, start } from '../support/server.ts'

const allows = (policy: OriginPolicy, origin: string): boolean => (policy.decide(origin) as { allowed: boolean }).allowed

suite('update', () => {
  test('swaps everything at once, tells listeners, and leaves all as it was when invalid', () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    let told = 0
    const off = policy.onChange(() => { told++ })
    policy.update({ origin: 'https://b.example', credentials: true })
    assert.deepEqual([allows(policy, ORIGIN), allows(policy, 'https://b.example'), policy.options.credentials, told], [false, true, true, 1])
    assert.throws(() => policy.update({ origin: ['https://ok.example', 'bad/'] }), ConfigError)
    assert.deepEqual([allows(policy, 'https://b.example'), allows(policy, 'https://ok.example'), told], [true, false, 1])
    off()
    policy.update({ origin: ORIGIN })
    assert.equal(told, 1)
  })

  test('update(snapshot()) changes nothing', () => {
    const policy = new OriginPolicy({ origin: [ORIGIN, 'https://*.example.org', /^https:\/\/pr-\d+\.example\.com$/], credentials: true, maxAge: 60, originCache: { max: 1, ttl: 1 } })
    const before = JSON.stringify([policy.snapshot(), policy.options])
    policy.update(policy.snapshot())
    assert.equal(JSON.stringify([policy.snapshot(), policy.options]), before)
    const copy = policy.snapshot()
    ;(copy.origin as string[]).push('https://attacker.example')
    assert.equal(allows(policy, 'https://attacker.example'), false)
  })

  for (const transports of [['polling'], ['websocket']]) {
    test(`live sockets whose origin is revoked are told why and disconnected: ${transports[0]}`, async (t) => {
      const { app, own } = await start(t, { cors: { origin: [ORIGIN, 'https://stays.example'] } })
      const stays = await connect(t, own, { transports, extraHeaders: { origin: 'https://stays.example' } })
      const goes = await connect(t, own, { transports })
      // a poll that comes after the update is refused, and can be told nothing
      const { clients } = app.io.engine as unknown as { clients: Record<string, { transport: { writable: boolean } }> }
      while (!Object.values(clients).every(({ transport }) => transport.writable)) await new Promise(setImmediate)
      const told = once(goes as never, 'origin_revoked')
      const gone = once(goes as never, 'disconnect')
      app.originPolicy.update({ origin: 'https://stays.example' })
      assert.deepEqual(await told, [{ code: 'ORIGIN_REVOKED', reason: 'not-listed' }])
      assert.equal((await gone)[0], 'io server disconnect')
      assert.equal(stays.connected, true)
    })
  }

  test('onRevoke: keep leaves them', async (t) => {
    const { app, own } = await start(t, { cors: { origin: ORIGIN }, onRevoke: 'keep' })
    app.io.on('connection', (socket) => socket.on('ping', (reply: () => void) => reply()))
    const socket = await connect(t, own, { transports: ['websocket'] })
    app.originPolicy.update({ origin: 'https://other.example', onRevoke: 'keep' })
    await socket.emitWithAck('ping')
    assert.equal(socket.connected, true)
  })

  test('a policy outlives the app: no listener is left on it', async () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    const cleanUps: (() => unknown)[] = []
    await start({ after: (end: () => unknown) => { cleanUps.push(end) } } as never, { cors: policy })
    for (const end of cleanUps) await end()
    let told = 0
    policy.onChange(() => { told++ })
    policy.update({ origin: ORIGIN })
    assert.equal(told, 1)
  })
})

suite('policyFromEnv', () => {
  test('commas, white space and empty items', () => {
    const policy = policyFromEnv({ ALLOWED_ORIGINS: ' https://a.example, https://b.example\n,,https://c.example ', CORS_CREDENTIALS: 'true' })
    assert.deepEqual(policy.snapshot().origin, ['https://a.example', 'https://b.example', 'https://c.example'])
    assert.equal(policy.options.credentials, true)
  })

  test('nothing is a ConfigError, never everything', () => {
    for (const env of [{}, { ALLOWED_ORIGINS: '' }, { ALLOWED_ORIGINS: ' , ' }]) {
      assert.throws(() => policyFromEnv(env), (error: ConfigError) => error.issues[0]!.code === 'ORIGIN_EMPTY')
    }
    assert.throws(() => policyFromEnv({ ALLOWED_ORIGINS: ORIGIN, CORS_CREDENTIALS: 'maybe' }), ConfigError)
    assert.throws(() => policyFromEnv({ ALLOWED_ORIGINS: '*', CORS_CREDENTIALS: '1' }), ConfigError)
  })

  test('overrides', () => { assert.equal(policyFromEnv({ ALLOWED_ORIGINS: ORIGIN }, { maxAge: 60 }).options.maxAge, 60) })
})

suite('loadPolicy', () => {
  function folder (t: TestContext): string {
    const made = mkdtempSync(join(tmpdir(), 'fastify-io-'))
    t.after(() => rmSync(made, { recursive: true }))
    return made
  }

  test('reads a file, with $schema; its mistakes are a ConfigError', (t) => {
    const file = join(folder(t), 'cors.json')
    writeFileSync(file, JSON.stringify({ $schema: 'fastify-io/cors.schema.json', origin: [ORIGIN] }))
    assert.equal(allows(loadPolicy(file), ORIGIN), true)
    for (const text of ['{', '[]', 'null', '"x"', '{"orgin": true}', '{"origin": "x/"}']) {
      writeFileSync(file, text)
      assert.throws(() => loadPolicy(file), ConfigError, text)
    }
    assert.throws(() => loadPolicy(`${file}.none`), { code: 'ENOENT' })
  })

  test('follows a file edited in place and replaced; an invalid one is logged and changes nothing; a live socket is cut off', async (t) => {
    const file = join(folder(t), 'cors.json')
    const write = (origin: unknown): void => writeFileSync(file, JSON.stringify({ origin }))
    write([ORIGIN])
    const ending = new AbortController()
    t.after(() => ending.abort())
    const errors: string[] = []
    let wake: (() => void) | undefined
    const log = { info: () => {}, error: (_details: object, message: string) => { errors.push(message); wake?.() } }
    const policy = loadPolicy(file, { watch: true, signal: ending.signal, log })
    const changed = () => new Promise<void>((resolve) => { const off = policy.onChange(() => { off(); resolve() }) })

    const { own, port } = await start(t, { cors: policy })
    const socket = await connect(t, own, { transports: ['websocket'] })
    const gone = once(socket as never, 'disconnect')
    const begun = performance.now()
    write(['https://b.example'])
    await gone
    assert.ok(performance.now() - begun < 1000)
    assert.equal((await ask(port, '/socket.io/?EIO=4&transport=polling', { headers: { origin: 'https://b.example' } })).status, 200)

    const replaced = changed()
    writeFileSync(`${file}.new`, JSON.stringify({ origin: ['https://c.example'] }))
    renameSync(`${file}.new`, file)
    await replaced
    assert.equal(allows(policy, 'https://c.example'), true)

    const told = new Promise<void>((resolve) => { wake = resolve })
    write(['https://d.example/', 'https://E.example'])
    await told
    assert.equal(errors.length, 2, 'each issue by itself')
    assert.deepEqual([allows(policy, 'https://c.example'), allows(policy, 'https://d.example')], [true, false])
  })
})
