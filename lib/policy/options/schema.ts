import { types } from 'node:util'
import { Kind, type SchemaOptions, type Static, type TUnsafe, Type, TypeRegistry } from '@sinclair/typebox'
import type { OriginFunction } from '../function/origin-function.ts'
import { entryHint, originHint } from './type-hints.ts'
import { hostsHint } from './check-hosts.ts'

const PREDICATE = 'fastify-io:predicate'
TypeRegistry.Set<{ is: (value: unknown) => boolean }>(PREDICATE, (schema, value) => schema.is(value))

/** A schema for what JSON Schema has no word for; `expected` names it in messages. */
export function predicate<T> (
  expected: string,
  is: (value: unknown) => boolean,
  options: SchemaOptions = {}
): TUnsafe<T> {
  return Type.Unsafe<T>({ [Kind]: PREDICATE, expected, is, ...options })
}

const isFunction = (value: unknown): boolean => typeof value === 'function'

const OriginFunctionSchema = predicate<OriginFunction>('a function', isFunction)
const RegExpSchema = predicate<RegExp>('a RegExp', types.isRegExp)

/** The TypeBox schema of `cors`; {@link CorsOptions} is its type. */
export const corsSchema = Type.Object({
  /**
   * Who may use the server from another origin: an origin (`https://app.example.com`), a pattern (`https://*.example.com`,
   * `http://localhost:*`), a RegExp, a list of these, a function, `'*'` or `true` (anyone), `false` (nobody; the default).
   */
  origin: Type.Optional(Type.Union([
    Type.Boolean(),
    Type.String(),
    RegExpSchema,
    Type.Array(Type.Union([Type.String(), RegExpSchema, Type.Boolean()], {
      expected: 'a string, a RegExp or true',
      hint: entryHint
    })),
    OriginFunctionSchema
  ], {
    expected: 'a string, a RegExp, an array of these, a function, true or false',
    hint: originHint,
    description: 'Origins that may use the server: an origin, a pattern, a list of these, ' +
      '"*" or true for any, false for none.'
  })),
  /** Whether browsers may send cookies and read the answer (Access-Control-Allow-Credentials). Default false. */
  credentials: Type.Optional(
    Type.Boolean({ expected: 'true or false', description: 'Whether browsers may send cookies and read the answer.' })
  ),
  /** Methods that a preflight allows. Default GET, HEAD, PUT, PATCH, POST, DELETE. */
  methods: Type.Optional(
    Type.Union([Type.String(), Type.Array(Type.String())], {
      expected: 'a comma-separated string, or an array of strings',
      description: 'Methods that a preflight allows.'
    })
  ),
  /** Request headers that a preflight allows. Left out: those that the preflight asks for. */
  allowedHeaders: Type.Optional(
    Type.Union([Type.String(), Type.Array(Type.String())], {
      expected: 'a comma-separated string, or an array of strings',
      description: 'Request headers that a preflight allows; left out: those it asks for.'
    })
  ),
  /** Response headers that a page may read beyond the safelisted ones. */
  exposedHeaders: Type.Optional(
    Type.Union([Type.String(), Type.Array(Type.String())], {
      expected: 'a comma-separated string, or an array of strings',
      description: 'Response headers that a page may read.'
    })
  ),
  /** s for which a browser may keep a preflight's answer, -1 to 86400; -1 forbids it. Browsers cap it at 600, 7200 or 86400. */
  maxAge: Type.Optional(
    Type.Integer({
      expected: 'a whole number of seconds',
      description: 'Seconds for which a browser may keep the answer of a preflight.'
    })
  ),
  /** Cache-Control of a preflight's answer; a number is its max-age in s. */
  cacheControl: Type.Optional(
    Type.Union([Type.String({ pattern: '^[\\t\\x20-\\x7e]+$' }), Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })], {
      expected: 'a string that a header can hold, or a number of seconds',
      description: 'Cache-Control of the answer to a preflight.'
    })
  ),
  /** Whether a preflight goes on to the route, its headers set. Default false. */
  preflightContinue: Type.Optional(
    Type.Boolean({ expected: 'true or false', description: 'Whether a preflight goes on to the route.' })
  ),
  /** Status of a preflight's answer, 200 to 299. Default 204. */
  optionsSuccessStatus: Type.Optional(
    Type.Integer({ expected: 'a whole number', description: 'Status of the answer to a preflight.' })
  ),
  /** Whether OPTIONS without the headers of a preflight is answered 400. Default true. */
  strictPreflight: Type.Optional(
    Type.Boolean({
      expected: 'true or false',
      description: 'Whether OPTIONS without the headers of a preflight is answered 400.'
    })
  ),
  /** Whether the server's own origin may use it. Default true; a list of hosts (`api.example.com`) pins it against DNS rebinding. */
  sameOrigin: Type.Optional(Type.Union([Type.Boolean(), Type.Array(Type.String({ minLength: 1 }))], {
    expected: 'true, false, or an array of hosts',
    hint: hostsHint,
    description: 'Whether the server\'s own origin may use it, or the hosts it is pinned to.'
  })),
  /** What a request without an Origin gets on Socket.IO's routes. Default `'allow'`: native clients send none. */
  missingOrigin: Type.Optional(
    Type.Union([Type.Literal('allow'), Type.Literal('refuse')], {
      expected: "'allow' or 'refuse'",
      description: 'What a request without an Origin gets on the routes of Socket.IO.'
    })
  ),
  /** Where a refused origin gets 403: on Socket.IO's routes only (the default, `'sockets'`), or on every route. */
  enforce: Type.Optional(
    Type.Union([Type.Literal('sockets'), Type.Literal('all')], {
      expected: "'sockets' or 'all'",
      description:
        "Where a refused origin gets 403: on Socket.IO's routes and on every WebSocket upgrade ('sockets'), or on REST routes too ('all')."
    })
  ),
  /** Whether CORS headers are written; `false` where a proxy writes them. The policy is enforced all the same. Default true. */
  emitHeaders: Type.Optional(
    Type.Boolean({ expected: 'true or false', description: 'Whether CORS headers are written.' })
  ),
  /** Whether JSONP polling is served, which any page can read through a script tag. Default false. */
  jsonp: Type.Optional(
    Type.Boolean({
      expected: 'true or false',
      description: 'Whether JSONP polling is served: to script tags of every page, whose sessions belong to no origin.'
    })
  ),
  /** Whether an update disconnects live sockets whose origin it no longer allows. Default `'disconnect'`. */
  onRevoke: Type.Optional(
    Type.Union([Type.Literal('disconnect'), Type.Literal('keep')], {
      expected: "'disconnect' or 'keep'",
      description: 'Whether live sockets whose origin is no longer allowed are disconnected.'
    })
  ),
  /** ms that an origin function has to answer; later is a refusal. Default 5000. */
  originTimeout: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 2 ** 31 - 1,
      expected: 'a whole number of ms from 1 to 2147483647',
      description: 'ms that an origin function has to answer.'
    })
  ),
  /** Keeps the answers of an origin function: `max` origins, each for `ttl` ms. */
  originCache: Type.Optional(Type.Object({
    /** Origins kept. */
    max: Type.Integer({ minimum: 1, maximum: 1_000_000, expected: 'a whole number from 1 to 1000000' }),
    /** ms that each is kept. */
    ttl: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, expected: 'a whole number of ms from 1 to 2147483647' })
  }, { additionalProperties: false, description: 'Keeps the answers of an origin function.' })),
  /** Origins that an origin function is known to allow; the attack on it at start-up begins from them. */
  originExamples: Type.Optional(
    Type.Array(Type.String(), {
      expected: 'an array of origins',
      description: 'Origins that an origin function is known to allow.'
    })
  ),
  /** Settings that open a hole, each by its name. */
  dangerously: Type.Optional(Type.Object({
    /** `'*'` or `true` together with `credentials`: every site on the web acts as its visitors. */
    anyOriginWithCredentials: Type.Optional(Type.Boolean({ expected: 'true or false' })),
    /** Plain-http origins with `credentials`: whoever is on the visitor's network acts as them. */
    insecureOriginsWithCredentials: Type.Optional(Type.Boolean({ expected: 'true or false' })),
    /** `https://*.github.io`, `https://*.amazonaws.com`: everyone who can register a name there. */
    publicSuffixSubdomains: Type.Optional(Type.Boolean({ expected: 'true or false' })),
    /** The origin `null`: every sandboxed frame and local file, on any site. */
    nullOrigin: Type.Optional(Type.Boolean({ expected: 'true or false' })),
    /** The origin `file://`, which some applications send: every file on the visitor's disk. */
    fileOrigin: Type.Optional(Type.Boolean({ expected: 'true or false' })),
    /** RegExps that fail the attack on them. */
    unsafeRegExp: Type.Optional(Type.Boolean({ expected: 'true or false' }))
  }, { additionalProperties: false, description: 'Settings that open a hole, each by its name.' }))
}, { additionalProperties: false, title: 'CorsOptions' })

type Mutable = Static<typeof corsSchema>

/** The `cors` options; lists may be read-only. */
export type CorsOptions = {
  [Name in keyof Mutable]: Mutable[Name] extends infer Value ? Value extends (infer Item)[] ? readonly Item[] : Value :
    never
}
