import type { CorsOptions } from '../../lib/index.ts'
import type { Reason } from '../../lib/policy/origin/decision.ts'

/** One promise of the policy. It feeds the unit tests, the properties and the conformance suite. */
export interface OriginCase {
  readonly name: string
  readonly cors: CorsOptions
  /** The Origin header; a function is given the server's own origin; `undefined` for no header. */
  readonly origin: string | undefined | ((own: string) => string)
  /** Further request headers. */
  readonly headers?: Readonly<Record<string, string>>
  readonly allowed: boolean
  readonly reason: Reason
  /** Access-Control-Allow-Origin: the Origin itself, `*`, or none. */
  readonly allowOrigin?: 'origin' | '*'
}

const app = 'https://app.example.com'
const list = {
  origin: [
    app, 'https://*.preview.example.com', 'http://localhost:*', 'https://*.tenant.example:8443',
    'https://*.dev.example:*', 'http://127.0.0.1:5173', 'http://[::1]:5173', 'capacitor://localhost',
    'tauri://localhost', 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'
  ]
}
const regexp = { origin: /^https:\/\/pr-\d+\.preview\.example\.com$/ }

function allow (
  name: string, cors: CorsOptions, origin: OriginCase['origin'], reason: Reason, allowOrigin?: 'origin' | '*'
): OriginCase {
  return { name, cors, origin, allowed: true, reason, ...(allowOrigin !== undefined && { allowOrigin }) }
}

function refuse (name: string, cors: CorsOptions, origin: OriginCase['origin'], reason: Reason): OriginCase {
  return { name, cors, origin, allowed: false, reason }
}

export const origins: readonly OriginCase[] = [
  allow('an exact origin', list, app, 'exact', 'origin'),
  allow('a single string', { origin: app }, app, 'exact', 'origin'),
  allow('an origin with credentials', { origin: app, credentials: true }, app, 'exact', 'origin'),
  refuse('another scheme', list, 'http://app.example.com', 'not-listed'),
  refuse('another port', list, 'https://app.example.com:8443', 'not-listed'),
  refuse('a trailing dot', list, 'https://app.example.com.', 'not-listed'),
  refuse('a subdomain of an exact origin', list, 'https://x.app.example.com', 'not-listed'),
  refuse('a suffix that an attacker owns', list, 'https://app.example.com.attacker.example', 'not-listed'),
  refuse('a glued prefix', list, 'https://evilapp.example.com', 'not-listed'),
  refuse('an unrelated origin', list, 'https://attacker.example', 'not-listed'),

  allow('a pattern, one label', list, 'https://pr-1.preview.example.com', 'pattern', 'origin'),
  allow('a pattern, two labels', list, 'https://a.b.preview.example.com', 'pattern', 'origin'),
  refuse('the apex of a pattern', list, 'https://preview.example.com', 'not-listed'),
  refuse('glued to a pattern', list, 'https://evilpreview.example.com', 'not-listed'),
  refuse('a pattern with another port', list, 'https://pr-1.preview.example.com:8443', 'not-listed'),
  refuse('a pattern with another scheme', list, 'http://pr-1.preview.example.com', 'not-listed'),
  refuse('behind a pattern', list, 'https://a.preview.example.com.attacker.example', 'not-listed'),
  allow('any port, one of them', list, 'http://localhost:5173', 'pattern', 'origin'),
  allow('any port, the default one', list, 'http://localhost', 'pattern', 'origin'),
  refuse('any port, another host', list, 'http://localhost.attacker.example:5173', 'not-listed'),
  refuse('any port, another scheme', list, 'https://localhost:5173', 'not-listed'),
  allow('a pattern with a port', list, 'https://acme.tenant.example:8443', 'pattern', 'origin'),
  refuse('a pattern with a port, without', list, 'https://acme.tenant.example', 'not-listed'),
  allow('any subdomain and any port', list, 'https://x.dev.example:1234', 'pattern', 'origin'),

  refuse('a trailing dot under a pattern', list, 'https://a.preview.example.com.', 'not-listed'),
  refuse('an IP address in the place of a host', list, 'https://127.0.0.1', 'not-listed'),
  allow('underscores and hyphens, which browsers resolve',
    list, 'https://_a-.preview.example.com', 'pattern', 'origin'),
  allow('the longest label', list, `https://${'a'.repeat(63)}.preview.example.com`, 'pattern', 'origin'),

  allow('an IPv4 address', list, 'http://127.0.0.1:5173', 'exact', 'origin'),
  allow('an IPv6 address', list, 'http://[::1]:5173', 'exact', 'origin'),
  refuse('an IPv6 address written out', list, 'http://[0:0:0:0:0:0:0:1]:5173', 'malformed'),
  refuse('an IPv4 address in short', list, 'http://127.1:5173', 'malformed'),
  refuse('an IPv4 address in hex', list, 'http://0x7f.0.0.1:5173', 'malformed'),
  refuse('an IPv4 address as one number', list, 'http://2130706433:5173', 'malformed'),
  refuse('an IPv4 address out of range', list, 'http://127.0.0.256:5173', 'malformed'),
  refuse('a host that ends in a number', list, 'https://app.example.1', 'malformed'),
  refuse('an IPv6 address without its brackets', list, 'http://::1:5173', 'malformed'),
  refuse('an IPv6 address with a zone', list, 'http://[fe80::1%25eth0]:5173', 'malformed'),
  refuse('an IPv6 address with an IPv4 one in it', list, 'http://[::ffff:127.0.0.1]:5173', 'malformed'),
  refuse('an IPv4 address with leading zeros', list, 'http://127.000.0.01:5173', 'malformed'),
  allow('Capacitor', list, 'capacitor://localhost', 'exact', 'origin'),
  allow('Tauri', list, 'tauri://localhost', 'exact', 'origin'),
  allow('a browser extension', list, 'chrome-extension://abcdefghijklmnopabcdefghijklmnop', 'exact', 'origin'),

  allow("Electron's app://.", { origin: 'app://.' }, 'app://.', 'exact', 'origin'),
  refuse("Electron's app://., not listed", list, 'app://.', 'not-listed'),
  refuse("beside Electron's app://.", { origin: 'app://.' }, 'app://..', 'not-listed'),
  allow(
    "an extension's upper case",
    { origin: 'safari-web-extension://E3449EA7-49A3-4C1C' },
    'safari-web-extension://E3449EA7-49A3-4C1C',
    'exact',
    'origin'
  ),
  refuse("an extension's lower case",
    { origin: 'safari-web-extension://E3449EA7-49A3-4C1C' }, 'safari-web-extension://e3449ea7-49a3-4c1c', 'not-listed'),
  allow('a local file, dangerously',
    { origin: ['file://', app], dangerously: { fileOrigin: true } }, 'file://', 'exact', 'origin'),
  refuse('a local file', list, 'file://', 'malformed'),
  allow('a local file, under any', { origin: '*' }, 'file://', 'any', '*'),
  refuse('a trailing slash', list, `${app}/`, 'malformed'),
  refuse('a path', list, `${app}/x`, 'malformed'),
  refuse('a query', list, `${app}?x`, 'malformed'),
  refuse('a user', list, 'https://user@app.example.com', 'malformed'),
  refuse('upper case', list, 'https://App.example.com', 'malformed'),
  refuse('the default port', list, 'https://app.example.com:443', 'malformed'),
  refuse('port 0', list, 'https://app.example.com:0', 'malformed'),
  refuse('a port with a leading zero', list, 'https://app.example.com:08443', 'malformed'),
  refuse('a port out of range', list, 'https://app.example.com:65536', 'malformed'),
  refuse('two origins', list, `${app}, https://attacker.example`, 'malformed'),
  refuse('two origins by space', list, `https://attacker.example ${app}`, 'malformed'),
  refuse('an empty port', list, `${app}:`, 'malformed'),
  refuse('a sign in the port', list, `${app}:+443`, 'malformed'),
  refuse('a fragment', list, `${app}#x`, 'malformed'),
  refuse('an escape', list, 'https://app%2eexample.com', 'malformed'),
  refuse('one slash', list, 'https:/app.example.com', 'malformed'),
  refuse('empty', list, '', 'malformed'),
  refuse('no scheme', list, 'app.example.com', 'malformed'),
  refuse('no host', list, 'https://', 'malformed'),
  refuse('an empty label', list, 'https://app..example.com', 'malformed'),
  refuse('a wildcard', list, 'https://*.preview.example.com', 'malformed'),
  refuse('a backslash', list, 'https:\\\\app.example.com', 'malformed'),
  refuse('a very long one', list, `https://${'a.'.repeat(4000)}example.com`, 'malformed'),
  refuse('a label too long', list, `https://${'a'.repeat(64)}.preview.example.com`, 'malformed'),
  refuse('null', list, 'null', 'null'),
  allow('null under any', { origin: '*' }, 'null', 'any', '*'),
  refuse('null under any, by reflection', { origin: true }, 'null', 'null'),
  refuse('null under any with credentials',
    { origin: '*', credentials: true, dangerously: { anyOriginWithCredentials: true } }, 'null', 'null'),
  refuse('null in upper case', list, 'NULL', 'malformed'),
  refuse('undefined, as text', list, 'undefined', 'malformed'),
  allow('null, dangerously', { origin: ['null', app], dangerously: { nullOrigin: true } }, 'null', 'exact', 'origin'),

  allow('any', { origin: '*' }, 'https://whoever.example', 'any', '*'),
  allow('any, among others', { origin: ['*', app] }, 'https://whoever.example', 'any', '*'),
  allow('one listed beside any: its answer too goes without Vary', { origin: ['*', app] }, app, 'exact', '*'),
  allow('one listed beside any with credentials',
    { origin: ['*', app], credentials: true, dangerously: { anyOriginWithCredentials: true } }, app, 'exact', 'origin'),
  allow('null beside any', { origin: ['null', '*'], dangerously: { nullOrigin: true } }, 'null', 'exact', '*'),
  allow('any, by reflection', { origin: true }, 'https://whoever.example', 'any', 'origin'),
  allow(
    'any with credentials, dangerously',
    { origin: '*', credentials: true, dangerously: { anyOriginWithCredentials: true } },
    'https://whoever.example',
    'any',
    'origin'
  ),
  refuse('malformed under any', { origin: '*' }, 'https://whoever.example/', 'malformed'),
  refuse('nobody', { origin: false }, app, 'not-listed'),
  refuse('no options', {}, app, 'not-listed'),

  allow('a RegExp', regexp, 'https://pr-12.preview.example.com', 'regexp', 'origin'),
  refuse('a RegExp that does not match', regexp, 'https://pr-x.preview.example.com', 'not-listed'),
  allow('a RegExp in a list',
    { origin: [app, regexp.origin] }, 'https://pr-12.preview.example.com', 'regexp', 'origin'),

  allow('a function that calls back',
    { origin: (origin, callback) => callback(null, origin === app) }, app, 'function', 'origin'),
  refuse('a function that calls back with false',
    { origin: (_origin, callback) => callback(null, false) }, app, 'not-listed'),
  refuse('a function that calls back with an error',
    { origin: (_origin, callback) => callback(new Error('Not allowed by CORS')) }, app, 'not-listed'),
  allow('a function that calls back later',
    { origin: (_origin, callback) => { setImmediate(callback, null, true) } }, app, 'function', 'origin'),
  allow('a function that returns', { origin: (origin) => origin === app }, app, 'function', 'origin'),
  allow('a function that promises', { origin: async (origin) => origin === app }, app, 'function', 'origin'),
  refuse('a function that rejects', { origin: async () => { throw new Error('no database') } }, app, 'error'),
  refuse('a function that throws', { origin: () => { throw new Error('bug') } }, app, 'error'),
  refuse('a function that says nothing', { origin: (_origin, _callback) => {}, originTimeout: 20 }, app, 'timeout'),
  allow('a function that answers a string', { origin: () => app }, app, 'function', 'origin'),
  refuse('a function that answers another string', { origin: () => 'https://other.example' }, app, 'not-listed'),
  allow('a function that answers a RegExp',
    { origin: () => /^https:\/\/app\.example\.com$/ }, app, 'function', 'origin'),
  allow('a function that answers a list',
    { origin: async () => ['https://other.example', /^https:\/\/app\./] }, app, 'function', 'origin'),
  allow('a function that answers a pattern',
    { origin: () => 'https://*.preview.example.com' }, 'https://pr-1.preview.example.com', 'function', 'origin'),
  allow('a function that answers *', { origin: () => '*' }, app, 'function', 'origin'),
  refuse('a function that answers a number', { origin: (() => 1) as never }, app, 'error'),
  refuse(
    'a function that answers an object',
    { origin: ((_origin: string, callback: (error: null, row: object) => void) => callback(null, { id: 1 })) as never },
    app,
    'error'
  ),
  refuse('a function that answers nothing', { origin: (_origin, callback) => callback(null) }, app, 'not-listed'),
  refuse(
    'a function that takes a callback and returns true',
    {
      origin: (_origin, callback) => {
        setImmediate(callback, null, false)
        return true
      }
    },
    app,
    'not-listed'
  ),
  allow(
    'a function that takes a callback and returns false',
    {
      origin: (_origin, callback) => {
        setImmediate(callback, null, true)
        return false
      }
    },
    app,
    'function',
    'origin'
  ),
  allow('a function that takes a callback, and promises',
    { origin: async (origin, _callback) => origin === app }, app, 'function', 'origin'),
  refuse('a function is not asked for what is malformed', { origin: () => true }, `${app}/`, 'malformed'),
  refuse('a function is not asked for null', { origin: () => true }, 'null', 'null'),

  allow('no Origin', list, undefined, 'missing'),
  allow('no Origin under any', { origin: '*' }, undefined, 'missing', '*'),
  refuse('no Origin, refused', { ...list, missingOrigin: 'refuse' }, undefined, 'missing'),
  {
    ...refuse('no Origin, from another site', list, undefined, 'cross-site'),
    headers: { 'sec-fetch-site': 'cross-site' }
  },
  {
    ...refuse('no Origin, from a sibling host', list, undefined, 'cross-site'),
    headers: { 'sec-fetch-site': 'same-site' }
  },
  {
    ...allow('no Origin, from another site, under any', { origin: '*' }, undefined, 'missing', '*'),
    headers: { 'sec-fetch-site': 'cross-site' }
  },
  {
    ...allow('no Origin, from a sibling host, under any', { origin: '*' }, undefined, 'missing', '*'),
    headers: { 'sec-fetch-site': 'same-site' }
  },
  {
    ...refuse('no Origin, from another site, under reflection', { origin: true }, undefined, 'cross-site'),
    headers: { 'sec-fetch-site': 'cross-site' }
  },
  {
    ...refuse('no Origin, from the page itself, turned off', { ...list, sameOrigin: false }, undefined, 'not-listed'),
    headers: { 'sec-fetch-site': 'same-origin' }
  },
  {
    ...refuse('no Origin, from the page itself, pinned to other hosts',
      { sameOrigin: ['api.example.com'] }, undefined, 'not-listed'),
    headers: { 'sec-fetch-site': 'same-origin' }
  },
  {
    ...allow('no Origin, from the page itself, turned off, but any is allowed',
      { origin: true, sameOrigin: false }, undefined, 'missing'),
    headers: { 'sec-fetch-site': 'same-origin' }
  },
  {
    ...allow('no Origin, from the page itself, turned off, but the function allows it',
      { origin: async () => true, sameOrigin: false }, undefined, 'missing'),
    headers: { 'sec-fetch-site': 'same-origin' }
  },
  {
    ...refuse('no Origin, from the page itself, and the function refuses it',
      { origin: async () => false, sameOrigin: false }, undefined, 'not-listed'),
    headers: { 'sec-fetch-site': 'same-origin' }
  },
  allow('no Origin, its own turned off: a native client', { ...list, sameOrigin: false }, undefined, 'missing'),
  allow('no Origin, pinned to this host', { sameOrigin: ['127.0.0.1'] }, undefined, 'missing'),
  refuse('no Origin, pinned to other hosts (DNS rebinding)',
    { sameOrigin: ['api.example.com'] }, undefined, 'not-listed'),
  {
    ...allow('no Origin, from the page itself', list, undefined, 'missing'),
    headers: { 'sec-fetch-site': 'same-origin' }
  },
  { ...allow('no Origin, typed in', list, undefined, 'missing'), headers: { 'sec-fetch-site': 'none' } },

  allow('the server\'s own origin', {}, (own) => own, 'same-origin'),
  refuse('its own origin, turned off', { sameOrigin: false }, (own) => own, 'not-listed'),
  allow('its own origin, pinned', { sameOrigin: ['127.0.0.1', 'api.example.com'] }, (own) => own, 'same-origin'),
  refuse('its own origin, pinned to other hosts (DNS rebinding)',
    { sameOrigin: ['api.example.com'] }, (own) => own, 'not-listed'),
  refuse('its own host by another scheme', {}, (own) => own.replace('http:', 'https:'), 'not-listed'),
  refuse('its own host, another port', {}, (own) => own.replace(/\d+$/, '1'), 'not-listed')
]
