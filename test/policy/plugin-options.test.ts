import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import { parseOptions } from '../../lib/config.ts'
import fastifyIO, { ConfigError, OriginPolicy } from '../../lib/index.ts'

function issues (options: unknown): ConfigError['issues'] {
  try {
    parseOptions(options)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.issues
  }
  return []
}

const table: readonly (readonly [options: unknown, ...expected: string[]])[] = [
  [undefined], [{}], [{ prefix: '/x', logLevel: 'info', logSerializers: {} }],
  [null], [[], 'INVALID_TYPE '], ['x', 'INVALID_TYPE '], [new Map(), 'INVALID_TYPE '],
  [{ origin: '*' }, 'UNKNOWN_OPTION /origin move it into `cors: { origin }`'],
  [
    { methods: ['GET'], maxAge: 5 },
    'UNKNOWN_OPTION /methods move it into `cors: { methods }`',
    'UNKNOWN_OPTION /maxAge move it into `cors: { maxAge }`'
  ],
  [{ pingIntervall: 5 }, 'UNKNOWN_OPTION /pingIntervall did you mean "pingInterval"?'],
  [{ 'a/b~c': 5 }, 'UNKNOWN_OPTION /a~1b~0c'],
  [{ cors: { orgin: 5 }, serveClients: true },
    'UNKNOWN_OPTION /serveClients did you mean "serveClient"?', 'UNKNOWN_OPTION /cors/orgin did you mean "origin"?'],
  [{ cors: { origin: ['https://a.example', 'https://b.example/'] } },
    'ORIGIN_INVALID /cors/origin/1 https://b.example'],
  [{ cors: null }, 'INVALID_TYPE /cors leave it out'],
  [{ cors: true }, "INVALID_TYPE /cors cors: { origin: '*' } for any origin"],
  [{ cors: [] }, 'INVALID_TYPE /cors cors: { origin: […] }'],
  [{ path: 'ws' }, 'INVALID_TYPE /path'],
  [{ path: '/a b' }, 'INVALID_TYPE /path'],
  [{ pingInterval: '5' }, 'INVALID_TYPE /pingInterval'],
  [{ pingTimeout: 0 }, 'INVALID_TYPE /pingTimeout'],
  [{ upgradeTimeout: 2 ** 31 }, 'INVALID_TYPE /upgradeTimeout'],
  [{ maxHttpBufferSize: -1 }, 'INVALID_TYPE /maxHttpBufferSize'],
  [{ maxHttpBufferSize: NaN }, 'INVALID_TYPE /maxHttpBufferSize'],
  [{ httpRequestBodyTimeout: 1000, maxBufferedChunks: 1 }],
  [{ httpRequestBodyTimeout: 0 }, 'INVALID_TYPE /httpRequestBodyTimeout'],
  [{ httpRequestBodyTimeout: Infinity }, 'INVALID_TYPE /httpRequestBodyTimeout'],
  [{ maxBufferedChunks: 0 }, 'INVALID_TYPE /maxBufferedChunks'],
  [{ maxBufferedChunks: 2 ** 32 }, 'INVALID_TYPE /maxBufferedChunks'],
  [{ transports: ['polling', 'webtransport'] }, 'INVALID_TYPE /transports/1'],
  [{ transports: [] }, 'INVALID_TYPE /transports'],
  [{ connectionStateRecovery: { skipMiddleware: true } },
    'UNKNOWN_OPTION /connectionStateRecovery/skipMiddleware did you mean "skipMiddlewares"?'],
  [{ allowRequest: 5 }, 'INVALID_TYPE /allowRequest'],
  [{ cookie: 5 }, 'INVALID_TYPE /cookie'],
  [{ enforce: 'everything' }, 'INVALID_TYPE /enforce'],
  [{ logLevel: 'loud' }, 'INVALID_TYPE /logLevel'],
  [{ handshakeSecret: 'too short' }, 'INVALID_TYPE /handshakeSecret'],
  [{ handshakeSecret: [] }, 'INVALID_TYPE /handshakeSecret'],
  [{ serviceName: 'chat' }],
  [{ serviceName: '' }, 'INVALID_TYPE /serviceName'],
  [{ serviceName: 'x'.repeat(201) }, 'INVALID_TYPE /serviceName'],
  [{ serviceName: 5 }, 'INVALID_TYPE /serviceName']
]

suite('the plugin\'s options', () => {
  for (const [options, ...expected] of table) {
    test(
      `${expected.length === 0 ? 'accepted' : expected.join('; ')}: ${
        options instanceof Map ? 'a Map' : JSON.stringify(options)
      }`.slice(0, 100),
      () => {
        assert.deepEqual(
          issues(options).map(({ code, path, hint }) => `${code} ${path}${hint === undefined ? '' : ` ${hint}`}`),
          expected
        )
      }
    )
  }

  test('a proxy that throws at everything', () => {
    const fail = (): never => { throw new Error('trap') }
    assert.equal(
      issues(
        new Proxy({}, { get: fail, ownKeys: fail, has: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail })
      )[0]!.code,
      'INVALID_TYPE'
    )
    assert.deepEqual(issues({ get cors (): never { return fail() } }).map(({ path }) => path), ['/cors'])
  })

  test('no error holds a secret', () => {
    const secret = 'correct-horse'
    const [issue, ...more] = issues({ handshakeSecret: secret })
    assert.equal(more.length, 0)
    assert.doesNotMatch(JSON.stringify(issue), /horse/)
    assert.doesNotMatch(new ConfigError([issue!]).message, /horse/)
  })

  test('a secret is copied', () => {
    const secret = randomBytes(32)
    const { handshakeSecrets } = parseOptions({ handshakeSecret: [secret, 'x'.repeat(32)] })
    const before = Buffer.from(secret)
    secret.fill(0)
    assert.deepEqual(handshakeSecrets, [before, 'x'.repeat(32)])
  })

  test('what stands at the top overrides a shared policy, for this app alone, and follows it otherwise', () => {
    const policy = new OriginPolicy({ enforce: 'all', onRevoke: 'keep' })
    const { enforcement } = parseOptions({ cors: policy, enforce: 'sockets' })
    assert.deepEqual([enforcement.enforce, enforcement.onRevoke, policy.options.enforce], ['sockets', 'keep', 'all'])
    policy.update({ onRevoke: 'disconnect' })
    assert.deepEqual([enforcement.enforce, enforcement.onRevoke], ['sockets', 'disconnect'])
  })

  test('logSerializers reach the socket routes', async (t) => {
    const lines: string[] = []
    const app = Fastify({ logger: { level: 'info', stream: { write: (line: string) => { lines.push(line) } } } })
    t.after(() => app.close())
    await app.register(fastifyIO, { logLevel: 'info', logSerializers: { req: () => 'mine' } })
    await app.inject('/socket.io/?EIO=4&transport=polling')
    assert.ok(lines.some((line) => line.includes('"req":"mine"')), lines.join(''))
  })
})
