import { once } from 'node:events'
import { Agent, createServer, request, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** Chooses the port that a request goes to. */
export type Route = (request: IncomingMessage, ports: readonly number[]) => number

/** Round robin, one request after the other. */
export function roundRobin (): Route {
  let next = 0
  return (_request, ports) => ports[next++ % ports.length]!
}

/** As nginx's `hash $arg_sid`: handshakes anywhere, all that follows on one process. */
export function bySid (): Route {
  const anywhere = roundRobin()
  return (request, ports) => {
    const sid = new URL(request.url!, 'http://balancer').searchParams.get('sid')
    if (sid === null) return anywhere(request, ports)
    let hash = 0
    for (let at = 0; at < sid.length; at++) hash = (hash * 31 + sid.charCodeAt(at)) >>> 0
    return ports[hash % ports.length]!
  }
}

/** A balancer in front of several processes. @returns its URL */
export async function balancer (
  t: Pick<TestContext, 'after'>, ports: readonly number[], route: Route
): Promise<string> {
  const agent = new Agent({ keepAlive: true })
  const sockets = new Set<Socket>()
  const options = (req: IncomingMessage) => ({
    host: '127.0.0.1',
    port: route(req, ports),
    path: req.url!,
    method: req.method!,
    headers: req.headers
  })
  const server = createServer((req, res) => {
    const onwards = request({ ...options(req), agent }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    onwards.on('error', () => res.destroy())
    res.on('close', () => { if (!res.writableEnded) onwards.destroy() })
    req.pipe(onwards)
  })
  server.on('upgrade', (req, socket: Socket, head) => {
    const { port, path, headers } = options(req)
    const onwards = connectTcp(port, '127.0.0.1', () => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
      onwards.write(`GET ${path} HTTP/1.1\r\n${lines}\r\n`)
      onwards.write(head)
      socket.pipe(onwards).pipe(socket)
    })
    for (const [one, other] of [[socket, onwards], [onwards, socket]] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => { sockets.delete(one); other.destroy() })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
    for (const socket of sockets) socket.destroy()
    agent.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
