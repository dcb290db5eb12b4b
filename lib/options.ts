import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox'
import type { LogLevel, RegisterOptions } from 'fastify'
import type { ServerOptions } from 'socket.io'
import { OriginPolicy } from './policy/policy.ts'
import { type CorsOptions, corsSchema, predicate } from './policy/options/schema.ts'

export { corsSchema, type CorsOptions }

const boolean = (description: string) => Type.Optional(Type.Boolean({ expected: 'true or false', description }))
const ms = (description: string) =>
  Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 2 ** 31 - 1,
      expected: 'a whole number of ms from 1 to 2147483647',
      description
    })
  )
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
/** `true`, `false` or an object of the library's own. */
const switchOrObject = (description: string) =>
  Type.Optional(
    predicate<any>('true, false or an object', (value) => typeof value === 'boolean' || isObject(value), {
      description
    })
  )

/** Secrets for handshakes. */
const isSecret = (value: unknown): boolean =>
  (typeof value === 'string' || Buffer.isBuffer(value)) && Buffer.byteLength(value) >= 32

/** What the plugin adds to Socket.IO's options, or narrows. */
const ownSchema = Type.Object({
  /** The origin policy of REST and of Socket.IO: who may use the server from another origin. Default: nobody but its own pages. */
  cors: Type.Optional(Type.Unsafe<CorsOptions | OriginPolicy>(corsSchema)),
  /**
   * Where a refused origin gets 403: on Socket.IO's routes and on every WebSocket upgrade (`'sockets'`), or on REST routes too (`'all'`).
   *
   * @default 'sockets'
   */
  enforce: corsSchema.properties.enforce,
  /**
   * Whether CORS headers are written; `false` where a proxy writes them. The policy is enforced all the same.
   *
   * @default true
   */
  emitHeaders: corsSchema.properties.emitHeaders,
  /**
   * Whether JSONP polling is served. Any page can read it through a script tag, and such a session belongs to no origin.
   *
   * @default false
   */
  jsonp: corsSchema.properties.jsonp,
  /**
   * Whether an update of the policy disconnects the live sockets whose origin it no longer allows.
   *
   * @default 'disconnect'
   */
  onRevoke: corsSchema.properties.onRevoke,
  /**
   * Whether a polling handshake holds no memory until its client comes back: its `sid` is signed and expires.
   *
   * @default true; false in a `node:cluster` worker without `handshakeSecret`
   */
  statelessHandshake: boolean('Whether a polling handshake holds no memory until its client comes back. ' +
    'Default true; false in a node:cluster worker without `handshakeSecret`.'),
  /**
   * Secret of at least 32 bytes that several processes share, so that each knows the `sid` of the others. The first of a list
   * signs, all verify: put a new one in front, and drop the old one a minute later.
   *
   * @default random, made at the start
   */
  handshakeSecret: Type.Optional(
    predicate<string | Buffer | readonly (string | Buffer)[]>(
      'a secret of at least 32 bytes, or a list of these',
    (value) => isSecret(value) || (Array.isArray(value) && value.length > 0 && value.every(isSecret)),
    { secret: true }
    )
  ),
  /** Tells servers apart that share `handshakeSecret` and a path: the `sid` of one is unknown to the other. */
  serviceName: Type.Optional(Type.String({
    minLength: 1,
    maxLength: 200,
    expected: 'a name of 1 to 200 characters',
    description:
      'Tells servers apart that share `handshakeSecret` and a path: the `sid` of one is unknown to the other.'
  })),
  /** Fastify's own: stands before `path`. */
  prefix: Type.Optional(
    Type.String({
      pattern: '^(/|$)',
      expected: 'a path that begins with /',
      description: "Fastify's own: stands before `path`."
    })
  ),
  /**
   * Fastify's own: the level of the requests on Socket.IO's routes.
   *
   * @default 'warn'
   */
  logLevel: Type.Optional(
    Type.Unsafe<LogLevel>(Type.Union(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => Type.Literal(level)),
      { expected: 'a log level', description: "Level of the requests on Socket.IO's routes. Default warn." }
    ))
  ),
  /** Fastify's own: serializers of the requests on Socket.IO's routes. */
  logSerializers: Type.Optional(
    predicate<NonNullable<RegisterOptions['logSerializers']>>('an object of functions', isObject, {
      description: "Fastify's own: serializers of the requests on Socket.IO's routes."
    })
  ),
  /**
   * Transports that clients may use. WebTransport carries no Origin that could be checked yet.
   *
   * @default ['polling', 'websocket']
   */
  transports: Type.Optional(
    Type.Unsafe<('polling' | 'websocket')[]>(
      Type.Array(
        Type.Union([Type.Literal('polling'), Type.Literal('websocket')], {
          expected: "'polling' or 'websocket' (webtransport carries no Origin that could be checked yet)"
        }),
        { minItems: 1, uniqueItems: true, expected: "a list of 'polling' and 'websocket', each once" }
      )
    )
  )
})

/** Socket.IO's own options, as it types and documents them. */
export type SocketIOOptions = Partial<Omit<ServerOptions, 'cors' | 'transports'>>

// The types come from Socket.IO by name: written out, they would name packages that ours does not depend on.
const socketIOProperties = {
  path: Type.Optional(
    Type.String({
      pattern: '^/[^?#\\s:*]*$',
      maxLength: 200,
      expected: 'a path that begins with /',
      description: "Path of Socket.IO's routes. Default /socket.io."
    })
  ),
  addTrailingSlash: boolean('Whether the path ends in a slash. Default true.'),
  serveClient: boolean('Whether the files of Socket.IO\'s client are served. Default true.'),
  adapter: Type.Optional(Type.Any()),
  parser: Type.Optional(Type.Any()),
  connectTimeout: ms('ms that a client has to join a namespace. Default 45000.'),
  cleanupEmptyChildNamespaces: boolean('Whether child namespaces go when their last client does. Default false.'),
  connectionStateRecovery: Type.Optional(Type.Object({
    maxDisconnectionDuration: ms('ms for which a session can be recovered. Default 120000.'),
    skipMiddlewares: boolean('Whether a recovered session skips the middlewares. Default true.')
  }, { additionalProperties: false })),
  pingInterval: ms('ms between heartbeats. Default 25000.'),
  pingTimeout: ms('ms that a client has to answer a heartbeat. Default 20000.'),
  upgradeTimeout: ms('ms that an upgrade may take. Default 10000.'),
  maxHttpBufferSize: Type.Optional(
    Type.Number({
      minimum: 1,
      expected: 'a number of bytes',
      description: 'Bytes that a message may have. Default 1000000.'
    })
  ),
  allowRequest: Type.Optional(predicate<any>('a function', (value) => typeof value === 'function')),
  allowUpgrades: boolean('Whether polling may become WebSocket. Default true.'),
  perMessageDeflate: switchOrObject('Compression of WebSocket messages. Default false.'),
  httpCompression: switchOrObject('Compression of polling answers. Default from 1024 bytes on.'),
  wsEngine: Type.Optional(Type.Any()),
  initialPacket: Type.Optional(Type.Any()),
  cookie: switchOrObject('The cookie with the session ID. Default false.'),
  allowEIO3: boolean('Whether clients of Socket.IO 2 may connect. Default false.'),
  destroyUpgrade: boolean('Whether an upgrade that other listeners leave untouched is ended. Default true.'),
  destroyUpgradeTimeout: ms('ms before such an upgrade is ended. Default 1000.')
} satisfies Record<keyof SocketIOOptions, TSchema>

/** The plugin's options. */
export type FastifyIOOptions = Static<typeof ownSchema> & SocketIOOptions

/** The schema of the plugin's options; {@link FastifyIOOptions} is its type. */
export interface OptionsSchema extends TObject { static: FastifyIOOptions }

/** Options of the plugin that Socket.IO does not have, and Socket.IO's own (its `ServerOptions`), flat. */
export const optionsSchema: OptionsSchema = Type.Object({ ...ownSchema.properties, ...socketIOProperties }, {
  additionalProperties: false,
  title: 'FastifyIOOptions'
})
