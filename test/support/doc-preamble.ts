// What a code block of the documents may take as given when it goes on where its page began. The same for all pages.
import type { FastifyInstance, fastify } from 'fastify'
import type { CorsOptions, default as plugin, FastifyIOSocket, PolicyStore } from 'fastify-io'
import type { createClient } from 'redis'
import type { io as connect } from 'socket.io-client'

type Redis = ReturnType<typeof createClient>

export declare const Fastify: typeof fastify
export declare const fastifyIO: typeof plugin
export declare const app: FastifyInstance
export declare const cors: CorsOptions
/** A secret of 32 bytes. */
export declare const handshakeSecret: string
export declare const secret: string
/** On the server. */
export declare const socket: FastifyIOSocket
export declare const user: { readonly id: string }
export declare const client: Redis
export declare const pub: Redis
export declare const sub: Redis
export declare const read: PolicyStore['read']
export declare const write: PolicyStore['write']
export declare const watch: NonNullable<PolicyStore['watch']>
/** In a page, by the script that the server serves. */
export declare const io: typeof connect
