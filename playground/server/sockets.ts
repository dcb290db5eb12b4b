import type { Recorder } from './recorder.ts'

/** What both Socket.IO servers have of what is used here; their types differ. */
interface SocketServer {
  readonly engine: { on (event: 'connection', listener: (session: Session) => void): void }
  on (event: 'connection', listener: (socket: Socket) => void): void
}

interface Session {
  readonly request: { readonly _query?: Readonly<Record<string, unknown>> }
}

interface Socket {
  readonly conn: { readonly transport: { readonly name: string } }
  readonly handshake: {
    readonly query: Readonly<Record<string, unknown>>
    readonly headers: { readonly cookie?: string | undefined }
  }
  emit (event: string, ...args: unknown[]): unknown
  on (event: string, listener: (...args: any[]) => void): unknown
}

/** Tells the recorder of sessions and sockets, and answers `echo`. */
export function serveSockets (io: SocketServer, recorder: Recorder): void {
  io.engine.on('connection', ({ request }) => {
    const { probe } = request._query ?? {}
    if (probe !== undefined) recorder.ran('A session was made', probe)
  })
  io.on('connection', (socket) => {
    const { query: { probe }, headers: { cookie = '' } } = socket.handshake
    const visitor = /(?:^|; )visitor=([\w-]{1,40})/.exec(cookie)?.[1]
    if (probe !== undefined) {
      recorder.ran(`A socket joined${visitor === undefined ? '' : ` as ${visitor}`}`, probe)
    }
    socket.emit('hello', { transport: socket.conn.transport.name, visitor })
    socket.on('echo', (text: unknown, reply: unknown) => {
      if (typeof reply === 'function') reply(text)
    })
  })
}
