import type { IncomingMessage } from 'node:http'
import { show } from '../text.ts'

/** What Engine.IO tells of a request that it turns down: its `connection_error` event. */
export interface EngineError {
  readonly req: IncomingMessage & { readonly _query?: Readonly<Record<string, string>> }
  /** Engine.IO's: 0 to 5. */
  readonly code: number
  readonly message: string
  readonly context?: {
    readonly name?: string
    readonly message?: unknown
    readonly method?: string
    readonly transport?: string
    readonly error?: unknown
  }
}

/** Ends a handshake that nobody waits for any more, or whose refusal is told already. */
export class GivenUp extends Error {}

/** Why Engine.IO turned a request down. */
export type EngineReason =
  | 'transport'
  | 'session-unknown'
  | 'foreign-session'
  | 'session'
  | 'upgrade'
  | 'method'
  | 'protocol'
  | 'forbidden'
  | 'middleware'
  | 'generate-id'
  | 'bad-request'

/** Engine.IO's codes, in their order. */
const BY_CODE: readonly EngineReason[] = [
  'transport', 'session-unknown', 'method', 'bad-request', 'forbidden', 'protocol'
]

/** By `context.name`. */
const BY_NAME: Readonly<Record<string, EngineReason>> = {
  ORIGIN_MISMATCH: 'session',
  FOREIGN_SESSION: 'foreign-session',
  MIDDLEWARE_FAILURE: 'middleware',
  ID_GENERATION_ERROR: 'generate-id'
}

/** The origin hook has told of these. */
const TOLD = new Set(['ORIGIN_REFUSED', 'JSONP_REFUSED'])

const STICKY = 'Let the balancer hash on the query\'s sid (nginx: hash $arg_sid consistent), or make sessions sticky.'
const SPREAD = 'requests of one session reach several processes.'
const NGINX_UPGRADE = 'nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; ' +
  'proxy_set_header Connection "upgrade".'

/** Each sentence begins with Engine.IO's own words, which are the client's, too. */
const HINTS: Readonly<Record<EngineReason, (error: EngineError) => string>> = {
  transport ({ message, context }) {
    const known = context?.transport === 'polling' || context?.transport === 'websocket'
    if (!known) return `${message}: the query names none. Look for a health check, or a proxy that drops the query.`
    return `${message}: the server's option transports leaves out "${context.transport}". Give clients the same list.`
  },
  'session-unknown' ({ message }) {
    return `${message}: this process has no such session. Once is usual after a restart or a timeout: the client ` +
      `connects again. If it goes on, ${SPREAD} ${STICKY}`
  },
  'foreign-session' ({ message }) {
    return `${message}: ${SPREAD} ${STICKY} Beside @socket.io/sticky leave out handshakeSecret.`
  },
  session ({ message }) {
    return `${message} to this origin: the session belongs to the origin that opened it. ` +
      'If both are one page behind a proxy, set trustProxy; else a session ID has leaked.'
  },
  upgrade ({ message }) {
    return `${message}: a WebSocket request came without Upgrade. A proxy drops the Upgrade header. ${NGINX_UPGRADE}`
  },
  method ({ message, context }) {
    return `${message}: a session begins with GET, and goes on with GET and POST. This was ${show(context?.method)}: ` +
      'no Socket.IO client sent it, or a proxy dropped the query.'
  },
  protocol ({ message }) {
    return `${message}: it is a Socket.IO 2 client, or its query has no EIO=4. ` +
      'Update the client, or set allowEIO3: true.'
  },
  forbidden ({ message, context }) {
    const given = context?.message
    const why = typeof given === 'string' && given !== message ? `: ${show(given)}` : ''
    return `${message}: allowRequest refused it${why}.`
  },
  middleware: ({ message }) => `${message}: a middleware of app.io.engine.use() threw, or passed an error on.`,
  'generate-id': ({ message }) => `${message}: app.io.engine.generateId failed.`,
  'bad-request' ({ req, message, context }) {
    if (context?.name === 'TRANSPORT_MISMATCH' && req.headers.upgrade !== undefined) {
      return `${message} ("TRANSPORT_MISMATCH"): the request has an Upgrade header, and its transport is not ` +
        'websocket. A proxy adds Upgrade to every request: let it pass on what the client sends ' +
        '(nginx: map $http_upgrade $connection_upgrade).'
    }
    if (context?.name === 'WEBSOCKET_HANDSHAKE') {
      return `${message}: ${show(context.message)}. A proxy changes it, or this was no WebSocket client.`
    }
    const name = context?.name === undefined ? '' : ` (${show(context.name)})`
    return `${message}${name}: the request does not fit the session that it names. No Socket.IO client sends this.`
  }
}

/** The reason of a refusal, or `undefined` when the log has it already. */
export function engineReason ({ req, code, context }: EngineError, upgrade: boolean): EngineReason | undefined {
  const name = context?.name
  if ((name !== undefined && TOLD.has(name)) || context?.error instanceof GivenUp) return undefined
  if (name !== undefined && Object.hasOwn(BY_NAME, name)) return BY_NAME[name]!
  const reason = BY_CODE[code] ?? 'bad-request'
  // Engine.IO has three errors for it: of a handshake, of a live session, and of one that is not open yet.
  const dropped = !upgrade && req._query?.transport === 'websocket'
  return dropped && (reason === 'bad-request' || reason === 'session-unknown') ? 'upgrade' : reason
}

/** What to change. */
export function engineHint (reason: EngineReason, error: EngineError): string {
  return HINTS[reason](error)
}
