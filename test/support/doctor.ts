import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server as HttpServer } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer as createTcp, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { Server, type ServerOptions } from 'socket.io'
import type { Report } from '../../lib/cli/doctor/report/schema.ts'
import { run } from '../../lib/cli/run.ts'

type Test = Pick<TestContext, 'after'>

/** The page of most tests. */
export const PAGE = 'https://app.example.com'

/** Fastify's own, for the schema that ships. */
const Ajv = createRequire(createRequire(import.meta.url).resolve('@fastify/ajv-compiler'))('ajv').default
const validate = new Ajv({ strict: true, allErrors: true })
  .compile(JSON.parse(readFileSync(new URL('../../doctor.schema.json', import.meta.url), 'utf8')))

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the command line in this process. */
export async function cli (
  args: readonly string[],
  { env = {}, tty = false }: { env?: Record<string, string>, tty?: boolean } = {}
): Promise<Ran> {
  let out = ''
  let err = ''
  const code = await run(args, {
    out: (text) => { out += text },
    err: (text) => { err += text },
    env,
    isTerminal: tty,
    showsProgress: tty,
    columns: 80
  })
  return { code, out, err }
}

export interface Diagnosis extends Report {
  readonly code: number
  /** Codes of the findings that are no attacks, sorted. */
  readonly faults: readonly string[]
  /** Codes of all findings, sorted. */
  readonly codes: readonly string[]
}

/** Attacks have codes of these beginnings. */
const ATTACK = /^(?:CSWSH|SESSION_FOR_STRANGER|ORIGIN_(?!REFUSED)|SID_UNBOUND|JSONP_OPEN|REBINDING)/

/** Runs the doctor; its JSON must be what its schema says, and its exit code what its findings say. */
export async function diagnose (url: string, ...args: readonly string[]): Promise<Diagnosis> {
  const page = args.includes('--origin') ? [] : ['--origin', PAGE]
  const { code, out, err } = await cli(['doctor', url, '--json', ...page, ...args])
  assert.equal(err, '')
  const report = JSON.parse(out) as Report
  assert.ok(validate(report), JSON.stringify(validate.errors))
  const isBad = report.findings.some(({ severity }) => severity === 'critical' || severity === 'error')
  assert.equal(code, isBad ? 1 : 0)
  const codes = report.findings.map((finding) => finding.code).sort()
  return { ...report, code, codes, faults: codes.filter((name) => !ATTACK.test(name)) }
}

export interface Stock {
  readonly io: Server
  readonly server: HttpServer
  readonly port: number
  readonly url: string
}

/** A server of Socket.IO alone. */
export async function stock (
  t: Test,
  options: Partial<ServerOptions> = {},
  listener?: RequestListener
): Promise<Stock> {
  const server = createServer(listener ?? ((_request, response) => { response.writeHead(404).end() }))
  const io = new Server(server, options)
  const { port, url } = await listening(t, server)
  t.after(() => io.close())
  return { io, server, port, url }
}

export interface Plain {
  readonly port: number
  readonly url: string
}

/** A plain HTTP server. */
export function http (t: Test, listener: RequestListener): Promise<Plain> {
  return listening(t, createServer(listener))
}

/** A server that is given raw connections. */
export async function tcp (t: Test, onConnection: (socket: Socket) => void): Promise<Plain> {
  const sockets = new Set<Socket>()
  const server = createTcp((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return at(server.address() as AddressInfo)
}

/**
 * A proxy for clients that send one request over each connection, as the doctor does. It passes everything on.
 *
 * @param answer may change the head of an answer
 */
export function proxy (t: Test, port: number, answer: (head: string, request: string) => string): Promise<Plain> {
  return tcp(t, (socket) => {
    const onwards = connect(port, '127.0.0.1').on('error', () => socket.destroy())
    let request = ''
    let head = ''
    socket.on('data', (chunk: Buffer) => { request += chunk.toString('latin1') })
    socket.pipe(onwards)
    socket.on('close', () => onwards.destroy())
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      onwards.off('data', read)
      socket.write(answer(head.slice(0, end), request) + head.slice(end), 'latin1')
      onwards.pipe(socket)
    }
    onwards.on('data', read).on('close', () => socket.end())
  })
}

/**
 * A proxy that serves so many connections, and fails from then on.
 *
 * @param fails takes a connection that is not served
 * @param back how many connections fail; default all
 */
export function dying (
  t: Test,
  port: number,
  serves: number,
  fails: (socket: Socket) => void,
  back = Infinity
): Promise<Plain> {
  let count = 0
  return tcp(t, (socket) => {
    count++
    if (count > serves && count <= serves + back) return fails(socket)
    const onwards = connect(port, '127.0.0.1').on('error', () => socket.destroy())
    socket.pipe(onwards).pipe(socket)
    socket.on('close', () => onwards.destroy())
  })
}

async function listening (t: Test, server: HttpServer): Promise<Plain> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return at(server.address() as AddressInfo)
}

function at ({ port }: AddressInfo): Plain {
  return { port, url: `http://127.0.0.1:${port}` }
}
