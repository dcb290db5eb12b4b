import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'

export const ORIGIN = 'https://app.example.com'

/** A connected client of Socket.IO 4, closed when the test ends. */
export async function connect (
  t: Pick<TestContext, 'after'>, url: string, options: Partial<ManagerOptions & SocketOptions> = {}
): Promise<Socket> {
  const socket = client(t, url, options)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  return socket
}

export function client (
  t: Pick<TestContext, 'after'>, url: string, options: Partial<ManagerOptions & SocketOptions> = {}
): Socket {
  const socket = io(url, { forceNew: true, reconnection: false, extraHeaders: { origin: ORIGIN }, ...options })
  t.after(() => { socket.close() })
  return socket
}

/** Waits until polling has become WebSocket. */
export async function upgraded (socket: Socket): Promise<void> {
  const { engine } = socket.io
  if (engine.transport.name !== 'websocket') await once(engine as never, 'upgrade')
}
