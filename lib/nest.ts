import { IoAdapter } from '@nestjs/platform-socket.io'
import type { NarrowedOrigin } from './narrow.ts'
import type { CorsOptions, FastifyIOOptions } from './options.ts'
import { fastifyIO as plugin } from './plugin.ts'

/**
 * The plugin, for `app.register()` of Nest. It is the same; its type asks less of the instance, for Nest may bring
 * another version of Fastify, whose types are not those of yours.
 *
 * @throws ConfigError at registration, with every mistake in the options
 */
export const fastifyIO = plugin as unknown as (instance: object, options: FastifyIOOptions) => Promise<void>

/** What the adapter needs of a Nest application on platform-fastify. */
export interface NestFastifyApp {
  getHttpAdapter (): { getInstance (): unknown }
  /** Nest's own, which the base class asks for the HTTP server. */
  getHttpServer (): unknown
}

/** Of the version of Socket.IO that Nest brings: its types are not those of yours. */
type Server = ReturnType<IoAdapter['createIOServer']>

/** Options of `@WebSocketGateway()` as Nest hands them to its adapter. */
type GatewayOptions = NonNullable<Parameters<IoAdapter['createIOServer']>[1]>

/**
 * What `adapter.narrowOrigin(cors)` makes: a {@link NarrowedOrigin} that gateways and routes of Nest take too. Nest may
 * bring other versions of Socket.IO and of Fastify, whose types are not those of yours.
 */
export type NestNarrowedOrigin = NarrowedOrigin & {
  readonly namespace: (socket: object, next: (error?: Error) => void) => void
  readonly route: (request: object, reply: object) => Promise<void>
}

/** What the plugin decorates Nest's Fastify instance with. */
interface Decorated {
  readonly io: Server
  narrowOrigin (cors: CorsOptions): NestNarrowedOrigin
}

const REGISTER = 'await app.register(fastifyIO, { cors }) before app.useWebSocketAdapter()'

/**
 * Serves the gateways of a Nest application (platform-fastify) by `app.io`, so that one origin policy governs them and
 * the controllers.
 *
 * @example
 * ```ts
 * import { fastifyIO, FastifyIOAdapter } from 'fastify-io/nest'
 *
 * const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
 * await app.register(fastifyIO, { cors: { origin: 'https://app.example.com', credentials: true } })
 * app.useWebSocketAdapter(new FastifyIOAdapter(app))
 * await app.listen(3000)
 * ```
 */
export class FastifyIOAdapter extends IoAdapter {
  readonly #app: NestFastifyApp

  /** @param app of `NestFactory.create(AppModule, new FastifyAdapter())` */
  constructor (app: NestFastifyApp) {
    super(app as ConstructorParameters<typeof IoAdapter>[0])
    this.#app = app
  }

  /**
   * A stricter policy for a gateway's namespace, a route or a scope: `app.narrowOrigin()` of Fastify, with types.
   *
   * @example
   * ```ts
   * const admin = adapter.narrowOrigin({ origin: 'https://admin.example.com' })
   * // in the gateway: afterInit (namespace: Namespace) { namespace.use(admin.namespace) }
   * ```
   * @throws Error when fastify-io is not registered
   * @throws ConfigError for mistakes, and for what the server's own policy does not allow
   */
  narrowOrigin (cors: CorsOptions): NestNarrowedOrigin {
    return this.#decorated().narrowOrigin(cors)
  }

  /**
   * @param port of the gateway; 0 is that of the application, and no other is served
   * @param options of the gateway; only `namespace` counts, which Nest has taken out by then
   * @throws Error when fastify-io is not registered, or when a gateway asks for what the plugin decides
   */
  override createIOServer (port: number, options?: GatewayOptions): Server {
    const { io } = this.#decorated()
    if (port !== 0) {
      throw new Error(`FastifyIOAdapter: @WebSocketGateway(${port}) names a port. Leave it out: gateways are served ` +
        'by the port of the application, where the origin policy is asked.')
    }
    const ignored = Object.keys(options ?? {})
    if (ignored.length > 0) {
      throw new Error(`FastifyIOAdapter: @WebSocketGateway() has the ${ignored.length > 1 ? 'options' : 'option'} ` +
        `${ignored.join(', ')}, which would do nothing. Give them to app.register(fastifyIO, { … }): they are for ` +
        'all gateways. A gateway has namespace alone.')
    }
    return io
  }

  /** Does nothing: Nest calls it before it closes Fastify, which ends the sessions, spread as `closeSpread` says. */
  override async close (): Promise<void> {}

  #decorated (): Decorated {
    const instance = this.#app.getHttpAdapter().getInstance() as Partial<Decorated>
    if (instance.io === undefined) throw new Error(`FastifyIOAdapter: app.io is missing. Call ${REGISTER}.`)
    return instance as Decorated
  }
}
