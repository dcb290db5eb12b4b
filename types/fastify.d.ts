// What registering the plugin adds to the types of Fastify and of Node's requests. It reads the package by its name,
// so that the same file is right beside `lib/` (tsconfig's `paths`) and beside `dist/` (package.json's `exports`).
import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { CorsOptions, Decision, FastifyIOServer, NarrowedOrigin, OriginPolicy } from 'fastify-io'

declare module 'fastify' {
  interface FastifyInstance {
    /** The Socket.IO server of this scope, typed by `SocketTypes`. */
    io: FastifyIOServer
    /** The origin policy that governs this scope's routes and its Socket.IO server. */
    originPolicy: OriginPolicy
    /**
     * A stricter policy for a namespace, a route or a scope.
     *
     * @throws ConfigError for what the server's own policy does not allow
     */
    narrowOrigin (cors: CorsOptions): NarrowedOrigin
  }

  interface FastifyRequest {
    /** What the policy said of this request's origin. */
    originDecision: Decision
  }

  interface FastifyReply {
    /**
     * `reply.hijack()` that keeps the headers which hooks have set so far (CORS, Vary, cookies): copies them onto the
     * raw response and returns it, for routes that write a stream or server-sent events themselves.
     */
    hijackWithCors (): ServerResponse
  }
}

declare module 'http' {
  interface IncomingMessage {
    /**
     * The Fastify request of a Socket.IO handshake, with everything that hooks have decorated it with:
     * `socket.request.fastifyRequest`. Absent from requests that are no handshake.
     */
    fastifyRequest?: FastifyRequest
  }
}
