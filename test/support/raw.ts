import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { ask, POLLING, sidOf, UPGRADE } from './server.ts'

/** The header lines of a WebSocket upgrade. */
export const UPGRADE_LINES = linesOf(UPGRADE)

export function linesOf (headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
}

/** A TCP connection that has sent these bytes; it is destroyed when the test ends. */
export async function sent (t: Pick<TestContext, 'after'>, port: number, bytes: string | Buffer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  // a reset is one of the answers that tests wait for
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}

/** Sends bytes as they are. @returns everything that comes back until the server ends the connection */
export async function exchange (port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

/** How many connections the server holds. */
export function connections (app: Pick<FastifyInstance, 'server'>): Promise<number> {
  return new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)))
}

/** The `sid` of a polling session that has joined the main namespace. */
export async function joined (port: number): Promise<string> {
  const sid = sidOf(await ask(port, POLLING))
  await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', body: '40' })
  await ask(port, `${POLLING}&sid=${sid}`)
  return sid
}
