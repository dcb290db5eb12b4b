import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test, type TestContext } from 'node:test'
import { ConfigError, loadPolicy, OriginPolicy, policyFromEnv } from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { slowdown } from '../support/pace.ts'
import { ask, start } from '../support/server.ts'
import { sessionsOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

// neither a watcher nor a policy's own timer keeps a process alive
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

const allows = (policy: OriginPolicy, origin: string): boolean =>
  (policy.decide(origin) as { allowed: boolean }).allowed

suite('update', () => {
  test('swaps everything at once, tells listeners, and leaves all as it was when invalid', () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    let told = 0
    const off = policy.onChange(() => { told++ })
    policy.update({ origin: 'https://b.example', credentials: true })
    assert.deepEqual([allows(policy, ORIGIN), allows(policy, 'https://b.example'), policy.options.credentials, told], [
      false,
      true,
      true,
      1
    ])
    assert.throws(() => policy.update({ origin: ['https://ok.example', 'bad/'] }), ConfigError)
    assert.deepEqual([allows(policy, 'https://b.example'), allows(policy, 'https://ok.example'), told], [
      true,
      false,
      1
    ])
    off()
    policy.update({ origin: ORIGIN })
    assert.equal(told, 1)
  })

  test('an origin that was refused is allowed once an update covers it', () => {
    for (const origin of ['https://*.b.example', /^https:\/\/x\.b\.example$/, true]) {
      const policy = new OriginPolicy({ origin: 'https://a.example' })
      assert.equal(allows(policy, 'https://x.b.example'), false)
      policy.update({ origin })
      assert.equal(allows(policy, 'https://x.b.example'), true)
    }
  })

  test('a listener that throws keeps no other from hearing, and undoes nothing', async () => {
    const policy = new OriginPolicy({ origin: ORIGIN })
    let told = 0
    policy.onChange(() => { throw new Error('a bug in a listener') })
    policy.onChange(() => { told++ })
    const warned = once(process, 'warning')
    policy.update({ origin: 'https://b.example' })
    assert.deepEqual([told, allows(policy, 'https://b.example')], [1, true])
    assert.match(String((await warned)[0]), /a bug in a listener/)
  })

  test('update(snapshot()) changes nothing', () => {
    const policy = new OriginPolicy({
      origin: [ORIGIN, 'https://*.example.org', /^https:\/\/pr-\d+\.example\.com$/],
      credentials: true,
      maxAge: 60,
      originCache: { max: 1, ttl: 1 }
    })
    const before = JSON.stringify([policy.snapshot(), policy.options])
    policy.update(policy.snapshot())
    assert.equal(JSON.stringify([policy.snapshot(), policy.options]), before)
    const copy = policy.snapshot()
    ;(copy.origin as string[]).push('https://attacker.example')
    assert.equal(allows(policy, 'https://attacker.example'), false)
    ;(copy.originCache as { ttl: number }).ttl = 60_000
    assert.equal(policy.snapshot().originCache!.ttl, 1, 'nor can what was handed out change the policy')
  })

  for (const transports of [['polling'], ['websocket']]) {
    test(`live sockets whose origin is revoked are told why and disconnected: ${transports[0]}`, async (t) => {
      const { app, own } = await start(t, { cors: { origin: [ORIGIN, 'https://stays.example'] } })
      const stays = await connect(t, own, { transports, extraHeaders: { origin: 'https://stays.example' } })
      const goes = await connect(t, own, { transports })
      // a poll that comes after the update is refused, and can be told nothing
      await until(() => sessionsOf(app).every(({ transport }) => transport.writable), 'each client has a poll')
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
    const policy = policyFromEnv({
      ALLOWED_ORIGINS: ' https://a.example, https://b.example\n,,https://c.example ',
      CORS_CREDENTIALS: 'true'
    })
    assert.deepEqual(policy.snapshot().origin, ['https://a.example', 'https://b.example', 'https://c.example'])
    assert.equal(policy.options.credentials, true)
  })

  test('nothing is a ConfigError, never everything', () => {
    for (const env of [{}, { ALLOWED_ORIGINS: '' }, { ALLOWED_ORIGINS: ' , ' }]) {
      assert.throws(() => policyFromEnv(env), ({ issues: [issue] }: ConfigError) => {
        assert.deepEqual([issue!.code, issue!.hint], ['ORIGIN_EMPTY', 'ALLOWED_ORIGINS=https://app.example.com'])
        return true
      })
    }
    assert.throws(() => policyFromEnv({ ALLOWED_ORIGINS: ORIGIN, CORS_CREDENTIALS: 'maybe' }), ConfigError)
    assert.throws(() => policyFromEnv({ ALLOWED_ORIGINS: '*', CORS_CREDENTIALS: '1' }), ConfigError)
  })

  test('every mistake at once, at the variable that holds it', () => {
    assert.throws(
      () =>
        policyFromEnv({ ALLOWED_ORIGINS: 'https://a.example/ https://b.example null', CORS_CREDENTIALS: 'maybe' }, {
          maxAge: -5
        }),
      (error: ConfigError) => {
        assert.deepEqual(error.issues.map(({ path, hint }) => `${path} ${hint}`), [
          '/CORS_CREDENTIALS CORS_CREDENTIALS=true', '/ALLOWED_ORIGINS/0 https://a.example',
          '/ALLOWED_ORIGINS/2 leave it out, or set `dangerously: { nullOrigin: true }`',
          '/maxAge -1 forbids browsers to keep a preflight, 0 is as good'
        ])
        return true
      }
    )
    assert.throws(
      () => policyFromEnv({ ALLOWED_ORIGINS: ORIGIN }, { origin: 'x/' }),
      (error: ConfigError) => error.issues[0]!.path === '/origin'
    )
    for (const [word, credentials] of [['1', true], [' Yes ', true], ['off', false], ['', false]] as const) {
      assert.equal(policyFromEnv({ ALLOWED_ORIGINS: ORIGIN, CORS_CREDENTIALS: word }).options.credentials, credentials)
    }
  })

  test('overrides', () => {
    assert.equal(policyFromEnv({ ALLOWED_ORIGINS: ORIGIN }, { maxAge: 60 }).options.maxAge, 60)
  })
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
    assert.throws(() => loadPolicy(`${file}.none`), {
      code: 'ENOENT',
      path: `${file}.none`,
      message: /^fastify-io: the policy file .*cors\.json\.none cannot be read: ENOENT/
    })
  })

  test('follows a file edited or replaced; an invalid one is logged and changes nothing; sockets end', async (t) => {
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
    assert.ok(performance.now() - begun < 1000 * slowdown())
    assert.equal(
      (await ask(port, '/socket.io/?EIO=4&transport=polling', { headers: { origin: 'https://b.example' } })).status,
      200
    )

    const replaced = changed()
    writeFileSync(`${file}.new`, JSON.stringify({ origin: ['https://c.example'] }))
    renameSync(`${file}.new`, file)
    await replaced
    assert.equal(allows(policy, 'https://c.example'), true)

    const told = new Promise<void>((resolve) => { wake = resolve })
    write(['https://d.example/', 'https://E.example'])
    await told
    assert.equal(errors.length, 2, 'each issue separately')
    assert.deepEqual([allows(policy, 'https://c.example'), allows(policy, 'https://d.example')], [true, false])
  })

  /** A log whose next line can be waited for. */
  function listen () {
    const lines: string[] = []
    let wake: (() => void) | undefined
    const add = (line: string): void => {
      lines.push(line)
      wake?.()
    }
    return {
      lines,
      log: { info: add, error: (_details: object, message: string) => add(message) },
      next: () => new Promise<void>((resolve) => { wake = resolve })
    }
  }

  test('a byte order mark, as editors on Windows write it', (t) => {
    const file = join(folder(t), 'cors.json')
    writeFileSync(file, `\uFEFF${JSON.stringify({ origin: ORIGIN })}`)
    assert.equal(allows(loadPolicy(file), ORIGIN), true)
  })

  test('a file behind links that are swapped, as Kubernetes does with a ConfigMap', async (t) => {
    const made = folder(t)
    const release = (name: string, origin: string): void => {
      mkdirSync(join(made, name))
      writeFileSync(join(made, name, 'cors.json'), JSON.stringify({ origin }))
      symlinkSync(name, join(made, '..data_tmp'))
      renameSync(join(made, '..data_tmp'), join(made, '..data'))
    }
    release('..1', ORIGIN)
    symlinkSync('..data/cors.json', join(made, 'cors.json'))
    const { log, lines, next } = listen()
    const ending = new AbortController()
    t.after(() => ending.abort())
    const policy = loadPolicy(join(made, 'cors.json'), { watch: true, signal: ending.signal, log })
    const told = next()
    release('..2', 'https://b.example')
    await told
    assert.deepEqual([allows(policy, ORIGIN), allows(policy, 'https://b.example'), lines.length], [false, true, 1])
  })

  test('a file that goes away is logged and changes nothing; one that only seems changed says nothing', async (t) => {
    const file = join(folder(t), 'cors.json')
    const text = JSON.stringify({ origin: ORIGIN })
    writeFileSync(file, text)
    const { log, lines, next } = listen()
    const ending = new AbortController()
    t.after(() => ending.abort())
    const policy = loadPolicy(file, { watch: true, signal: ending.signal, log })
    let told = next()
    writeFileSync(file, text)
    utimesSync(file, 1, 1)
    rmSync(file)
    await told
    assert.match(lines.join(), /^origin policy kept: .*ENOENT/)
    assert.deepEqual([allows(policy, ORIGIN), policy.version], [true, 0])
    told = next()
    writeFileSync(file, JSON.stringify({ origin: 'https://b.example' }))
    await told
    assert.deepEqual([allows(policy, 'https://b.example'), policy.version, lines.length], [true, 1, 2])
  })

  test('an aborted signal ends it', async (t) => {
    const made = folder(t)
    const [ended, other] = [join(made, 'ended.json'), join(made, 'other.json')]
    for (const file of [ended, other]) writeFileSync(file, JSON.stringify({ origin: ORIGIN }))
    const [first, second] = [new AbortController(), new AbortController()]
    t.after(() => second.abort())
    const policy = loadPolicy(ended, { watch: true, signal: first.signal, log: listen().log })
    const { log, next } = listen()
    loadPolicy(other, { watch: true, signal: second.signal, log })
    first.abort()
    writeFileSync(ended, JSON.stringify({ origin: 'https://b.example' }))
    const told = next()
    writeFileSync(other, JSON.stringify({ origin: 'https://b.example' }))
    await told
    assert.equal(policy.version, 0)
  })
})
