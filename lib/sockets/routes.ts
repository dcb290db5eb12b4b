import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { isStale } from '../http/decide-again.ts'
import { takeLateDecorators } from '../http/late-decorators.ts'
import { inOneWrite } from '../http/one-write.ts'
import { prepareHandOver, handOver, sendIfStillRight, setHeaders } from '../http/reply-handover.ts'
import type { SocketServer } from './server.ts'
import { ownerOfRequest, JSONP } from './session/owner.ts'
import { isUpgrade, kOwner, kRoute, type SocketRequest, takeHead } from '../http/request-marks.ts'
import { serveClientFile } from './upstream/socket-io.ts'

/** Files of Socket.IO's own client, as its server names them. */
const CLIENT_FILES = ['esm.min.js', 'js', 'min.js', 'msgpack.min.js'].flatMap((
  end
) => [`socket.io.${end}`, `socket.io.${end}.map`])

/** Engine.IO itself turns down every method but GET and POST, with its own error. */
const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'PATCH', 'DELETE'] as const

/** Engine.IO's code for it. */
const BAD_METHOD = 2

/** The path of the socket route, without the scope's prefix: Engine.IO's rule for the trailing slash. */
export function socketPath (config: Config): string {
  const path = (config.prefix + (config.serverOptions.path ?? '/socket.io')).replace(/\/$/, '')
  return config.serverOptions.addTrailingSlash === false && path !== '' ? path : `${path}/`
}

/**
 * Registers the routes of Socket.IO: long-polling, upgrades, and the client's files.
 *
 * Each kind has its scope: a request's scope says what it is, and bodies must stay unread for the engine, whose
 * `maxHttpBufferSize` governs them. Hooks of the outer scope apply here too, also those added later.
 */
export async function registerSocketRoutes (
  app: FastifyInstance,
  config: Config,
  sockets: SocketServer
): Promise<void> {
  const path = socketPath(config)
  const options = {
    logLevel: config.logLevel,
    ...(config.logSerializers !== undefined && { logSerializers: config.logSerializers }),
    exposeHeadRoute: false,
    schema: { hide: true } as object,
    // fastify-raw-body reads the body of each route that does not say so: the engine would wait for it
    config: { rawBody: false } as object
  }
  await app.register(async function socketIOPreflights (scope) {
    // Preflights never come here. Other OPTIONS requests get Engine.IO's error directly: handOver() would cost more.
    takeLateDecorators(app, scope)
    scope.decorateRequest(kRoute, { getter: () => 'engine' })
    takeAnyBody(scope)
    scope.route({
      ...options,
      method: 'OPTIONS',
      url: path,
      handler: (request, reply) => {
        sockets.engine.refused(request.raw, BAD_METHOD, { method: 'OPTIONS' })
        reply.code(400).send({ code: BAD_METHOD, message: 'Bad handshake method' })
      }
    })
  })
  await app.register(async function socketIOSessions (scope) {
    takeLateDecorators(app, scope)
    scope.decorateRequest(kRoute, { getter: () => 'engine' })
    prepareHandOver(scope)
    takeAnyBody(scope)
    scope.route({ ...options, method: [...METHODS], url: path, handler: engineHandler(sockets) })
  })
  if (!sockets.io.serveClient()) return
  await app.register(async function socketIOClient (scope) {
    takeLateDecorators(app, scope)
    scope.decorateRequest(kRoute, { getter: () => 'client' })
    prepareHandOver(scope)
    for (const file of CLIENT_FILES) {
      const next = ({ raw }: FastifyRequest, response: ServerResponse): void => {
        sendClientFile(sockets.io, file, raw, response)
      }
      const how = { status: 200, next } as const
      scope.get(`${path.replace(/\/$/, '')}/${file}`, options, (_request, reply) => handOver(reply, how))
    }
  })
}

function sendClientFile (io: object, file: string, raw: IncomingMessage, response: ServerResponse): void {
  setHeaders(response)
  // Node tells a response that waits behind another one nothing when its client leaves: its file would stay open.
  raw.once('close', () => { if (response.socket === null && !response.writableFinished) response.emit('close') })
  serveClientFile(io, file, raw, response)
}

/** Bodies are left unread for the engine. */
function takeAnyBody (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  // Fastify keeps the parser of a type in a cache, but not the one for all others: text/plain is what clients send. An
  // echo by polling costs 7 % less.
  for (const type of ['text/plain', '*']) scope.addContentTypeParser(type, (_request, _payload, done) => done(null))
}

function engineHandler ({ engine }: SocketServer) {
  const poll = {
    status: 200,
    next ({ raw }: FastifyRequest, response: ServerResponse): void {
      engine.handleRequest(raw as SocketRequest, response)
    }
  } as const
  const opening = {
    status: 200,
    // a token is no session yet, but an origin that an update has refused meanwhile is to hear so
    holds: (request: FastifyRequest): boolean => !isStale(request, engine.policy),
    next (request: FastifyRequest, response: ServerResponse): void {
      const raw = request.raw as SocketRequest
      raw.fastifyRequest = request
      raw[kOwner] = ownerOfRequest(request)
      engine.handleRequest(raw, response)
    }
  } as const
  const upgrade = {
    status: 101,
    next ({ raw }: FastifyRequest, response: ServerResponse): void {
      engine.upgrade(raw as SocketRequest, response, takeHead(raw))
    }
  } as const
  return (request: FastifyRequest, reply: FastifyReply): void => {
    // Defence in depth: without an allowing decision, refuse.
    if (!engine.admits(request.originDecision)) {
      reply.code(403).send()
      return
    }
    const raw = request.raw as SocketRequest
    // The client has gone while the hooks ran: its session would only wait for its timeout.
    if (raw.socket?.destroyed) {
      reply.hijack()
      return
    }
    if (engine.draining && !engine.goesOn(raw)) {
      if (raw.httpVersionMajor === 1) reply.header('connection', 'close')
      reply.code(503).header('retry-after', engine.retryAfter).send()
      return
    }
    const upgrading = isUpgrade(raw)
    if (!upgrading) inOneWrite(reply.raw)
    const owner = raw._query.j === undefined ? ownerOfRequest(request) : JSONP
    const stale = upgrading || isStale(request, engine.policy)
    const open = stale ? undefined : engine.openPacket(raw, raw._query, owner)
    if (open !== undefined) {
      // A hook may have set that of its API. Without one, a string is sent as text in UTF-8.
      if (reply.hasHeader('content-type')) reply.removeHeader('content-type')
      sendIfStillRight(reply.header('cache-control', 'no-store'), open, opening)
      return
    }
    raw.fastifyRequest = request
    raw[kOwner] = owner
    handOver(reply, upgrading ? upgrade : poll)
  }
}
