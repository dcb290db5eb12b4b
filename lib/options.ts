import { Type } from '@sinclair/typebox'
import type { LogLevel, RegisterOptions } from 'fastify'
import type { ServerOptions } from 'socket.io'
import type { CorsOptions, Enforce } from './policy/options/cors-options.ts'
import { corsSchema } from './policy/options/schema.ts'
import { boolean, isFunction, ms, oneOf, predicate, type SchemaOf } from './policy/options/schema-parts.ts'
import { secrets } from './policy/options/secrets.ts'
import type { OriginPolicy } from './policy/policy.ts'

export { corsSchema, type CorsOptions }

/** Socket.IO's own options, as it types and documents them. */
export type SocketIOOptions = Partial<Omit<ServerOptions, 'cors' | 'transports'>>

/** The plugin's options: what it adds to Socket.IO's or narrows, and Socket.IO's own. */
export interface FastifyIOOptions extends SocketIOOptions {
  /**
   * The origin policy of REST and of Socket.IO: who may use the server from another origin. Takes an `OriginPolicy`
   * too, which several apps may share.
   * @default nobody but the server's own pages
   */
  cors?: CorsOptions | OriginPolicy
  /**
   * Where a refused origin gets 403: on Socket.IO's routes and on every WebSocket upgrade (`'sockets'`), or on REST
   * routes too (`'all'`). With `'report'` nothing is refused: what would be is served, logged and counted. Wins over
   * the policy's, for this app.
   * @default the policy's
   */
  enforce?: Enforce
  /**
   * Whether CORS headers are written; `false` where a proxy writes them. The policy is enforced all the same. Wins over
   * the policy's, for this app.
   * @default the policy's
   */
  emitHeaders?: boolean
  /**
   * Whether JSONP polling is served. Any page can read it through a script tag, and such a session belongs to no
   * origin. Wins over the policy's, for this app.
   * @default the policy's
   */
  jsonp?: boolean
  /**
   * Whether an update of the policy disconnects the live sockets whose origin it no longer allows. Wins over the
   * policy's, for this app.
   * @default the policy's
   */
  onRevoke?: 'disconnect' | 'keep'
  /**
   * Whether a polling handshake holds no memory until its client comes back: its `sid` is signed and expires.
   * @default true; false in a `node:cluster` worker without `handshakeSecret`
   */
  statelessHandshake?: boolean
  /**
   * Secret of at least 32 bytes that several processes share, so that each knows the `sid` of the others. The first of
   * a list signs, all verify: put a new one in front, and drop the old one after
   * `pingInterval + pingTimeout` (45 s).
   * @default random, made at the start
   */
  handshakeSecret?: string | Buffer | readonly (string | Buffer)[]
  /** Tells servers apart that share `handshakeSecret` and a path: the `sid` of one is unknown to the other. */
  serviceName?: string
  /**
   * ms over which `app.close()` spreads the ends of the sessions, so that their clients do not come back all at once.
   * Meanwhile REST is served, and handshakes get 503 with `Retry-After`. `app.close()` takes half a second
   * more at most.
   *
   * @default 0
   */
  closeSpread?: number
  /** Fastify's own: stands before `path`. */
  prefix?: string
  /**
   * Fastify's own: the level of the requests on Socket.IO's routes; if given, of REST preflights too.
   * @default 'warn'
   */
  logLevel?: LogLevel
  /** Fastify's own: serializers of the requests on Socket.IO's routes. */
  logSerializers?: NonNullable<RegisterOptions['logSerializers']>
  /**
   * Transports that clients may use. WebTransport is refused: its sessions carry no Origin that could be checked yet.
   * @default ['polling', 'websocket']
   */
  transports?: ('polling' | 'websocket')[]
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
const isSwitch = (value: unknown): boolean => typeof value === 'boolean' || isObject(value)

/** `true`, `false` or an object of the library's own. Engine.IO takes `true` also where its types leave it out. */
const switchOrObject = <Option>() => predicate<Exclude<Option, undefined>>('true, false or an object', isSwitch)

const LOG_LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** The schema of the plugin's options; {@link FastifyIOOptions} is its type. */
export type OptionsSchema = SchemaOf<FastifyIOOptions>

/** Options of the plugin that Socket.IO does not have, and Socket.IO's own (its `ServerOptions`), flat. */
export const optionsSchema: OptionsSchema = Type.Partial(Type.Object({
  cors: Type.Unsafe<CorsOptions | OriginPolicy>(corsSchema),
  enforce: corsSchema.properties.enforce,
  emitHeaders: corsSchema.properties.emitHeaders,
  jsonp: corsSchema.properties.jsonp,
  onRevoke: corsSchema.properties.onRevoke,
  statelessHandshake: boolean(),
  handshakeSecret: secrets(),
  serviceName: Type.String({ minLength: 1, maxLength: 200, expected: 'a name of 1 to 200 characters' }),
  closeSpread: ms(0),
  prefix: Type.String({ pattern: '^(/|$)', expected: 'a path that begins with /' }),
  logLevel: oneOf(LOG_LEVELS, 'a log level'),
  logSerializers: predicate<NonNullable<RegisterOptions['logSerializers']>>('an object of functions', isObject),
  transports: Type.Array(
    oneOf(['polling', 'websocket'],
      "'polling' or 'websocket' (webtransport carries no Origin that could be checked yet)"),
    { minItems: 1, uniqueItems: true, expected: "a list of 'polling' and 'websocket', each once" }
  ),
  path: Type.String({ pattern: '^/[^?#\\s:*]*$', maxLength: 200, expected: 'a path that begins with /' }),
  addTrailingSlash: boolean(),
  serveClient: boolean(),
  adapter: Type.Any(),
  parser: Type.Any(),
  connectTimeout: ms(),
  cleanupEmptyChildNamespaces: boolean(),
  connectionStateRecovery: Type.Partial(
    Type.Object({ maxDisconnectionDuration: ms(), skipMiddlewares: boolean() }, { additionalProperties: false })
  ),
  pingInterval: ms(),
  pingTimeout: ms(),
  upgradeTimeout: ms(),
  maxHttpBufferSize: Type.Number({ minimum: 1, expected: 'a number of bytes' }),
  httpRequestBodyTimeout: ms(),
  // `ws` takes it as an integer of 32 bits, and 0 for no limit
  maxBufferedChunks: Type.Integer({
    minimum: 1, maximum: 2 ** 31 - 1, expected: 'a whole number of chunks from 1 to 2147483647'
  }),
  allowRequest: predicate<NonNullable<ServerOptions['allowRequest']>>('a function', isFunction),
  allowUpgrades: boolean(),
  perMessageDeflate: switchOrObject<ServerOptions['perMessageDeflate']>(),
  httpCompression: switchOrObject<ServerOptions['httpCompression']>(),
  wsEngine: Type.Any(),
  initialPacket: Type.Any(),
  cookie: switchOrObject<ServerOptions['cookie']>(),
  allowEIO3: boolean(),
  destroyUpgrade: boolean(),
  destroyUpgradeTimeout: ms()
}, { additionalProperties: false, title: 'FastifyIOOptions' }))
