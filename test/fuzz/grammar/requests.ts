import type { Random } from '../random.ts'
import type { Scope } from '../world.ts'
import type { Caller } from './callers.ts'
import { payload } from './packets.ts'
import { engineTarget, FILES, oddQuery, oddSpelling, ROUTES } from './targets.ts'

/** What the oracles must know about a request. */
export interface Expectation {
  readonly method: string
  readonly target: string
  readonly scope: Scope
  readonly caller: Caller
  /** Whether the path is the engine's, spelt as its clients spell it. */
  readonly engine: boolean
  /** Whether Fastify answers it in the plugin's scope, so that an allowed origin has its header. */
  readonly served: boolean
  /** Whether its session belongs to another origin. */
  readonly stolen: boolean
}

/** A request as latin1 text. */
export interface FuzzRequest {
  readonly text: string
  readonly expectation: Expectation
}

export interface Draft {
  readonly method?: string
  readonly target: string
  readonly version?: string
  readonly lines?: string
  readonly body?: string | undefined
}

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
export const UPGRADE_LINES = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY}`
const ODD_UPGRADES = [
  `Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n${KEY}`,
  `Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY}` +
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n',
  `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n${KEY}`,
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n',
  'Connection: Upgrade\r\nUpgrade: websocket\r\n',
  `Connection: Upgrade\r\nUpgrade: websocket, h2c\r\nSec-WebSocket-Version: 13\r\n${KEY}`,
  `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY}Sec-WebSocket-Protocol: a, b\r\n`,
  `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY}` +
  'Sec-WebSocket-Extensions: permessage-deflate; x="\r\n'
]
const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n'
const EXTRAS = [
  'Cookie: a=1; io=x\r\n', 'Accept-Encoding: gzip, deflate\r\n', 'User-Agent: Mozilla/5.0\r\n',
  'X-Forwarded-For: 1.2.3.4, 5.6.7.8\r\n', 'Authorization: Bearer x\r\n', 'If-None-Match: "x"\r\n',
  'Access-Control-Request-Private-Network: true\r\n', 'Sec-Fetch-Mode: cors\r\n', 'Cache-Control: no-cache\r\n',
  'Range: bytes=0-10\r\n', 'Keep-Alive: timeout=5\r\n', 'Connection: keep-alive\r\n', 'Expect: 100-continue\r\n'
]

/** Puts a request together; `text` holds only what the server must take for exactly one request. */
export function compose (
  random: Random,
  scope: Scope,
  caller: Caller,
  { method = 'GET', target, version = '1.1', lines = '', body }: Draft,
  more: Partial<Expectation> = {}
): FuzzRequest {
  const extra = random.chance(8) ? random.pick(EXTRAS) : ''
  const text = `${method} ${target} HTTP/${version}\r\n${caller.lines}${lines}${extra}${
    body === undefined ? '\r\n' : bodied(random, body, version)
  }`
  return { text, expectation: { method, target, scope, caller, engine: false, served: false, stolen: false, ...more } }
}

/** The lines that frame a body, the end of the head, and the body. */
function bodied (random: Random, body: string, version: string): string {
  const type = random.chance(85)
    ? 'Content-Type: text/plain;charset=UTF-8\r\n'
    : random.pick([
      '', 'Content-Type: application/octet-stream\r\n', 'Content-Type: application/json\r\n', 'Content-Type: x\r\n',
      'Content-Type: multipart/form-data; boundary=x\r\n'
    ])
  if (version === '1.0' || random.chance(80)) return `${type}Content-Length: ${body.length}\r\n\r\n${body}`
  return `${type}Transfer-Encoding: chunked\r\n\r\n${chunked(random, body)}`
}

/** RFC 9112, section 7.1, in odd pieces: one byte each, leading zeros, extensions, trailers. */
function chunked (random: Random, body: string): string {
  const most = random.pick([1, 1, 7, 100, 10_000])
  let text = ''
  for (let at = 0; at < body.length;) {
    const size = Math.min(random.between(1, most), body.length - at)
    const digits = random.chance(80)
      ? size.toString(16)
      : size.toString(16).toUpperCase().padStart(random.between(1, 6), '0')
    text += `${digits}${random.chance(10) ? ';a=b' : ''}\r\n${body.slice(at, at + size)}\r\n`
    at += size
  }
  return `${text}0\r\n${random.chance(10) ? 'X-Trailer: 1\r\n' : ''}\r\n`
}

/** @returns a session's ID and whether another origin than the caller's has it */
function drawSid (random: Random, scope: Scope, caller: Caller): { sid: string; stolen: boolean } {
  if (scope.sids.length === 0 || random.chance(15)) {
    return { sid: random.text(random.pick([1, 20, 20, 48, 64, 200])), stolen: false }
  }
  const { sid, owner } = random.pick(scope.sids)
  if (random.chance(10)) return { sid: sid.slice(0, -1) + random.text(1), stolen: false }
  return { sid, stolen: owner !== undefined && owner !== caller.origin }
}

const polling = (random: Random, scope: Scope, caller: Caller): FuzzRequest =>
  compose(random, scope, caller, {
    target: engineTarget(scope.path, {
      transport: 'polling',
      ...(scope.eio3 && random.chance(20) && { version: 3 }),
      jsonp: random.chance(2)
    })
  }, { engine: true, served: true })

function posting (random: Random, scope: Scope, caller: Caller): FuzzRequest {
  const { sid, stolen } = drawSid(random, scope, caller)
  return compose(random, scope, caller, {
    method: 'POST',
    target: engineTarget(scope.path, { transport: 'polling', sid }),
    body: payload(random)
  }, { engine: true, served: true, stolen })
}

function pollingSession (random: Random, scope: Scope, caller: Caller): FuzzRequest {
  const { sid, stolen } = drawSid(random, scope, caller)
  const method = random.weighted([[90, 'GET'], [3, 'HEAD'], [2, 'PUT'], [2, 'DELETE'], [3, 'PATCH']])
  const transport = random.chance(93) ? 'polling' : 'websocket'
  return compose(random, scope, caller, { method, target: engineTarget(scope.path, { transport, sid }) }, {
    engine: true,
    served: true,
    stolen
  })
}

function preflight (random: Random, scope: Scope, caller: Caller): FuzzRequest {
  const target = random.chance(50)
    ? scope.prefix + random.pick(ROUTES)
    : engineTarget(scope.path, { transport: 'polling' })
  const lines = random.chance(90)
    ? `Access-Control-Request-Method: ${random.pick(['GET', 'POST', 'PUT', 'X'])}\r\n${
      random.chance(50)
        ? `Access-Control-Request-Headers: ${random.pick(['content-type', 'x-a, x-b', '', '*', 'a'.repeat(200)])}\r\n`
        : ''
    }`
    : ''
  return compose(random, scope, caller, { method: 'OPTIONS', target, lines })
}

function rest (random: Random, scope: Scope, caller: Caller): FuzzRequest {
  const route = random.pick(ROUTES)
  const method = route === '/upload'
    ? 'POST'
    : random.weighted([[85, 'GET'], [10, 'HEAD'], [3, 'DELETE'], [2, 'PROPFIND']])
  return compose(random, scope, caller, {
    method,
    target: scope.prefix + route,
    ...(method === 'POST' && { body: random.text(random.below(300)) })
  }, { served: route !== '/missing' && (method === 'GET' || method === 'HEAD' || method === 'POST') })
}

const file = (random: Random, scope: Scope, caller: Caller): FuzzRequest =>
  compose(random, scope, caller, { target: `${scope.path.replace(/\/$/, '')}/${random.pick(FILES)}` })

/** Of Engine.IO's own kinds, one parameter or the spelling odd. */
function oddTarget (random: Random, scope: Scope, caller: Caller): FuzzRequest {
  const { sid } = drawSid(random, scope, caller)
  let target = engineTarget(scope.path, { transport: 'polling', ...(random.chance(40) && { sid }) })
  if (random.chance(60)) target = oddQuery(random, target)
  if (random.chance(50)) target = oddSpelling(random, target, caller.host)
  return compose(random, scope, caller, { target: target.replaceAll(' ', '%20').replaceAll('#', '%23') })
}

/** HTTP/2 asked for in clear text: a server may ignore it. */
export const h2c: Make = (random, scope, caller) =>
  random.chance(50)
    ? compose(random, scope, caller, {
      target: random.chance(50) ? `${scope.prefix}/api` : engineTarget(scope.path, { transport: 'polling' }),
      lines: H2C
    })
    : compose(random, scope, caller, {
      method: 'POST',
      target: `${scope.prefix}/upload`,
      lines: H2C,
      body: random.text(random.below(200))
    })

/** HTTP/1.0. It asks the connection to stay: Node takes whatever comes behind one that does not for an error. */
const old = (random: Random, scope: Scope, caller: Caller): FuzzRequest =>
  compose(random, scope, caller, {
    target: engineTarget(scope.path, { transport: 'polling' }),
    version: '1.0',
    lines: 'Connection: keep-alive\r\n'
  }, { engine: true, served: true })

export type Make = (random: Random, scope: Scope, caller: Caller) => FuzzRequest

/** A request that the server must answer, on a connection that stays. */
export const plainRequest: Make = (random, scope, caller) =>
  random.weighted<Make>([[34, polling], [10, posting], [8, pollingSession], [10, preflight], [25, rest], [1, file], [
    9,
    oddTarget
  ], [1, old]])(random, scope, caller)

/** The same, and HTTP/2 asked for. */
export const anyRequest: Make = (random, scope, caller) =>
  random.chance(2) ? h2c(random, scope, caller) : plainRequest(random, scope, caller)

/** An upgrade to the engine, as its clients ask for it. */
export const ownUpgrade: Make = (random, scope, caller) =>
  compose(
    random,
    scope,
    caller,
    { target: engineTarget(scope.path, { transport: 'websocket' }), lines: UPGRADE_LINES },
    { engine: true }
  )

/** An upgrade that @fastify/websocket may answer. */
export const sharedUpgrade: Make = (random, scope, caller) =>
  random.chance(50)
    ? ownUpgrade(random, scope, caller)
    : compose(random, scope, caller, {
      method: random.chance(80) ? 'GET' : 'OPTIONS',
      target: `${scope.prefix}${random.pick(['/socket', '/nobody', '/api', '/missing'])}`,
      lines: random.chance(90) ? UPGRADE_LINES : random.pick(ODD_UPGRADES)
    })

/** An upgrade: to the engine, with or without a session, to a route of the user's, to nobody. */
export const anyUpgrade: Make = (random, scope, caller) => {
  const lines = random.chance(80) ? UPGRADE_LINES : random.pick(ODD_UPGRADES)
  const { sid, stolen } = drawSid(random, scope, caller)
  return random.weighted<() => FuzzRequest>([
    [
      40,
      () =>
        compose(random, scope, caller, { target: engineTarget(scope.path, { transport: 'websocket' }), lines }, {
          engine: true
        })
    ],
    [
      20,
      () =>
        compose(random, scope, caller, { target: engineTarget(scope.path, { transport: 'websocket', sid }), lines }, {
          engine: true,
          stolen
        })
    ],
    [
      5,
      () =>
        compose(random, scope, caller, { target: engineTarget(scope.path, { transport: 'polling', sid }), lines }, {
          engine: true,
          stolen
        })
    ],
    [
      15,
      () =>
        compose(random, scope, caller, {
          method: random.chance(80) ? 'GET' : 'OPTIONS',
          target: `${scope.prefix}${random.pick(['/socket', '/nobody', '/api', '/missing'])}`,
          lines
        })
    ],
    [
      5,
      () => compose(random, scope, caller, { target: `${scope.path.replace(/\/$/, '')}/${random.pick(FILES)}`, lines })
    ],
    [5, () => compose(random, scope, caller, { target: `${scope.prefix}/stream`, lines })],
    [
      10,
      () =>
        compose(random, scope, caller, {
          target: oddSpelling(random, engineTarget(scope.path, { transport: 'websocket' }), caller.host),
          lines
        })
    ]
  ])()
}
