import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { TestContext } from 'node:test'
import { Server } from 'socket.io'
import type { CorsOptions, FastifyIOOptions } from '../../lib/index.ts'
import { type Line, logging } from '../support/log.ts'
import { deadPort, listening, proxy } from '../support/proxy.ts'
import * as acts from './acts.ts'
import { servePage, tls } from './page.ts'

type Scope = Pick<TestContext, 'after'>

/** A server that a page talks to. */
interface Target {
  readonly port: number
  readonly scheme?: 'http' | 'https'
  /** Lines of our log. */
  readonly lines?: readonly Line[]
}

/** One way to meet a message; `app` is the page's origin. */
export interface Scene {
  readonly what: string
  /** Heading of the section in docs/why-refused.md that quotes all that is said. */
  readonly section: string
  readonly server: (t: Scope, app: string) => Promise<Target>
  readonly act: acts.Act
  /**
   * The page: over http, which is the default; over https and from the internet; with a Content-Security-Policy; one of
   * the server itself; or with Socket.IO 2's client.
   */
  readonly page?: 'http' | 'https' | 'csp' | 'own' | 'old'
  /** How many lines the browser's console gets. */
  readonly console: number
  /** What the page sees. */
  readonly outcome: string | Partial<acts.ConnectError> | undefined
}

const FAILED = 'TypeError: Failed to fetch'
const CLOSED = '1006'
const OTHER = 'https://other.example.com'

/** Our plugin, with a REST API. */
export const ours = (cors: (app: string) => CorsOptions, options: FastifyIOOptions = {}) =>
  (t: Scope, app: string): ReturnType<typeof logging> =>
    logging(t, { ...options, cors: cors(app) }, (server) => {
      server.get('/api/time', async () => ({}))
      server.put('/api/note', async () => ({}))
    })

/** Socket.IO as its documentation starts it. */
export const stock = (cors: (app: string) => object | undefined) => async (t: Scope, app: string): Promise<Target> => {
  const server = createServer()
  const given = cors(app)
  const io = new Server(server, given && { cors: given })
  const port = await listening(t, server)
  t.after(() => io.close())
  return { port }
}

const raw = (answer: (app: string) => RequestListener, secure = false) =>
  async (t: Scope, app: string): Promise<Target> => {
    const server = secure ? createTlsServer(tls, answer(app)) : createServer(answer(app))
    return { port: await listening(t, server as ReturnType<typeof createServer>), scheme: secure ? 'https' : 'http' }
  }

const answer = (status: number, headers: (app: string) => Record<string, string>) =>
  raw((app) => (_request, response) => {
    response.writeHead(status, headers(app))
    response.end('<!doctype html>')
  })

/** A preflight's answer, and 200 for what follows. */
const preflight = (status: number, headers: (app: string) => Record<string, string>) =>
  raw((app) => (request, response) => {
    response.writeHead(request.method === 'OPTIONS' ? status : 200, headers(app))
    response.end()
  })

/** A WebSocket answered with a status. */
const upgrade = (status: number) => async (t: Scope): Promise<Target> => {
  const server = createServer()
  server.on('upgrade', (_request, socket) => {
    if (status === 0) socket.destroy()
    else socket.end(`HTTP/1.1 ${status} Answer\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  })
  return { port: await listening(t, server) }
}

/** Behind a proxy, whose port the page talks to. */
const behind = (server: Scene['server'], pass: (app: string) => Parameters<typeof proxy>[2] = () => ({})) =>
  async (t: Scope, app: string): Promise<Target> => {
    const { port, lines = [] } = await server(t, app)
    return { port: await proxy(t, port, pass(app)), lines }
  }

const nobody = async (): Promise<Target> => ({ port: await deadPort() })
const allowed = (app: string): CorsOptions => ({ origin: app })
const elsewhere = (): CorsOptions => ({ origin: OTHER })
const sends = (app: string): Record<string, string> => ({ 'access-control-allow-origin': app })

export const scenes: readonly Scene[] = [
  // 1
  {
    what: 'REST from a page that is not listed',
    section: 'no-access-control-allow-origin',
    server: ours(elsewhere),
    act: acts.get,
    console: 2,
    outcome: FAILED
  }, {
    what: 'polling from a page that is not listed',
    section: 'no-access-control-allow-origin',
    server: ours(elsewhere),
    act: acts.polling,
    console: 2,
    outcome: { message: 'xhr poll error', description: 0 }
  }, {
    what: 'stock Socket.IO without cors',
    section: 'no-access-control-allow-origin',
    server: stock(() => undefined),
    act: acts.polling,
    console: 2,
    outcome: { message: 'xhr poll error' }
  }, {
    what: 'a proxy that answers without the headers, because its upstream is down',
    section: 'no-access-control-allow-origin',
    server: async (t) => ({ port: await proxy(t, await deadPort()) }),
    act: acts.get,
    console: 2,
    outcome: FAILED
  },
  // 2
  {
    what: 'a sandboxed frame',
    section: 'origin-null',
    server: ours(allowed),
    act: acts.getFromSandbox,
    console: 2,
    outcome: FAILED
  },
  // 3
  {
    what: 'a server that is not there, REST',
    section: 'server-unreachable',
    server: nobody,
    act: acts.get,
    console: 1,
    outcome: FAILED
  }, {
    what: 'a server that is not there, polling',
    section: 'server-unreachable',
    server: nobody,
    act: acts.polling,
    console: 1,
    outcome: { message: 'xhr poll error', description: 0 }
  }, {
    what: 'a server that is not there, WebSocket',
    section: 'server-unreachable',
    server: nobody,
    act: acts.overWebSocket,
    console: 1,
    outcome: { message: 'websocket error' }
  },
  // 4
  {
    what: 'stock Socket.IO with one fixed origin',
    section: 'not-equal-to-the-supplied-origin',
    server: stock(() => ({ origin: OTHER })),
    act: acts.polling,
    console: 2,
    outcome: { message: 'xhr poll error' }
  }, {
    what: 'stock Socket.IO with a slash behind the origin',
    section: 'not-equal-to-the-supplied-origin',
    server: stock((app) => ({ origin: `${app}/` })),
    act: acts.polling,
    console: 2,
    outcome: { message: 'xhr poll error' }
  },
  // 5
  {
    what: 'a proxy that adds the header to ours',
    section: 'multiple-values',
    server: behind(ours(allowed), () => ({ adds: ['Access-Control-Allow-Origin', '*'] })),
    act: acts.get,
    console: 2,
    outcome: FAILED
  },
  // 6
  {
    what: 'a value without a scheme',
    section: 'invalid-value',
    server: answer(200, () => sends('app.example.com')),
    act: acts.get,
    console: 2,
    outcome: FAILED
  },
  // 7
  {
    what: 'stock Socket.IO with * and a client withCredentials',
    section: 'wildcard-with-credentials',
    server: stock(() => ({ origin: '*' })),
    act: acts.pollingWithCookies,
    console: 2,
    outcome: { message: 'xhr poll error' }
  }, {
    what: 'our * and fetch with credentials',
    section: 'wildcard-with-credentials',
    server: ours(() => ({ origin: '*' })),
    act: acts.getWithCookies,
    console: 2,
    outcome: FAILED
  },
  // 8
  {
    what: 'credentials here not set, withCredentials there',
    section: 'allow-credentials-is-empty',
    server: ours(allowed),
    act: acts.pollingWithCookies,
    console: 2,
    outcome: { message: 'xhr poll error' }
  }, {
    what: 'credentials here not set, credentials: include there',
    section: 'allow-credentials-is-empty',
    server: ours(allowed),
    act: acts.getWithCookies,
    console: 2,
    outcome: FAILED
  },
  // 9
  {
    what: 'a proxy that answers OPTIONS',
    section: 'preflight-without-the-header',
    server: behind(ours(allowed), () => ({
      answers: (request, response) => {
        if (request.method !== 'OPTIONS') return false
        response.writeHead(204)
        response.end()
        return true
      }
    })),
    act: acts.put,
    console: 2,
    outcome: FAILED
  }, {
    what: 'a preflight of a page that is not listed',
    section: 'preflight-without-the-header',
    server: ours(elsewhere),
    act: acts.put,
    console: 2,
    outcome: FAILED
  },
  // 10
  {
    what: 'a preflight that is answered 401 by something in front',
    section: 'preflight-status',
    server: preflight(401, sends),
    act: acts.put,
    console: 2,
    outcome: FAILED
  },
  // 11
  {
    what: 'a preflight that is redirected',
    section: 'preflight-redirect',
    server: preflight(301, (app) => ({ ...sends(app), location: '/elsewhere' })),
    act: acts.put,
    console: 2,
    outcome: FAILED
  },
  // 12
  {
    what: 'a header that allowedHeaders leaves out',
    section: 'header-not-allowed',
    server: ours((app) => ({ origin: app, allowedHeaders: ['x-other'] })),
    act: acts.getWithHeader,
    console: 2,
    outcome: FAILED
  }, {
    what: 'the page sends Access-Control-Allow-Origin',
    section: 'header-not-allowed',
    server: ours((app) => ({ origin: app, allowedHeaders: ['x-other'] })),
    act: acts.getWithCorsHeader,
    console: 2,
    outcome: FAILED
  },
  // 13
  {
    what: 'a method that methods leaves out',
    section: 'method-not-allowed',
    server: ours((app) => ({ origin: app, methods: ['GET'] })),
    act: acts.put,
    console: 2,
    outcome: FAILED
  },
  // 14
  {
    what: 'a redirect to another origin',
    section: 'redirected-from',
    server: raw((app) => (request, response) => {
      const there = `http://other.example.com:${request.headers.host!.split(':')[1]}/elsewhere`
      response.writeHead(302, { ...sends(app), location: request.url === '/api/time' ? there : '/' })
      response.end()
    }),
    act: acts.get,
    console: 2,
    outcome: FAILED
  },
  // 15
  {
    what: 'a page of the internet asks a server of this machine',
    section: 'local-network-access',
    server: raw(() => (_request, response) => {
      response.writeHead(200, { 'access-control-allow-origin': '*' })
      response.end()
    }, true),
    act: acts.get,
    page: 'https',
    console: 2,
    outcome: FAILED
  },
  // 16
  {
    what: 'REST over http from a page over https',
    section: 'mixed-content',
    server: ours(allowed),
    act: acts.get,
    page: 'https',
    console: 1,
    outcome: FAILED
  }, {
    what: 'polling over http from a page over https',
    section: 'mixed-content',
    server: ours(allowed),
    act: acts.polling,
    page: 'https',
    console: 1,
    outcome: { message: 'xhr poll error', description: 0 }
  }, {
    what: 'ws: from a page over https',
    section: 'mixed-content',
    server: ours(allowed),
    act: acts.webSocket,
    page: 'https',
    console: 1,
    outcome: undefined
  },
  // 17
  {
    what: 'connect-src without the server, REST',
    section: 'content-security-policy',
    server: ours(allowed),
    act: acts.get,
    page: 'csp',
    console: 2,
    outcome: FAILED
  }, {
    what: 'connect-src without the server, WebSocket',
    section: 'content-security-policy',
    server: ours(allowed),
    act: acts.webSocket,
    page: 'csp',
    console: 1,
    outcome: undefined
  },
  // 18
  {
    what: 'a WebSocket from a page that is not listed',
    section: '403-forbidden',
    server: ours(elsewhere),
    act: acts.overWebSocket,
    console: 1,
    outcome: { message: 'websocket error' }
  }, {
    what: 'one\'s own page behind a proxy that does not pass Host',
    section: '403-forbidden',
    server: behind(ours(() => ({})), () => ({
      answers: servePage,
      headers: (headers) => { headers.host = '127.0.0.1:3001' }
    })),
    act: acts.polling,
    page: 'own',
    console: 1,
    outcome: { message: 'xhr post error', description: 403 }
  },
  // 19
  {
    what: 'a proxy that drops Upgrade',
    section: '400-bad-request',
    server: behind(ours(allowed)),
    act: acts.overWebSocket,
    console: 1,
    outcome: { message: 'websocket error' }
  }, {
    what: 'a session that is on another process',
    section: '400-bad-request',
    server: behind(ours(allowed), () => ({
      answers: (request) => {
        // only CONNECT: the poll beside it would tell of the same
        if (request.method === 'POST') request.url = request.url!.replace(/sid=[\w-]+/, 'sid=gone')
        return false
      }
    })),
    act: acts.polling,
    console: 1,
    outcome: { message: 'xhr post error', description: 400 }
  }, {
    what: 'a transport that the server leaves out',
    section: '400-bad-request',
    server: ours(allowed, { transports: ['websocket'] }),
    act: acts.polling,
    console: 1,
    outcome: { message: 'xhr poll error', description: 400 }
  }, {
    what: 'an old client over WebSocket',
    section: '400-bad-request',
    server: ours(allowed),
    act: acts.oldWebSocket,
    console: 1,
    outcome: CLOSED
  }, {
    what: 'a proxy that drops the query',
    section: '400-bad-request',
    server: behind(ours(allowed), () => ({
      answers: (request) => {
        request.url = request.url!.replace(/\?.*/, '')
        return false
      }
    })),
    act: acts.polling,
    console: 1,
    outcome: { message: 'xhr poll error', description: 400 }
  }, {
    what: 'a proxy that changes the method',
    section: '400-bad-request',
    server: behind(ours(allowed), () => ({
      answers: (request) => {
        request.method = 'PUT'
        return false
      }
    })),
    act: acts.polling,
    console: 1,
    outcome: { message: 'xhr poll error', description: 400 }
  },
  // 20
  {
    what: 'another path, polling',
    section: '404-not-found',
    server: ours(allowed, { path: '/ws' }),
    act: acts.polling,
    console: 1,
    outcome: { message: 'xhr poll error', description: 404 }
  }, {
    what: 'another path, WebSocket',
    section: '404-not-found',
    server: ours(allowed, { path: '/ws' }),
    act: acts.overWebSocket,
    console: 1,
    outcome: { message: 'websocket error' }
  },
  {
    what: 'a path that is taken for a namespace',
    section: '404-not-found',
    // without the log: the client leaves, and a poll of its may come after its session
    server: async (t, app) => ({ port: (await ours(allowed)(t, app)).port }),
    act: acts.namespace,
    console: 0,
    outcome: { message: 'Invalid namespace' }
  },
  // 21
  {
    what: 'a WebSocket that meets a web page',
    section: 'answered-by-something-else',
    server: upgrade(200),
    act: acts.webSocket,
    console: 1,
    outcome: CLOSED
  }, {
    what: 'a WebSocket that is redirected',
    section: 'answered-by-something-else',
    server: upgrade(301),
    act: acts.webSocket,
    console: 1,
    outcome: CLOSED
  }, {
    what: 'polling that meets a web page',
    section: 'answered-by-something-else',
    server: answer(200, sends),
    act: acts.polling,
    console: 0,
    outcome: { message: 'server error' }
  },
  // 22
  {
    what: 'a WebSocket through a proxy without upstream',
    section: '502-503-504',
    server: upgrade(502),
    act: acts.webSocket,
    console: 1,
    outcome: CLOSED
  }, {
    what: 'polling through a proxy without upstream, which writes the header',
    section: '502-503-504',
    server: answer(502, sends),
    act: acts.polling,
    console: 1,
    outcome: { message: 'xhr poll error', description: 502 }
  },
  // 23
  {
    what: 'https to a port that speaks http',
    section: 'http-and-https-mixed-up',
    server: async (t, app) => ({ ...await ours(allowed)(t, app), scheme: 'https' }),
    act: acts.get,
    console: 1,
    outcome: FAILED
  }, {
    what: 'http to a port that speaks https',
    section: 'http-and-https-mixed-up',
    server: async (t, app) => ({ ...await raw(() => () => {}, true)(t, app), scheme: 'http' }),
    act: acts.get,
    console: 1,
    outcome: FAILED
  }, {
    what: 'ws: to a port that speaks https',
    section: 'http-and-https-mixed-up',
    server: async (t, app) => ({ ...await raw(() => () => {}, true)(t, app), scheme: 'http' }),
    act: acts.webSocket,
    console: 1,
    outcome: CLOSED
  },
  // 24
  {
    what: 'a certificate of one\'s own, REST',
    section: 'certificate',
    server: raw(() => () => {}, true),
    act: acts.get,
    console: 1,
    outcome: FAILED
  }, {
    what: 'a certificate of one\'s own, WebSocket',
    section: 'certificate',
    server: raw(() => () => {}, true),
    act: acts.webSocket,
    console: 1,
    outcome: CLOSED
  },
  // 25
  {
    what: 'a page that closes the socket at once',
    section: 'closed-before-established',
    server: ours(allowed),
    act: acts.closeAtOnce,
    console: 1,
    outcome: CLOSED
  },
  // 26
  {
    what: 'helmet keeps the client\'s file back',
    section: 'blocked-by-response',
    server: async (t, app) => logging(t, { cors: allowed(app) }, async (server) => {
      await server.register(import('@fastify/helmet'))
    }),
    act: acts.script,
    console: 1,
    outcome: 'error'
  },
  // 27
  {
    what: 'JSONP of Socket.IO 2\'s client',
    section: 'jsonp',
    server: ours(allowed, { allowEIO3: true }),
    act: acts.jsonp,
    page: 'old',
    console: 0,
    outcome: { message: 'jsonp poll error' }
  }
]
