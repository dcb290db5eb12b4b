import { EventEmitter } from 'node:events'
import { Server, Socket, Transport } from 'engine.io'
import { Namespace, Server as SocketIOServer, Socket as SocketIOSocket } from 'socket.io'
import { EnginePolling } from './engine-io.ts'

/** What a class of another package must have. */
interface Part {
  /** For people: the package, and its own name for the class. */
  readonly name: string
  readonly of: { readonly prototype: object }
  readonly methods?: readonly string[]
  /** Set while it runs: the text of the class must mention `this.name`, or `this.opts.name`. */
  readonly fields?: readonly string[]
  readonly statics?: readonly string[]
}

/** Which options of Socket.IO's server decide what is needed. */
export interface Needs {
  readonly serveClient?: boolean | undefined
  readonly connectionStateRecovery?: unknown
}

/** Without these nothing can be served, or the origin policy would not hold. */
export function needed ({ serveClient, connectionStateRecovery }: Needs): Part[] {
  return [
    {
      name: 'engine.io Server',
      of: Server,
      statics: ['errors', 'errorMessages'],
      methods: [
        'verify', 'handshake', 'createTransport', 'use', '_applyMiddlewares', 'generateId', 'onWebSocket', 'close'
      ],
      fields: ['clients', 'clientsCount', 'middlewares', 'opts']
    },
    { name: 'engine.io Socket', of: Socket, methods: ['close'], fields: ['transport', 'request'] },
    { name: 'engine.io Transport', of: Transport, methods: ['onRequest', 'close'] },
    {
      name: 'socket.io Server',
      of: SocketIOServer,
      methods: ['of', 'bind', 'close', ...serveClient === false ? [] : ['serve']],
      fields: ['_nsps']
    },
    // a revoked client is told why
    { name: 'socket.io Socket', of: SocketIOSocket, methods: ['packet', 'disconnect'], fields: ['conn'] },
    // what recovery keeps is bound to its origin
    ...connectionStateRecovery
      ? [
          { name: 'socket.io Namespace', of: Namespace, methods: ['_createSocket'], fields: ['_fns'] },
          { name: 'socket.io Socket', of: SocketIOSocket, fields: ['pid', 'recovered', 'handshake'] }
        ]
      : []
  ]
}

/** Without these our own sessions and transports cannot work; Engine.IO's can. */
export function own (): Part[] {
  return [
    {
      name: 'engine.io Socket',
      of: Socket,
      methods: [
        'onOpen', 'schedulePing', 'setTransport', 'clearTransport', 'flush',
        'onPacket', 'onDrain', 'onError', 'onClose'
      ],
      fields: ['id', 'server', 'readyState', 'upgrading', 'writeBuffer', 'pingTimeoutTimer']
    },
    {
      name: 'engine.io Transport',
      of: Transport,
      methods: ['onData', 'onPacket', 'onError', 'onClose'],
      fields: ['opts', 'parser', 'supportsBinary', 'writable', 'readyState']
    },
    {
      name: 'engine.io Polling',
      of: EnginePolling,
      methods: [
        'onPollRequest', 'onDataRequest', 'onData', 'onClose', 'send', 'write', 'doWrite', 'doClose', 'headers'
      ],
      fields: [
        'req', 'res', 'dataReq', 'dataRes', 'shouldClose',
        'maxHttpBufferSize', 'maxBufferedChunks', 'httpRequestBodyTimeout', 'httpCompression'
      ]
    }
  ]
}

/** @returns the members that are missing, in words */
export function missing (parts: readonly Part[]): string[] {
  return parts.flatMap(({ name, of, methods = [], fields = [], statics = [] }) => {
    const text = textOf(of)
    return [
      ...methods.filter((method) => typeof (of.prototype as Record<string, unknown>)[method] !== 'function'),
      ...fields.filter((field) => !mentions(text, field)),
      ...statics.filter((member) => !(member in of))
    ].map((member) => `${name}.${member}`)
  })
}

/** The text of a class and of those that it extends, up to Node's. */
function textOf (of: { readonly prototype: object }): string {
  let text = ''
  // not by `prototype.constructor`: on Bun socket.io puts another there
  let part: unknown = of
  while (typeof part === 'function' && part !== EventEmitter) {
    text += String(part)
    part = Object.getPrototypeOf(part)
  }
  return text
}

/** Code that was compiled to bytes has no text that could be asked. */
function mentions (text: string, field: string): boolean {
  return !text.includes('this.') || new RegExp(`\\bthis\\.(?:opts\\.)?${field}\\b`).test(text)
}
