import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { ConfigError, type CorsOptions, type FastifyIOOptions, OriginPolicy, policyFromEnv } from '../../lib/index.ts'
import { start } from '../support/server.ts'

const app = 'https://app.example.com'
const dangerously = { nullOrigin: true }

const warnings: readonly (readonly [cors: CorsOptions, ...expected: string[]])[] = [
  [{}],
  [{ origin: false, credentials: true }],
  [{ origin: app, credentials: true, methods: ['PUT'] }],
  [{ credentials: false }],
  [{ credentials: true }, 'OPTION_WITHOUT_EFFECT /credentials'],
  [
    { methods: ['PUT'], allowedHeaders: 'X-A', exposedHeaders: ['X-B'] },
    ...['methods', 'allowedHeaders', 'exposedHeaders'].map((name) => `OPTION_WITHOUT_EFFECT /${name}`)
  ],
  [{ origin: undefined } as never, 'ORIGIN_UNSET /origin'],
  [{ origin: undefined, credentials: true } as never, 'ORIGIN_UNSET /origin'],
  [{ origin: app, originTimeout: 100 }, 'OPTION_WITHOUT_EFFECT /originTimeout'],
  [{ origin: [app], originCache: { max: 1, ttl: 1 }, originExamples: [app] },
    'OPTION_WITHOUT_EFFECT /originCache', 'OPTION_WITHOUT_EFFECT /originExamples'],
  [{ origin: () => true, originTimeout: 100, originCache: { max: 1, ttl: 1 }, originExamples: [app] }],
  [{ origin: (_origin, _callback, _request) => {}, originCache: { max: 1, ttl: 1 } },
    'OPTION_WITHOUT_EFFECT /originCache'],
  [{ origin: app, dangerously: { nullOrigin: true, unsafeRegExp: true, fileOrigin: false } },
    'OPTION_WITHOUT_EFFECT /dangerously/nullOrigin', 'OPTION_WITHOUT_EFFECT /dangerously/unsafeRegExp'],
  [
    {
      origin: app,
      dangerously: {
        anyOriginWithCredentials: true,
        insecureOriginsWithCredentials: true,
        publicSuffixSubdomains: true,
        fileOrigin: true
      }
    },
    ...['anyOriginWithCredentials', 'insecureOriginsWithCredentials', 'publicSuffixSubdomains', 'fileOrigin'].map((
      name
    ) => `OPTION_WITHOUT_EFFECT /dangerously/${name}`)
  ],
  [{ origin: '*', dangerously }, 'OPTION_WITHOUT_EFFECT /dangerously/nullOrigin'],
  [{ origin: true, dangerously }, 'OPTION_WITHOUT_EFFECT /dangerously/nullOrigin'],
  [{ origin: ['null', true], dangerously }],
  [{ origin: ['file://'], dangerously: { fileOrigin: true } }],
  [{ origin: '*', credentials: true, dangerously: { anyOriginWithCredentials: true } }],
  [{ origin: 'http://a.example', credentials: true, dangerously: { insecureOriginsWithCredentials: true } }],
  [{ origin: 'http://a.example', dangerously: { insecureOriginsWithCredentials: true } },
    'OPTION_WITHOUT_EFFECT /dangerously/insecureOriginsWithCredentials'],
  [{ origin: 'http://localhost.:3000', credentials: true }],
  [{ origin: 'http://*.localhost.', credentials: true }],
  [{ origin: 'https://*.github.io', dangerously: { publicSuffixSubdomains: true } }],
  [{ origin: /example\.com$/, dangerously: { unsafeRegExp: true } }],
  [{ origin: app, cacheControl: '10' }, 'OPTION_WITHOUT_EFFECT /cacheControl'],
  [{ origin: app, cacheControl: 'max-age=10' }],
  [{ origin: app, cacheControl: 10 }],
  [{ origin: app, methods: ['get', 'Post', 'PUT'] },
    'OPTION_WITHOUT_EFFECT /methods/0', 'OPTION_WITHOUT_EFFECT /methods/1'],
  [{ origin: app, methods: 'head' }, 'OPTION_WITHOUT_EFFECT /methods'],
  [{ origin: app, allowedHeaders: ['X-A', 'Access-Control-Allow-Origin'] }, 'OPTION_WITHOUT_EFFECT /allowedHeaders/1'],
  [{ origin: app, exposedHeaders: 'Access-Control-Expose-Headers' }, 'OPTION_WITHOUT_EFFECT /exposedHeaders'],
  [{ origin: 'file://example.com' }, 'ORIGIN_UNLIKELY /origin'],
  [{ origin: 'ftp://example.com' }, 'ORIGIN_UNLIKELY /origin']
]

suite('options that do nothing are warned of', () => {
  for (const [cors, ...expected] of warnings) {
    const name = Object.entries(cors).map(([name, value]) =>
      `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`
    ).join(', ')
    test(`${name || 'nothing'} → ${expected.join('; ') || 'none'}`, () => {
      const found = new OriginPolicy(cors).warnings
      assert.deepEqual(found.map(({ code, path }) => `${code} ${path}`), expected)
      for (const { hint } of found) assert.ok(hint)
    })
  }

  test('methods that need no listing are written as browsers send them', () => {
    assert.deepEqual(new OriginPolicy({ origin: app, methods: 'get,Head,PUT' }).options.methods, ['GET', 'HEAD', 'PUT'])
  })

  test('update(snapshot()) finds the same', () => {
    const policy = new OriginPolicy({ origin: app, originTimeout: 5, dangerously })
    const before = policy.warnings
    policy.update(policy.snapshot())
    assert.deepEqual(policy.warnings, before)
  })
})

suite('mistakes have a hint', () => {
  const hints: readonly (readonly [cors: unknown, path: string, hint: RegExp])[] = [
    [{ origin: 'true' }, '/origin', /boolean.*origin: true$/],
    [{ origin: ['false'] }, '/origin/0', /boolean.*origin: false$/],
    [{ origin: 'undefined' }, '/origin', /environment variable/],
    [{ origin: [undefined] }, '/origin/0', /environment variable/],
    [{ origin: 'https;//example.com' }, '/origin', /^https:\/\/example\.com$/],
    [{ origin: 'https;//a.example;http;//b.example' },
      '/origin', /^\['https:\/\/a\.example', 'http:\/\/b\.example'\]$/],
    [{ origin: '["https://a.example"]' }, '/origin', /a list, without quotes/],
    [{ origin: '/^https:/' }, '/origin', /a RegExp, without quotes/],
    [{ origin: [() => true] }, '/origin/0', /stands alone/],
    [{ origin: [[app]] }, '/origin/0', /\.flat\(\)/],
    [{ origin: [new URL(app)] }, '/origin/0', /^'https:\/\/app\.example\.com'$/],
    [{ origin: new URL(`${app}/x`) }, '/origin', /^'https:\/\/app\.example\.com'$/],
    [{ origin: new Set([app]) }, '/origin', /\[\.\.\.set\]/],
    [{ origin: [new Set([app])] }, '/origin/0', /\[\.\.\.set\]/],
    [{ sameOrigin: 'api.example.com' }, '/sameOrigin', /^\['api\.example\.com'\]$/],
    [{ sameOrigin: 'localhost:*' }, '/sameOrigin', /^\['localhost'\]$/],
    [{ sameOrigin: '*.example.com' }, '/sameOrigin', /a list of hosts/],
    [{ sameOrigin: ['*.example.com'] }, '/sameOrigin/0', /each host/],
    [{ sameOrigin: ['localhost:*'] }, '/sameOrigin/0', /^localhost$/],
    [{ sameOrigin: ['bücher.example'] }, '/sameOrigin/0', /^xn--bcher-kva\.example$/],
    [{ sameOrigin: 'Bücher.example' }, '/sameOrigin', /^\['xn--bcher-kva\.example'\]$/],
    [{ sameOrigin: ['https://API.example.com/x'] }, '/sameOrigin/0', /^api\.example\.com$/],
    ['*', '', /cors: { origin: '\*' }/],
    [true, '', /cors: { origin: '\*' }/],
    [app, '', /cors: { origin: 'https:\/\/app\.example\.com' }/],
    [[app], '', /cors: { origin: \[…\] }/],
    [false, '', /leave cors out/],
    [/x/, '', /cors: { origin: \/x\/ }/],
    ...['maxAge', 'allowedHeaders', 'exposedHeaders', 'cacheControl', 'originCache', 'origin', 'methods'].map((
      name
    ): [unknown, string, RegExp] => [{ [name]: null }, `/${name}`, /^leave it out$/]),
    ...['allowedOrigins', 'allowOrigins', 'allowOrigin'].map((
      name
    ): [unknown, string, RegExp] => [{ [name]: [app] }, `/${name}`, /"origin"/]),
    [{ supportsCredentials: true }, '/supportsCredentials', /"credentials"/],
    [{ allowedMethods: ['PUT'] }, '/allowedMethods', /"methods"/],
    [{ origin: 'http://192.168.1.5:3000', credentials: true }, '/origin', /insecureOriginsWithCredentials: true/],
    [{ origin: 'https://*.github.io' }, '/origin', /publicSuffixSubdomains: true/]
  ]
  for (const [cors, path, hint] of hints) {
    test(`${path || 'cors'}: ${hint.source}`, () => {
      assert.throws(() => new OriginPolicy(cors as CorsOptions), ({ issues: [issue, ...more] }: ConfigError) => {
        assert.deepEqual([issue!.path, more.length], [path, 0])
        assert.match(issue!.hint!, hint)
        return true
      })
    })
  }

  test('an address for mail is not taken for an origin', () => {
    for (const origin of ['mailto:a@b.example', 'a@b.example', 'tel:123']) {
      assert.throws(() => new OriginPolicy({ origin }), ({ issues: [issue] }: ConfigError) => issue!.hint === undefined)
    }
  })

  test('as the variable takes it', () => {
    const mistakes = [
      ['https://a.example;https://b.example', '/ALLOWED_ORIGINS/0', 'https://a.example,https://b.example'],
      ['a.example', '/ALLOWED_ORIGINS/0', 'https://a.example'],
      ['["https://a.example", "https://b.example"]', '/ALLOWED_ORIGINS',
        'ALLOWED_ORIGINS=https://a.example,https://b.example'],
      ['[]', '/ALLOWED_ORIGINS', 'ALLOWED_ORIGINS=https://app.example.com'],
      [
        '/^https:/', '/ALLOWED_ORIGINS/0', 'a pattern, such as https://*.example.com: a variable cannot hold a RegExp'
      ],
      ['true', '/ALLOWED_ORIGINS/0', '* for any origin'],
      ['undefined', '/ALLOWED_ORIGINS/0', 'is an environment variable not set?']
    ] as const
    for (const [text, path, hint] of mistakes) {
      assert.throws(() => policyFromEnv({ ALLOWED_ORIGINS: text }), ({ issues }: ConfigError) => {
        assert.deepEqual(issues.map((issue) => [issue.path, issue.hint]), [[path, hint]])
        return true
      })
    }
  })
})

suite('in the log', () => {
  type Line = Readonly<Record<string, unknown>>

  async function logging (t: TestContext, options: FastifyIOOptions): Promise<{ lines: Line[], policy: OriginPolicy }> {
    const lines: Line[] = []
    const logger = { level: 'warn', stream: { write: (line: string) => { lines.push(JSON.parse(line) as Line) } } }
    const { app } = await start(t, options, () => {}, { logger })
    return { lines, policy: app.originPolicy }
  }

  test('at start and after each update', async (t) => {
    const { lines, policy } = await logging(t, { cors: { origin: undefined } as never })
    assert.deepEqual(lines.map(({ code, path }) => [code, path]), [['ORIGIN_UNSET', '/cors/origin']])
    assert.match(String(lines[0]!.msg), /^cors\.origin: is undefined/)
    policy.update({ origin: app })
    assert.equal(lines.length, 1)
    policy.update({ origin: app, maxAge: 86400 })
    assert.deepEqual(lines.slice(1).map(({ code, path }) => [code, path]), [['MAX_AGE_CAPPED', '/cors/maxAge']])
  })

  test('a weaker enforce beside cors', async (t) => {
    const { lines } = await logging(t, { enforce: 'sockets', cors: { enforce: 'all' } })
    assert.deepEqual(lines.map(({ code, path }) => [code, path]), [['OPTION_WITHOUT_EFFECT', '/cors/enforce']])
    const settings = [
      { enforce: 'all', cors: { enforce: 'sockets' } },
      { enforce: 'sockets' },
      { cors: { enforce: 'all' } }
    ] as FastifyIOOptions[]
    for (const options of settings) {
      assert.deepEqual((await logging(t, options)).lines, [])
    }
  })
})
