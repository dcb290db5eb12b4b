import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type CorsOptions, type Decision, OriginPolicy } from '../../lib/index.ts'
import { kLoopback, type PolicyRequest } from '../../lib/policy/origin/decision.ts'

const OWN = 'https://app.example.com'
const SAME = { 'sec-fetch-site': 'same-origin' }
const TOLD = { ...SAME, 'x-forwarded-proto': 'https' }
const ADD = 'Add it to cors.origin if it is yours'
const NO_PROTO = 'The proxy does not send X-Forwarded-Proto (nginx: proxy_set_header X-Forwarded-Proto $scheme)'
const NGINX = '(nginx: proxy_set_header Host $http_host'
const NO_HOST = `The proxy does not pass Host ${NGINX}; Vite and webpack: changeOrigin: false).`
const refused: Decision = { allowed: false, reason: 'not-listed', allowOrigin: undefined }

interface Row extends Omit<PolicyRequest, 'headers'> {
  readonly what: string
  /** Default {@link OWN}. */
  readonly origin?: string
  /** Default {@link SAME}. */
  readonly headers?: PolicyRequest['headers']
  readonly cors?: CorsOptions
  /** Each must stand in the hint; the last one at its end. */
  readonly says: readonly string[]
}

suite('the hint about a page that may be the server\'s own', () => {
  const rows: readonly Row[] = [
    {
      what: 'the browser is certain',
      protocol: 'http',
      host: 'app.example.com',
      ips: ['127.0.0.1'],
      says: [
        `${OWN} is this server's own page, as the browser says (Sec-Fetch-Site: same-origin), but this server `,
        `takes itself for http://app.example.com: the scheme differs. ${NO_PROTO}.`
      ]
    }, {
      what: 'no trustProxy, X-Forwarded headers',
      protocol: 'http',
      host: 'app.example.com',
      headers: TOLD,
      says: ['the scheme differs. Set trustProxy: without it the X-Forwarded headers of the proxy do not count.']
    }, {
      what: 'no trustProxy, X-Forwarded-For alone',
      protocol: 'http',
      host: 'app.example.com',
      headers: { ...SAME, 'x-forwarded-for': '192.0.2.1' },
      says: ['Set trustProxy: ', `${NO_PROTO}, which counts only with trustProxy.`]
    }, {
      what: 'no trustProxy, no X-Forwarded header',
      protocol: 'http',
      host: 'app.example.com',
      says: [`the scheme differs. ${NO_PROTO}, which counts only with trustProxy.`]
    }, {
      what: 'trustProxy does not cover the proxy',
      protocol: 'http',
      host: 'app.example.com',
      headers: TOLD,
      ips: ['10.0.0.7'],
      says: ['The option trustProxy does not cover the proxy at 10.0.0.7, so its X-Forwarded headers do not count.']
    }, {
      what: 'a proxy behind the one that ends TLS',
      protocol: 'http',
      host: 'app.example.com',
      headers: { ...SAME, 'x-forwarded-proto': 'https, http' },
      ips: ['127.0.0.1'],
      says: ['the scheme differs. The proxy sends X-Forwarded-Proto: "http".']
    }, {
      what: 'Host without its port',
      origin: `${OWN}:10444`,
      protocol: 'https',
      host: 'app.example.com',
      headers: TOLD,
      ips: ['127.0.0.1'],
      says: [
        'takes itself for https://app.example.com: the port differs. The port is missing: ',
        'the proxy drops it from Host (nginx: proxy_set_header Host $http_host, not $host).'
      ]
    }, {
      what: 'Host with the port of the upstream',
      protocol: 'https',
      host: 'app.example.com:8080',
      headers: TOLD,
      ips: ['127.0.0.1'],
      says: ['the port differs. The proxy puts another port into Host (nginx: proxy_set_header Host $http_host).']
    }, {
      what: 'X-Forwarded-Host without the port',
      origin: `${OWN}:10444`,
      protocol: 'https',
      host: 'app.example.com',
      headers: { ...TOLD, 'x-forwarded-host': 'app.example.com' },
      ips: ['::1'],
      says: ['the port differs. The proxy sends X-Forwarded-Host: "app.example.com".']
    }, {
      what: 'the address of the upstream as Host',
      protocol: 'https',
      host: '127.0.0.1:4001',
      headers: TOLD,
      ips: ['127.0.0.1'],
      says: [`takes itself for https://127.0.0.1:4001: the host differs. ${NO_HOST}`]
    }, {
      what: 'all at once',
      protocol: 'http',
      host: 'localhost:4001',
      says: [`http://localhost:4001: the scheme and the host differ. ${NO_PROTO}, which`, NO_HOST]
    }, {
      what: 'no Host at all (HTTP/1.0)',
      protocol: 'https',
      host: '',
      says: ['takes itself for "https://": the host differs. ', NO_HOST]
    }, {
      what: 'the default port of https in Host',
      protocol: 'http',
      host: 'app.example.com:443',
      says: [`http://app.example.com:443: the scheme differs. ${NO_PROTO}, which counts only with trustProxy.`]
    }, {
      what: 'wss is https',
      protocol: 'wss',
      host: 'app.example.com:1',
      says: ['takes itself for https://app.example.com:1: the port differs. ', `${NGINX}).`]
    }, {
      what: 'the name is the server\'s, and the browser says nothing',
      origin: `${OWN}:8443`,
      protocol: 'https',
      host: 'app.example.com',
      headers: {},
      says: [`${ADD}. If it is this server's own page, this server takes itself for ${OWN}: the port`, 'not $host).']
    }, {
      what: 'the name stands in X-Forwarded-Host',
      protocol: 'http',
      host: '10.0.0.2',
      headers: { 'x-forwarded-host': 'app.example.com', 'x-forwarded-proto': 'https' },
      says: ['http://10.0.0.2: the scheme and the host differ. Set trustProxy: ', ' do not count.']
    }, {
      what: 'another name, and the browser says nothing',
      origin: 'https://evil.example',
      protocol: 'https',
      host: 'app.example.com',
      headers: {},
      says: [`${ADD}; if it is this server's own, a proxy does not pass Host: this server takes itself for ${OWN}.`]
    }, {
      what: 'another port of the same machine',
      origin: 'http://localhost:3000',
      protocol: 'http',
      host: 'localhost:3001',
      headers: {},
      says: [`${ADD}; if it is this server's own, a proxy`, 'this server takes itself for http://localhost:3001.']
    }, {
      what: 'another port, behind a proxy',
      origin: 'http://localhost:3000',
      protocol: 'http',
      host: 'localhost:3001',
      headers: {},
      ips: ['127.0.0.1'],
      says: ['own page, this server', `The proxy puts another port into Host ${NGINX}).`]
    }, {
      what: 'the browser says that it is another origin\'s',
      origin: 'http://localhost:3000',
      protocol: 'http',
      host: 'localhost:3001',
      headers: { 'sec-fetch-site': 'same-site' },
      says: [`${ADD}.`]
    }, {
      what: 'a host that is not pinned',
      protocol: 'https',
      host: 'app.example.com',
      cors: { sameOrigin: ['api.example.com'] },
      says: [`takes itself for ${OWN}. Add its host to cors.sameOrigin.`]
    }, {
      what: 'a pinned host behind a proxy',
      protocol: 'http',
      host: '10.0.0.2',
      headers: {},
      ips: ['127.0.0.1'],
      cors: { sameOrigin: ['app.example.com'] },
      says: ['the scheme and the host differ.', NO_HOST]
    }, {
      what: 'an origin function',
      protocol: 'https',
      host: '10.0.0.2',
      headers: {},
      cors: { origin: () => false },
      says: ['Let the function allow it if it is yours; if it is this server\'s own, a proxy', 'for https://10.0.0.2.']
    }, {
      what: 'sameOrigin: false',
      protocol: 'https',
      host: 'app.example.com',
      cors: { sameOrigin: false },
      says: ['if it is this server\'s own, it is refused by sameOrigin: false.']
    }
  ]
  for (const { what, origin = OWN, cors = {}, says, headers = SAME, ...target } of rows) {
    test(what, async () => {
      const request = { ...target, headers }
      const policy = new OriginPolicy(cors)
      const decision = await policy.decide(origin, request)
      assert.equal(decision.reason, 'not-listed')
      const text = policy.hint(origin, decision, request)
      for (const part of says) assert.ok(text.includes(part), text)
      assert.ok(text.endsWith(says.at(-1)!), text)
    })
  }

  for (const origin of ['http://rebound.example:4001', undefined]) {
    test(`DNS rebinding on a listener on loopback: ${origin ?? 'no Origin'}`, () => {
      const request = { protocol: 'http', host: 'rebound.example:4001', headers: SAME, [kLoopback]: true }
      const policy = new OriginPolicy()
      const decision = policy.decide(origin, request) as Decision
      assert.equal(decision.reason, 'not-listed')
      const text = policy.hint(origin, decision, request)
      assert.match(text, /^http:\/\/rebound\.example:4001 is not taken for this server's own: .*\(DNS rebinding\)/)
      assert.match(text, /set cors\.sameOrigin: \['rebound\.example'\]; behind a proxy, set trustProxy\.$/)
    })
  }

  test('a GET without an Origin that sameOrigin refuses', () => {
    const request = { protocol: 'https', host: 'app.example.com', headers: {} }
    const pinned = new OriginPolicy({ sameOrigin: ['api.example.com'] }).hint(undefined, refused, request)
    assert.match(pinned, /without an Origin: this server .* Add its host to cors\.sameOrigin\.$/)
    const off = new OriginPolicy({ sameOrigin: false }).hint(undefined, refused, request)
    assert.match(off, /and sameOrigin is false\.$/)
  })

  test('whatever headers hold', () => {
    for (const value of ['', ',', 'x'.repeat(500), '\u001b[2J', ['a', 'b']]) {
      const headers = { 'x-forwarded-proto': value, 'x-forwarded-host': value, ...SAME }
      const text = new OriginPolicy().hint(OWN, refused, { protocol: 'http', host: String(value), headers })
      // eslint-disable-next-line no-control-regex
      assert.ok(text.length < 1000 && !/\u001b/.test(text), text)
    }
  })
})
