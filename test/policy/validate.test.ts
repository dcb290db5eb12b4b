import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ConfigError, type CorsOptions, OriginPolicy } from '../../lib/index.ts'

function issues (cors: unknown): ConfigError['issues'] {
  try {
    return new OriginPolicy(cors as CorsOptions) && []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.issues
  }
}

const publicSuffix = (suffix: string): string =>
  `ORIGIN_PUBLIC_SUFFIX /origin name the origins, such as https://your-app.${suffix}, ` +
  'or set `dangerously: { publicSuffixSubdomains: true }`'

const table: readonly (readonly [cors: unknown, ...expected: string[]])[] = [
  [{ orgin: true }, 'UNKNOWN_OPTION /orgin did you mean "origin"?'],
  [{ orginTimeout: 5 }, 'UNKNOWN_OPTION /orginTimeout did you mean "originTimeout"?'],
  [{ preflight: true }, 'UNKNOWN_OPTION /preflight preflights are always answered; refused ones without headers'],
  [{ delegator: () => {} }, 'UNKNOWN_OPTION /delegator use an origin function, or a policy for each scope'],
  [{ xyzzyplugh: 1 }, 'UNKNOWN_OPTION /xyzzyplugh'],
  [{ origin: 5 }, 'INVALID_TYPE /origin'],
  [{ origin: null }, 'INVALID_TYPE /origin'],
  [{ origin: ['https://ok.example', 5, 'bad/', null] },
    'INVALID_TYPE /origin/1', 'INVALID_TYPE /origin/3', 'ORIGIN_INVALID /origin/2 https://bad'],
  [{ methods: ['GET', 5] }, 'INVALID_TYPE /methods/1'],
  [{ origin: [['https://a.example']] }, 'INVALID_TYPE /origin/0'],
  [{ credentials: 1 }, 'INVALID_TYPE /credentials'],
  [{ enforce: 'everything' }, 'INVALID_TYPE /enforce'],
  [{ originTimeout: '5s' }, 'INVALID_TYPE /originTimeout'],
  [{ originTimeout: 2 ** 31 }, 'INVALID_TYPE /originTimeout'],
  [{ originCache: { max: 1 } }, 'INVALID_TYPE /originCache/ttl'],
  [{ dangerously: { everything: true } }, 'UNKNOWN_OPTION /dangerously/everything'],
  [{ origin: 'https://example.com/' }, 'ORIGIN_INVALID /origin https://example.com'],
  [{ origin: 'https://example.com/path?x' }, 'ORIGIN_INVALID /origin https://example.com'],
  [{ origin: 'https://Example.COM' }, 'ORIGIN_INVALID /origin https://example.com'],
  [{ origin: 'https://bücher.example' }, 'ORIGIN_INVALID /origin https://xn--bcher-kva.example'],
  [{ origin: 'https://example.com:443' }, 'ORIGIN_INVALID /origin https://example.com'],
  [{ origin: 'http://example.com:80' }, 'ORIGIN_INVALID /origin http://example.com'],
  [{ origin: ' https://example.com ' }, 'ORIGIN_INVALID /origin https://example.com'],
  [
    { origin: 'https://a.example,https://b.example' },
    "ORIGIN_INVALID /origin ['https://a.example', 'https://b.example']"
  ],
  [{ origin: 'example.com' }, 'ORIGIN_INVALID /origin https://example.com'],
  [{ origin: 'localhost:3000' }, 'ORIGIN_INVALID /origin http://localhost:3000'],
  [{ origin: 'https:example.com' }, 'ORIGIN_INVALID /origin https://example.com'],
  [{ origin: 'http//example.com' }, 'ORIGIN_INVALID /origin https://example.com'],
  [{ origin: 'https://a.example | b.example' }, "ORIGIN_INVALID /origin ['https://a.example', 'https://b.example']"],
  [{ origin: '"https://a.example"' }, 'ORIGIN_INVALID /origin https://a.example'],
  [{ origin: 'http://[0:0:0:0:0:0:0:1]:3000' }, 'ORIGIN_INVALID /origin http://[::1]:3000'],
  [{ origin: 'http://0x7f.1' }, 'ORIGIN_INVALID /origin http://127.0.0.1'],
  [{ origin: 'Capacitor://localhost/' }, 'ORIGIN_INVALID /origin capacitor://localhost'],
  [{ origin: 'http://*:3000' }, 'ORIGIN_INVALID /origin'],
  [{ origin: 'http://192.168.0.*' }, 'ORIGIN_INVALID /origin'],
  [{ origin: 'https://a.example:*:*' }, 'ORIGIN_INVALID /origin https://a.example:*'],
  [{ origin: '//example.com' }, 'ORIGIN_INVALID /origin https://example.com'],
  [{ origin: 'https://*.Example.com/' }, 'ORIGIN_INVALID /origin https://*.example.com'],
  [{ origin: 'https://a.*.example.com' }, 'ORIGIN_INVALID /origin'],
  [{ origin: 'https://*example.com' }, 'ORIGIN_INVALID /origin'],
  [{ origin: 'https://*' }, 'ORIGIN_INVALID /origin'],
  [{ origin: '*.example.com' }, 'ORIGIN_INVALID /origin https://*.example.com'],
  [{ origin: 'https://*.127.0.0.1' }, 'ORIGIN_INVALID /origin'],
  [{ origin: 'javascript:alert(1)' }, 'ORIGIN_INVALID /origin'],
  [{ origin: ['https://ok.example', 'https://ok.example:99999'] }, 'ORIGIN_INVALID /origin/1'],
  [{ origin: [] }, 'ORIGIN_EMPTY /origin list an origin, or say `origin: false` for no cross-origin use'],
  [{ origin: '' }, 'ORIGIN_EMPTY /origin name an origin, or say `origin: false` for no cross-origin use'],
  [{ origin: ['null'] }, 'ORIGIN_NULL /origin/0 leave it out, or set `dangerously: { nullOrigin: true }`'],
  [{ origin: 'null', dangerously: { nullOrigin: true } }],
  [{ origin: '*', credentials: true },
    'ORIGIN_ANY_WITH_CREDENTIALS /origin list the origins, or set `dangerously: { anyOriginWithCredentials: true }`'],
  [{ origin: ['https://a.example', true], credentials: true },
    'ORIGIN_ANY_WITH_CREDENTIALS /origin/1 list the origins, or set `dangerously: { anyOriginWithCredentials: true }`'],
  [{ origin: '*', credentials: true, dangerously: { anyOriginWithCredentials: true } }],
  [{ origin: '*' }],
  [{ origin: 'http://example.com', credentials: true },
    'ORIGIN_INSECURE /origin https://example.com, or set `dangerously: { insecureOriginsWithCredentials: true }`'],
  [{ origin: 'http://*.example.com', credentials: true },
    'ORIGIN_INSECURE /origin https://*.example.com, or set `dangerously: { insecureOriginsWithCredentials: true }`'],
  [{
    origin: ['http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:1', 'http://x.localhost'],
    credentials: true
  }],
  [{ origin: 'http://example.com' }],
  [{ origin: 'http://example.com', credentials: true, dangerously: { insecureOriginsWithCredentials: true } }],
  [{ origin: 'https://*.com' }, publicSuffix('com')],
  [{ origin: 'https://*.github.io' }, publicSuffix('github.io')],
  [{ origin: 'https://*.co.uk' }, publicSuffix('co.uk')],
  [{ origin: 'https://*.github.io', dangerously: { publicSuffixSubdomains: true } }],
  [{ origin: 'https://*.me.github.io' }],
  [{ origin: 'https://*.elb.amazonaws.com' }, publicSuffix('elb.amazonaws.com')],
  [{ origin: 'https://*.us-east-1.elb.amazonaws.com' }, publicSuffix('us-east-1.elb.amazonaws.com')],
  [{ origin: 'https://*.compute.amazonaws.com:*' }, publicSuffix('compute.amazonaws.com')],
  [{ origin: 'https://*.kawasaki.jp' }, publicSuffix('kawasaki.jp')],
  [{
    origin: [
      'https://*.www.ck', 'https://*.internal', 'https://*.local', 'https://*.example.co.uk', 'capacitor://*.com',
      'http://*.localhost:*'
    ]
  }],
  [{ origin: /^https:\/\/a\.example$/g }, 'REGEXP_STATEFUL /origin'],
  [{ origin: [/^https:\/\/a\.example$/y] }, 'REGEXP_STATEFUL /origin/0'],
  [{ origin: /^https:\/\/(a+)+\.example\.com$/ }, 'REGEXP_SLOW /origin'],
  [{ origin: /example\.com$/, dangerously: { unsafeRegExp: true } }],
  [{ methods: ['GET', 'patch'] }, 'METHOD_INVALID /methods/1 PATCH'],
  [{ methods: 'GET, B D' }, 'METHOD_INVALID /methods'],
  [
    { methods: ['TRACE', 'connect', 'TRACK'] },
    'METHOD_FORBIDDEN /methods/0 leave it out',
    'METHOD_FORBIDDEN /methods/1 leave it out',
    'METHOD_FORBIDDEN /methods/2 leave it out'
  ],
  [{ methods: ['CUSTOM'] }],
  [{ allowedHeaders: ['X-A', 'x b'] }, 'HEADER_INVALID /allowedHeaders/1'],
  [{ allowedHeaders: 'Cookie' },
    'HEADER_FORBIDDEN /allowedHeaders leave it out; `credentials: true` is what sends cookies'],
  [
    { allowedHeaders: ['Sec-Fetch-Site', 'Proxy-X', 'Host'] },
    ...[0, 1, 2].map((at) => `HEADER_FORBIDDEN /allowedHeaders/${at} leave it out`)
  ],
  [{ allowedHeaders: '*' }],
  [
    { allowedHeaders: '*', credentials: true },
    'HEADER_ANY_WITH_CREDENTIALS /allowedHeaders list the headers, ' +
      'or leave allowedHeaders out to allow those that are asked for'
  ],
  [{ exposedHeaders: ['Set-Cookie'] }, 'HEADER_FORBIDDEN /exposedHeaders/0 leave it out'],
  [{ exposedHeaders: '*', credentials: true }, 'HEADER_ANY_WITH_CREDENTIALS /exposedHeaders list the headers'],
  [{ maxAge: 86401 }, 'MAX_AGE_RANGE /maxAge 86400'],
  [{ maxAge: -2 }, 'MAX_AGE_RANGE /maxAge -1 forbids browsers to keep a preflight, 0 is as good'],
  [{ maxAge: -1 }], [{ maxAge: 0 }], [{ maxAge: 86400 }],
  [{ optionsSuccessStatus: 404 }, 'STATUS_RANGE /optionsSuccessStatus 204'],
  [{ optionsSuccessStatus: 200 }],
  [{ sameOrigin: ['https://api.example.com/'] }, 'ORIGIN_INVALID /sameOrigin/0 api.example.com'],
  [{ sameOrigin: ['127.1', '[::1', 'https://[::1]:80/'] },
    'ORIGIN_INVALID /sameOrigin/0', 'ORIGIN_INVALID /sameOrigin/1', 'ORIGIN_INVALID /sameOrigin/2 [::1]:80'],
  [{ sameOrigin: 'api.example.com' }, 'INVALID_TYPE /sameOrigin'],
  [{ originExamples: ['https://a.example', 'b.example'] }, 'ORIGIN_INVALID /originExamples/1 https://b.example'],
  [{ cacheControl: 'no-store\r\nset-cookie: x' }, 'INVALID_TYPE /cacheControl'],
  [{ cacheControl: '' }, 'INVALID_TYPE /cacheControl'],
  [{ cacheControl: -1 }, 'INVALID_TYPE /cacheControl'],
  [{ cacheControl: 'no-store' }], [{ cacheControl: 600 }],
  [{ allowMethods: 'GET' }, 'UNKNOWN_OPTION /allowMethods the option is called "methods"'],
  [{ exposeHeaders: 'X' }, 'UNKNOWN_OPTION /exposeHeaders did you mean "exposedHeaders"?'],
  [{ sameOrigin: [] }, 'ORIGIN_EMPTY /sameOrigin name a host, or say `sameOrigin: false`'],
  [{ sameOrigin: ['api.example.com', 'API.example.com:8080', '[::1]'] }],
  [null, 'INVALID_TYPE '],
  ['https://a.example', 'INVALID_TYPE ']
]

suite('validation', () => {
  for (const [cors, ...expected] of table) {
    test(
      `${
        typeof cors === 'object' && cors !== null
          ? Object.entries(cors).map(([name, value]) => `${name}: ${String(value)}`).join(', ')
          : String(cors)
      }`.slice(0, 90),
      () => {
        assert.deepEqual(
          issues(cors).map(({ code, path, hint }) => {
            const text = `${code} ${path}`
            return expected.includes(text) ? text : hint === undefined ? text : `${text} ${hint}`
          }),
          expected
        )
      }
    )
  }

  test('an unsafe RegExp comes with a proof that it truly accepts', () => {
    const [issue] = issues({ origin: ['https://ok.example', /example\.com$/] })
    assert.deepEqual([issue!.code, issue!.path], ['REGEXP_UNSAFE', '/origin/1'])
    assert.match(issue!.proof!, /example\.com$/)
    assert.ok(new URL(issue!.proof!).host !== 'example.com')
  })

  test('everything at once', () => {
    assert.equal(
      issues({ orgin: 1, origin: ['a/', 'null', 'https://*.com'], credentials: 'x', methods: ['put'], maxAge: 1e6 })
        .length,
      7
    )
  })

  test('the message reads as a list', () => {
    assert.throws(
      () => new OriginPolicy({ origin: ['https://Example.com/', 'x\u001b[31m'], maxAge: -5 }),
      (error: ConfigError) => {
        assert.match(
          error.message,
          /^fastify-io: 3 mistakes in the options\n {2}\/origin\/0 .*\[ORIGIN_INVALID\]\n {6}hint: {2}https:\/\/example\.com\n/
        )
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(error.message, /\u001b/)
        return true
      }
    )
  })

  test('warnings: what is legal but unwise', () => {
    const { warnings } = new OriginPolicy({
      origin: ['https://*.example.com', 'https://a.example.com', 'https://b.example', 'https://b.example'],
      maxAge: 7201
    })
    assert.deepEqual(warnings.map(({ code, path }) => `${code} ${path}`), [
      'MAX_AGE_CAPPED /maxAge', 'ORIGIN_REDUNDANT /origin/1', 'ORIGIN_REDUNDANT /origin/3'
    ])
    assert.deepEqual(new OriginPolicy({ origin: ['*', 'https://b.example'] }).warnings.map(({ path }) => path), [
      '/origin/1'
    ])
    assert.deepEqual(new OriginPolicy({ maxAge: 600 }).warnings, [])
  })
})

suite('explain', () => {
  const policy = new OriginPolicy({
    origin: [
      'https://localhost:3000', 'https://app.example.com', 'https://www.shop.example', 'https://*.preview.example.com',
      /^https:\/\/pr-\d+\.example\.org$/
    ]
  })
  const explanations = [
    ['http://localhost:3000', 'is not allowed; https://localhost:3000 is: the scheme differs.'],
    ['https://localhost:3001', 'is not allowed; https://localhost:3000 is: the port differs (3001, not 3000).'],
    ['http://localhost',
      'is not allowed; https://localhost:3000 is: the scheme differs (http, not https), ' +
      'and the port differs (80, not 3000).'],
    ['https://shop.example', 'is not allowed; https://www.shop.example is: it begins with "www.".'],
    ['https://www.app.example.com', 'is not allowed; https://app.example.com is: it has no "www.".'],
    ['https://app.example.com.', 'is not allowed; https://app.example.com is: the host ends in a dot.'],
    ['https://x.app.example.com', 'is not allowed; https://app.example.com is: there is a subdomain too many.'],
    ['https://preview.example.com',
      'is not allowed; https://*.preview.example.com is: the pattern is for subdomains, not for the host itself.'],
    ['https://app.exmple.com', 'is not allowed; https://app.example.com is: the spelling differs slightly.'],
    ['https://attacker.test', 'is not allowed, and no allowed origin is like it.'],
    ['https://app.example.com', 'is allowed: it is listed.'],
    ['https://a.preview.example.com', 'is allowed: https://*.preview.example.com covers it.'],
    ['https://pr-1.example.org', String.raw`is allowed: /^https:\/\/pr-\d+\.example\.org$/ matches it.`],
    ['https://app.example.com/',
      'is not allowed: it is not an origin as browsers send it; did you mean https://app.example.com?']
  ] as const
  for (const [origin, text] of explanations) {
    test(origin, () => {
      const said = policy.explain(origin)
      assert.equal(said, `${said.startsWith('"') ? `"${origin}"` : origin} ${text}`)
    })
  }

  test('a policy of nothing, and a function', () => {
    assert.match(new OriginPolicy().explain('https://a.example'), /no other origin than the server's own/)
    assert.match(
      new OriginPolicy({ origin: () => true }).explain('https://a.example'),
      /decided by the origin function/
    )
  })
})
