import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** What a proxy does to one request beside passing it on. */
export interface Pass {
  /** Changes the request's headers before they are passed on. */
  readonly headers?: (headers: IncomingMessage['headers']) => void
  /** Writes header lines beside those of the upstream: names and values in turn. */
  readonly adds?: readonly string[]
  /** Answers instead of the upstream. @returns whether it has */
  readonly answers?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/**
 * A reverse proxy without further settings: it passes bodies on as they come, and drops the hop-by-hop headers, Upgrade
 * among them (RFC 9110, section 7.6.1). Closed when the test ends.
 *
 * @param upstream port on 127.0.0.1; a port where nobody listens gives 502
 * @returns its port
 */
export async function proxy (t: Pick<TestContext, 'after'>, upstream: number, pass: Pass = {}): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    if (pass.answers?.(incoming, outgoing)) return
    const headers = { ...incoming.headers }
    delete headers.upgrade
    headers.connection = 'close'
    pass.headers?.(headers)
    const { url: path, method } = incoming
    const onward = httpRequest({ port: upstream, host: '127.0.0.1', path, method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode!, [...answer.rawHeaders, ...pass.adds ?? []])
      answer.pipe(outgoing)
    })
    onward.on('error', () => {
      if (!outgoing.headersSent) outgoing.writeHead(502)
      outgoing.end()
    })
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  return listening(t, server)
}

/** Has a server listen on a free port of 127.0.0.1; it is closed, with its connections, when the test ends. */
export async function listening (
  t: Pick<TestContext, 'after'>,
  server: ReturnType<typeof createServer>
): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  }))
  return (server.address() as AddressInfo).port
}

/** @returns a port of 127.0.0.1 on which nobody listens */
export async function deadPort (): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
