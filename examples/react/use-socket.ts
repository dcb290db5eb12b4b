import { useEffect, useState } from 'react'
import { io, type Socket } from 'socket.io-client'

type Events<T> = { [Name in keyof T]: (...args: never[]) => void }

/** Why there is no connection. */
export interface ConnectFailure {
  /** `err.message`: the text of the server's middleware, or `xhr poll error`, `websocket error`, `timeout`. */
  readonly message: string
  /** `err.data`: what the server's middleware gave with its error. */
  readonly data?: unknown
  /** The HTTP status, if the page may read it. A browser hides it (0) where the page's origin is refused. */
  readonly httpStatus?: number
  /** Whether the client tries again. After an error of the server's middleware it does not. */
  readonly retries: boolean
}

export type Connection =
  | { readonly status: 'connecting' | 'connected' }
  | { readonly status: 'failed', readonly failure: ConnectFailure }
  | { readonly status: 'disconnected', readonly reason: string, readonly httpStatus?: number }

type ConnectError = Error & { readonly data?: unknown }

/** The HTTP status of the request that failed; of WebSockets, browsers tell none. */
function httpStatusOf (details: unknown): { readonly httpStatus?: number } {
  const { context } = (details ?? {}) as { readonly context?: { readonly status?: number } }
  return typeof context?.status === 'number' ? { httpStatus: context.status } : {}
}

/**
 * One connection for as long as the component is mounted.
 *
 * @param url of the server; `''` is the page's own origin
 * @param token goes to the server's middleware as `socket.handshake.auth.token`; another token makes another connection
 * @returns the socket, for `emit` and for `on` in an effect; `undefined` before the first effect
 */
export function useSocket<Received extends Events<Received>, Sent extends Events<Sent>> (
  url: string, token: string
): { readonly socket: Socket<Received, Sent> | undefined, readonly connection: Connection } {
  const [socket, setSocket] = useState<Socket<Received, Sent>>()
  const [connection, setConnection] = useState<Connection>({ status: 'connecting' })

  useEffect(() => {
    // `forceNew`: a Manager that is shared keeps the connection of the old token open
    const made = io(url, { autoConnect: false, forceNew: true, auth: { token } })
    // the events of the connection are typed, those of the component's types are not known here
    const own = made as unknown as Socket<Record<string, never>, Record<string, never>>
    own.on('connect', () => setConnection({ status: 'connected' }))
    // also without a `connect` before: the handshake was answered, and what followed was refused
    own.on('disconnect', (reason, details) =>
      setConnection({ status: 'disconnected', reason, ...httpStatusOf(details) }))
    own.on('connect_error', (error: ConnectError) => {
      setConnection({
        status: 'failed',
        failure: {
          message: error.message,
          ...(error.data !== undefined && { data: error.data }),
          ...httpStatusOf(error),
          retries: made.active
        }
      })
    })
    setSocket(made as unknown as Socket<Received, Sent>)
    setConnection({ status: 'connecting' })

    // StrictMode runs each effect, its clean-up and the effect again: what is cleaned up at once never connects
    let unmounted = false
    queueMicrotask(() => { if (!unmounted) made.connect() })
    return () => {
      unmounted = true
      made.off()
      made.disconnect()
    }
  }, [url, token])

  return { socket, connection }
}
