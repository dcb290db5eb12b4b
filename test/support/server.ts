import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import fastifyIO, { type FastifyIOOptions } from '../../lib/index.ts'

export interface Running {
  readonly app: FastifyInstance
  readonly port: number
  /** The server's own origin. */
  readonly own: string
}

/** A listening server with the plugin, closed when the test ends. */
export async function start (
  t: Pick<TestContext, 'after'>,
  options: FastifyIOOptions = {},
  setUp: (app: FastifyInstance) => unknown = () => {},
  server: FastifyServerOptions = {}
): Promise<Running> {
  const app = Fastify(server)
  await app.register(fastifyIO, options)
  await setUp(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => app.close())
  const { port } = app.server.address() as AddressInfo
  return { app, port, own: `http://127.0.0.1:${port}` }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Ask {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

/** One request on a new connection. An upgrade that succeeds is ended and answered as status 101. */
export function ask (port: number, path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on(
        'end',
        () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() })
      )
      response.on('error', reject)
    })
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: 101, headers: response.headers, body: '' })
    })
    request.on('error', reject)
    request.end(body)
  })
}

export const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
}
export const POLLING = '/socket.io/?EIO=4&transport=polling'
export const WEBSOCKET = '/socket.io/?EIO=4&transport=websocket'

/** A handshake of each kind, polling first. */
export async function askBoth (port: number, headers: OutgoingHttpHeaders = {}): Promise<[Answer, Answer]> {
  return [await ask(port, POLLING, { headers }), await ask(port, WEBSOCKET, { headers: { ...headers, ...UPGRADE } })]
}

/** The `sid` of an open packet. */
export function sidOf ({ body }: Answer): string {
  return (JSON.parse(body.slice(1)) as { sid: string }).sid
}

/** The names of all CORS headers of an answer. */
export function corsHeaders ({ headers }: Answer): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'))
}
