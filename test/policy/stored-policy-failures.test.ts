// A store that fails, hangs, forgets or goes back in time; and what is left of a stored policy that is closed.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, suite, test } from 'node:test'
import { ConfigError, storedPolicy } from '../../lib/index.ts'
import { ORIGIN } from '../support/client.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { allows, follow, has, initial, logger, text } from '../support/stored.ts'
import { until } from '../support/until.ts'

const B = 'https://b.example'
const C = 'https://c.example'

// the timers of a stored policy keep no process alive
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

suite('a store that fails', () => {
  test('at the start: rejects at once, and within 5 s where it hangs', async (t) => {
    const store = new MemoryStore()
    store.failure = new Error('connect ECONNREFUSED')
    await assert.rejects(follow(t, store), {
      message:
        'fastify-io: memory:origins cannot be read: connect ECONNREFUSED; ' +
          "with whenDown: 'initial' the app starts all the same"
    })
    store.failure = undefined
    store.hangs = true
    const began = performance.now()
    await assert.rejects(follow(t, store), /memory:origins cannot be read: no answer within 5000 ms; with whenDown/)
    const took = performance.now() - began
    assert.ok(took > 4900 && took < 20_000, `${took} ms`)
    assert.equal(store.watchers.size, 0)
  })

  test('at the start, with whenDown initial: begins, says so once, and catches up when it is told', async (t) => {
    const store = new MemoryStore()
    const before = await follow(t, store)
    const version = await before.shared.publish({ origin: B })
    store.failure = new Error('gone')
    const { shared, errors, infos } = await follow(t, store, { whenDown: 'initial', initial: { origin: C } })
    assert.deepEqual([shared.version, allows(shared, C)], [0, true])
    await assert.rejects(shared.publish({ origin: ORIGIN }), /^Error: memory:origins cannot be read: gone$/)
    assert.deepEqual(errors, ['origin policy kept: memory:origins cannot be read: gone'])
    store.failure = undefined
    store.announce()
    await until(() => shared.version === version, 'the version that is stored')
    await until(() => infos.includes('origin policy: memory:origins is read again'), 'it is logged')
    assert.deepEqual([allows(shared, B), allows(shared, C), errors.length], [true, false, 1])
  })

  test('at the start, with whenDown initial, and nothing stored: initial is stored later', async (t) => {
    const store = new MemoryStore()
    store.failure = new Error('gone')
    const { shared } = await follow(t, store, { whenDown: 'initial' })
    store.failure = undefined
    // a read that failed is tried again after 1 s, without any announcement
    await until(() => shared.version === 1, 'initial is stored')
    assert.ok(store.text?.includes(ORIGIN))
  })

  test('later: the policy stays, one line says so, another one that it is back', async (t) => {
    const store = new MemoryStore()
    const { shared, errors, infos } = await follow(t, store, { pollInterval: 100 })
    store.failure = new Error('connection lost')
    const { reads } = store
    await until(() => store.reads > reads + 3, 'reads')
    assert.deepEqual(errors, ['origin policy kept: memory:origins cannot be read: connection lost'])
    assert.equal(allows(shared, ORIGIN), true)
    store.failure = undefined
    await until(() => infos.at(-1) === 'origin policy: memory:origins is read again', 'it is back')
    store.failure = new Error('once more')
    await until(() => errors.length === 2, 'the next outage is logged too')
  })

  test('when it is written: publish rejects, and nothing changes', async (t) => {
    const store = new MemoryStore()
    const { shared } = await follow(t, store)
    store.write = () => { throw new Error('READONLY') }
    await assert.rejects(shared.publish({ origin: B }), /^Error: memory:origins cannot be written: READONLY$/)
    assert.deepEqual([shared.version, allows(shared, B)], [1, false])
  })

  test('when it is watched: is watched again after the next read', async (t) => {
    const store = new MemoryStore()
    const { watch } = store
    store.watch = () => Promise.reject(new Error('NOPERM'))
    const [a, b] = [await follow(t, store, { pollInterval: 200 }), await follow(t, new MemoryStore())]
    await until(() => a.errors.length === 1, 'it is logged')
    const { reads } = store
    await until(() => store.reads > reads + 2, 'reads')
    assert.deepEqual(a.errors, ['origin policy kept: memory:origins cannot be watched: NOPERM'])
    store.watch = watch
    await until(() => store.watchers.size === 1, 'it is watched')
    assert.equal(a.infos.at(-1), 'origin policy: memory:origins is watched again')
    assert.equal(b.errors.length, 0)
  })
})

test('a write() that says neither yes nor no is an error that says so', async (t) => {
  for (const [answer, shown] of [[undefined, 'undefined'], [1, '1'], [{}, 'an object']] as const) {
    const store = new MemoryStore()
    const { shared } = await follow(t, store)
    store.write = async () => answer as never
    await assert.rejects(shared.publish({ origin: B }), {
      message: `memory:origins cannot be written: write() must resolve with true or false; it resolved with ${shown}`
    })
    assert.deepEqual([shared.version, allows(shared, ORIGIN)], [1, true])
  }
})

suite('what read() resolves with', () => {
  /** A memory store whose `read()` hands out something else. */
  function reading (as: (text: string | undefined) => unknown): MemoryStore {
    const store = new MemoryStore()
    const { read } = store
    store.read = async () => as((await read.call(store))?.text) as never
    return store
  }

  const shapes: Readonly<Record<string, (text: string | undefined) => unknown>> = {
    'the text alone': (text) => text,
    'the text alone, and null for none': (text) => text ?? null,
    'a text without a revision': (text) => text === undefined ? undefined : { text },
    'a text whose revision is null': (text) => text === undefined ? null : { text, revision: null }
  }
  for (const [shape, as] of Object.entries(shapes)) {
    test(`${shape}: stored, followed and published as ever`, async (t) => {
      const store = reading(as)
      const [a, b] = [await follow(t, store), await follow(t, store, { initial: { origin: C } })]
      assert.deepEqual([a.shared.version, b.shared.version, store.writes], [1, 1, 1])
      assert.equal(allows(b.shared, ORIGIN), true)
      const version = await a.shared.publish({ origin: B }, { ifVersion: 1 })
      await has(b, B)
      // a text that is not valid is one, and not the one that was rejected before
      for (const wrong of ['{', '[]']) {
        store.put(wrong)
        await until(() => b.errors.length > (wrong === '{' ? 0 : 1), 'it is logged')
      }
      assert.deepEqual([b.shared.version, b.errors.map((line) => /holds no policy/.test(line))], [version, [true, true]])
      await b.shared.publish({ origin: ORIGIN })
      await has(a, ORIGIN)
    })
  }

  const wrong: ReadonlyArray<[found: unknown, shown: string]> = [
    [{}, '{ text: undefined, revision: undefined }'],
    [{ revision: '7' }, '{ text: undefined, revision: a string }'],
    [{ text: text(initial), revision: 7 }, '{ text: a string, revision: 7 }'],
    [{ text: Buffer.from(text(initial)), revision: '7' }, '{ text: an object, revision: a string }'],
    [{ rows: [{ text: text(initial) }] }, '{ text: undefined, revision: undefined }'],
    [[{ text: text(initial) }], 'an array'],
    [7, '7'],
    [false, 'false']
  ]
  for (const [found, shown] of wrong) {
    test(`another value is an error that says what it must be: ${shown}`, async (t) => {
      const message = 'memory:origins cannot be read: read() must resolve with { text, revision }, both strings, or ' +
        `with the text alone, or with undefined when nothing is stored; it resolved with ${shown}`
      const store = reading(() => found)
      await assert.rejects(follow(t, store), {
        message: `fastify-io: ${message}; with whenDown: 'initial' the app starts all the same`
      })
      const { shared, errors } = await follow(t, store, { whenDown: 'initial' })
      assert.deepEqual([shared.version, errors], [0, [`origin policy kept: ${message}`]])
      await assert.rejects(shared.publish({ origin: B }), { message })
      assert.equal(store.writes, 0)
    })
  }
})

suite('announcements', () => {
  test('that are lost do not matter: the next read finds what changed', async (t) => {
    const store = new MemoryStore()
    store.announces = false
    const [a, b] = [await follow(t, store), await follow(t, store, { pollInterval: 100 })]
    await a.shared.publish({ origin: B })
    await has(b, B)
  })

  test('a change between the first read and the listening is found', async (t) => {
    const store = new MemoryStore()
    const { watch } = store
    store.watch = async (changed, signal) => {
      // before it listens
      store.text = text({ origin: B }, 9)
      await watch.call(store, changed, signal)
    }
    const member = await follow(t, store)
    await has(member, B)
  })

  test('a store that cannot watch is read', async (t) => {
    const store = new MemoryStore()
    Object.assign(store, { watch: undefined })
    const member = await follow(t, store, { pollInterval: 100 })
    store.put(text({ origin: B }, 9))
    await has(member, B)
  })
})

suite('a store that lost its data', () => {
  test('gets it back from the processes that live', async (t) => {
    const store = new MemoryStore()
    const a = await follow(t, store)
    const version = await a.shared.publish({ origin: B })
    const { text: current } = store
    store.put(undefined)
    await until(() => store.text === current, 'the policy is stored again')
    assert.deepEqual(a.errors, [`origin policy kept: memory:origins was empty; version ${version} is stored again`])
    const late = await follow(t, store, { initial: { origin: C } })
    assert.deepEqual([late.shared.version, allows(late.shared, C)], [version, false])
  })

  test('what was published after the loss counts more than what was before; initial does not', async (t) => {
    const store = new MemoryStore()
    store.announces = false
    const away = await follow(t, store, { pollInterval: 2 ** 30 })
    for (const origin of [C, B]) await away.shared.publish({ origin })
    store.put(undefined)
    const fresh = await follow(t, store, { initial: { origin: C } })
    assert.equal(fresh.shared.version, 1)
    // two publications within one ms are a version ahead of the clock
    await until(() => Date.now() > away.shared.version, 'the clock goes on')
    const newest = await fresh.shared.publish({ origin: ORIGIN })
    store.announces = true
    store.announce()
    await has(away, ORIGIN)
    assert.deepEqual([away.shared.version, allows(away.shared, B)], [newest, false])
  })

  test('initial of a process that was started later does not replace what was published', async (t) => {
    const store = new MemoryStore()
    store.announces = false
    const a = await follow(t, store, { pollInterval: 2 ** 30 })
    const version = await a.shared.publish({ origin: B })
    store.put(undefined)
    const fresh = await follow(t, store, { initial: { origin: C } })
    store.announces = true
    store.announce()
    await until(() => fresh.shared.version === version, 'what was published')
    assert.deepEqual([a.shared.version, allows(fresh.shared, C)], [version, false])
  })

  test('of two first policies the later one counts, everywhere', async (t) => {
    const store = new MemoryStore()
    const a = await follow(t, store)
    store.put(text({ origin: B }, 1, '2100-01-01T00:00:00.000Z'))
    await has(a, B)
    store.put(text({ origin: C }, 1, '2000-01-01T00:00:00.000Z'))
    await until(() => store.text!.includes(B), 'the later one is stored again')
    assert.equal(allows(a.shared, C), false)
  })
})

suite('close', () => {
  test('ends the watching, the reads and what is under way; the policy stays', async (t) => {
    const store = new MemoryStore()
    const { shared, infos, errors } = await follow(t, store, { pollInterval: 100 })
    await until(() => store.watchers.size === 1, 'it listens')
    store.hangs = true
    const publishing = shared.publish({ origin: B })
    await until(() => store.reads > 1, 'the publication reads')
    await shared.close()
    await shared.close()
    await assert.rejects(publishing, /memory:origins cannot be read: it is closed/)
    await assert.rejects(shared.publish({ origin: B }), /memory:origins cannot be read: it is closed/)
    store.hangs = false
    store.put(text({ origin: B }, 9))
    const { reads } = store
    const other = new MemoryStore()
    await follow(t, other, { pollInterval: 100 })
    await until(() => other.reads > 4, 'time goes by')
    assert.deepEqual([store.watchers.size, store.reads, allows(shared, ORIGIN), infos.length, errors.length], [
      0,
      reads,
      true,
      1,
      0
    ])
  })

  test('neither a stored policy nor a closed one keeps the process alive', () => {
    for (const close of ['', 'await shared.close()']) {
      const script = `
        import { storedPolicy } from './lib/index.ts'
        import { MemoryStore } from './test/support/memory-store.ts'
        ;(async () => {
          const store = new MemoryStore()
          const log = { info () {}, error () {} }
          const shared = await storedPolicy(store, { initial: {}, log })
          store.hangs = ${close !== ''}
          const publishing = shared.publish({}).catch(() => {})
          ${close}
          await publishing
          console.log('done')
        })()`
      const began = performance.now()
      const { stdout, stderr, status } = spawnSync(process.execPath, [
        ...process.execArgv.filter((arg) => !arg.startsWith('--test')),
        '--input-type=module',
        '-e',
        script
      ], {
        cwd: `${import.meta.dirname}/../..`,
        encoding: 'utf8',
        timeout: 60_000
      })
      assert.deepEqual([stdout, status], ['done\n', 0], stderr)
      assert.ok(performance.now() - began < 30_000)
    }
  })
})

suite('options', () => {
  test('every mistake at once', async () => {
    const options = { initial, secret: 'short', pollInterval: 5, whenDown: 'wait', log: console.log, intial: {} }
    await assert.rejects(storedPolicy(new MemoryStore(), options as never), (error: ConfigError) => {
      assert.deepEqual(error.issues.map(({ path }) => path), [
        '/secret',
        '/pollInterval',
        '/whenDown',
        '/log',
        '/intial'
      ])
      assert.doesNotMatch(JSON.stringify(error.issues) + error.message, /short/)
      assert.equal(error.issues[4]!.hint, 'did you mean "initial"?')
      return true
    })
    for (const wrong of [undefined, {}, { initial: undefined }, { initial: null }, 5]) {
      await assert.rejects(storedPolicy(new MemoryStore(), wrong as never), ConfigError)
    }
    for (const wrong of [undefined, null, {}, { name: '', read () {}, write () {} }, 'redis://']) {
      await assert.rejects(
        storedPolicy(wrong as never, { initial }),
        /must be an object with the functions read and/
      )
    }
  })

  test('mistakes of initial are at /initial, a function included', async () => {
    const { log } = logger()
    await assert.rejects(
      storedPolicy(new MemoryStore(), { initial: { origin: ['x/'], maxAge: -9 }, log }),
      (error: ConfigError) => {
        assert.deepEqual(error.issues.map(({ path }) => path), ['/initial/origin/0', '/initial/maxAge'])
        return true
      }
    )
    await assert.rejects(
      storedPolicy(new MemoryStore(), { initial: { origin: () => true }, log }),
      (error: ConfigError) => error.issues[0]!.path === '/initial/origin'
    )
  })

  test('without a log, console', async (t) => {
    const info = t.mock.method(console, 'info', () => {})
    const error = t.mock.method(console, 'error', () => {})
    const store = new MemoryStore()
    const shared = await storedPolicy(store, { initial })
    t.after(() => shared.close())
    store.put('{')
    await until(() => error.mock.callCount() > 0, 'it is logged')
    assert.match(String(error.mock.calls[0]!.arguments[0]), /^origin policy kept: memory:origins holds no policy/)
    assert.deepEqual(info.mock.calls.map((call) => call.arguments[0]), [
      'origin policy: version 1 from memory:origins is in force'
    ])
  })
})
