import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { byFunction, type FuzzPolicy, mainPolicy, tablePolicies, withSettings } from './origins.ts'
import type { Random } from './random.ts'

/** One way to set up Fastify and the plugin. */
export interface Configuration {
  readonly server?: FastifyServerOptions
  /** A policy for each registration; several stand under `/a`, `/b`, … */
  readonly policies: readonly FuzzPolicy[]
  readonly options?: Omit<FastifyIOOptions, 'cors'>
  /** Whether @fastify/websocket is one of the others. */
  readonly shared?: boolean
  /** Plugins of others, registered before or after ours. */
  readonly before?: (app: FastifyInstance) => Promise<unknown>
  readonly after?: (app: FastifyInstance) => Promise<unknown>
  /** Told of the engine before the server listens. */
  readonly tune?: (app: FastifyInstance) => void
}

const later = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })
const addSocket = async (app: FastifyInstance): Promise<void> => {
  await app.register(async (scope) => {
    scope.get('/socket', { websocket: true }, (socket) => { socket.on('message', (data) => { socket.send(data) }) })
  })
}
const addWebsocket = async (app: FastifyInstance): Promise<void> => { await app.register(websocket) }
const sink = { level: 'info', stream: { write () {} } }

/** Lists that the case table has, and every other policy of it in turn. */
const table = (random: Random): FuzzPolicy => random.pick(tablePolicies)

export const configurations: Readonly<Record<string, (random: Random) => Configuration>> = {
  list: () => ({ policies: [mainPolicy] }),
  table: (random) => ({ policies: [table(random)] }),
  stateful: () => ({ policies: [mainPolicy], options: { statelessHandshake: false } }),
  credentials: () => ({
    policies: [withSettings({ credentials: true, exposedHeaders: 'x-a', maxAge: 60 })],
    server: { logger: sink }
  }),
  older: (random) => ({
    policies: [mainPolicy],
    options: { allowEIO3: true, jsonp: true, statelessHandshake: random.chance(50) }
  }),
  all: (random) => ({
    policies: [withSettings({ enforce: 'all', missingOrigin: random.pick(['allow', 'refuse'] as const) })],
    server: { logger: sink }
  }),
  proxy: () => ({ policies: [withSettings({})], server: { trustProxy: true } }),
  own: (random) => ({
    policies: [withSettings({ sameOrigin: random.pick([false, ['127.0.0.1'], ['api.example.com']]) })]
  }),
  router: () => ({
    policies: [mainPolicy],
    server: {
      routerOptions: {
        caseSensitive: false,
        ignoreTrailingSlash: true,
        ignoreDuplicateSlashes: true,
        useSemicolonDelimiter: true
      }
    }
  }),
  rewrite: () => ({ policies: [mainPolicy], server: { rewriteUrl: ({ url }) => url!.replace(/^\/rewritten/, '') } }),
  function: (random) => ({ policies: [byFunction(later)], options: { statelessHandshake: random.chance(50) } }),
  siblings: (random) => ({ policies: [mainPolicy, table(random)] }),
  'websocket after': () => ({
    shared: true,
    policies: [mainPolicy],
    after: async (app) => {
      await addWebsocket(app)
      await addSocket(app)
    }
  }),
  'websocket before': (random) => ({
    shared: true,
    policies: [withSettings({ enforce: random.pick(['sockets', 'all'] as const) })],
    before: addWebsocket,
    after: addSocket
  }),
  hooks: (random) => ({
    policies: [mainPolicy],
    options: {
      cookie: random.chance(50),
      allowRequest: (request, callback) => { setImmediate(() => callback(null, !request.headers.cookie)) }
    },
    tune: (app) => {
      app.io.engine.use((_request: unknown, _response: unknown, next: () => void) => { setImmediate(next) })
    },
    before: async (app) => {
      app.addHook('onRequest', async () => { await later() })
      app.addHook('onSend', async () => { await later() })
    }
  }),
  small: () => ({
    policies: [mainPolicy],
    options: {
      maxHttpBufferSize: 1000,
      httpCompression: { threshold: 10 },
      perMessageDeflate: { threshold: 10 },
      connectionStateRecovery: { maxDisconnectionDuration: 50 }
    }
  }),
  'no headers': () => ({
    policies: [withSettings({ emitHeaders: false })],
    options: { allowUpgrades: false, addTrailingSlash: false, serveClient: false }
  })
}
