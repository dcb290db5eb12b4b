// What holds on other runtimes than Node: starts test/fixtures/runtime-server.mjs with each, asks it as clients do, and
// compares the table with docs/runtimes.md. Needs `npm run build`; the npm packages bring the runtimes.
//
//   npm run test:runtimes              fails when the table differs
//   npm run test:runtimes -- --write   writes it
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { io, type Socket } from 'socket.io-client'
import { fill, tableOf } from './tables.ts'

const SERVER = 'test/fixtures/runtime-server.mjs'
const PAGE = 'docs/runtimes.md'
const root = resolve(import.meta.dirname, '..')
/** ms for one check: what takes longer does not hold. */
const PATIENCE = 15_000
/** ms for a runtime to be fetched and to listen. */
const START = 120_000

/** The versions are fixed: the table says what was seen. */
const runtimes: Readonly<Record<string, readonly string[]>> = {
  Node: [process.execPath],
  'Bun 1.4.5': ['npx', '-y', 'bun@1.4.5'],
  'Deno 2.9.6': ['npx', '-y', 'deno@2.9.6', 'run', '-A']
}

const ALLOWED = 'https://app.example.com'
const OLD = 'https://old.example.com'
const STRANGER = 'https://attacker.example'
const POLLING = '/socket.io/?EIO=4&transport=polling'

type Transports = Array<'polling' | 'websocket'>
interface Answer { status: number, headers: Record<string, string | string[] | undefined>, body: string }

class Server {
  readonly #clients: Socket[] = []
  readonly port: number
  /** Of the runtime; `process` may be the npx that started it. */
  readonly pid: number
  readonly process: ChildProcess

  constructor (port: number, pid: number, process: ChildProcess) {
    this.port = port
    this.pid = pid
    this.process = process
  }

  static async start ([command, ...args]: readonly string[]): Promise<Server> {
    const child = spawn(command!, [...args, SERVER], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface(child.stdout)
    const started = new Promise<Server>((resolve, reject) => {
      lines.on('line', (line) => {
        const [, port, pid] = /^port (\d+), pid (\d+)$/.exec(line) ?? []
        if (port !== undefined) resolve(new Server(Number(port), Number(pid), child))
      })
      child.on('error', reject).on('exit', (code) => reject(new Error(`${command} ended with ${code}`)))
    })
    return await inTime(started, START)
  }

  ask (path: string, method = 'GET', headers: Record<string, string> = {}, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({ port: this.port, host: '127.0.0.1', path, method, headers, agent: false }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk) => { text += chunk })
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body: text }))
      })
      sent.on('upgrade', ({ statusCode, headers }, socket) => {
        socket.destroy()
        resolve({ status: statusCode!, headers, body: '' })
      })
      sent.on('error', reject).end(body)
    })
  }

  async connect (transports: Transports, origin = ALLOWED): Promise<Socket> {
    const options = { transports, extraHeaders: { origin }, forceNew: true, reconnection: false }
    const socket = io(`http://127.0.0.1:${this.port}`, options)
    this.#clients.push(socket)
    await new Promise<void>((resolve, reject) => { socket.on('connect', resolve).on('connect_error', reject) })
    return socket
  }

  end (): void {
    for (const client of this.#clients) client.close()
    if (this.process.exitCode === null) process.kill(this.pid, 'SIGKILL')
  }
}

/** One thing that holds, or not. The order counts: the last one stops the server. */
const checks: ReadonlyArray<readonly [what: string, holds: (server: Server) => Promise<boolean>]> = [
  ['REST: CORS headers for an allowed origin, none for a stranger', async (server) => {
    const [ours, theirs] = [await server.ask('/api/time', 'GET', { origin: ALLOWED }),
      await server.ask('/api/time', 'GET', { origin: STRANGER })]
    const [one, none] = [ours, theirs].map(({ headers }) => headers['access-control-allow-origin'])
    return one === ALLOWED && none === undefined
  }],
  ['preflight', async (server) => {
    const headers = { origin: ALLOWED, 'access-control-request-method': 'PUT' }
    const { status, headers: got } = await server.ask('/api/policy', 'OPTIONS', headers)
    return status === 204 && String(got['access-control-allow-methods']).includes('PUT')
  }],
  ['long-polling', (server) => echoes(server, ['polling'])],
  ['WebSocket', (server) => echoes(server, ['websocket'])],
  ['upgrade from polling to WebSocket', (server) => echoes(server, ['polling', 'websocket'])],
  ['a stranger\'s handshake: 403', async (server) => {
    return (await server.ask(POLLING, 'GET', { origin: STRANGER })).status === 403
  }],
  ['a stranger\'s WebSocket: 403', async (server) => {
    return (await upgrade(server, STRANGER)).status === 403
  }],
  ['headers of hooks on the 101', async (server) => {
    const { status, headers } = await upgrade(server, ALLOWED)
    return status === 101 && headers['x-hook'] === 'ran'
  }],
  ['a session answers only to its own origin', async (server) => {
    const { body } = await server.ask(POLLING, 'GET', { origin: ALLOWED })
    const { sid } = JSON.parse(body.slice(1)) as { sid: string }
    const path = `${POLLING}&sid=${sid}`
    const stolen = await server.ask(path, 'POST', { origin: OLD, 'content-type': 'text/plain' }, '40')
    const own = await server.ask(path, 'POST', { origin: ALLOWED, 'content-type': 'text/plain' }, '40')
    return stolen.status === 400 && own.status === 200
  }],
  ['a changed policy ends the sockets of an origin', async (server) => {
    const socket = await server.connect(['websocket'], OLD)
    const told = new Promise<unknown>((resolve) => { socket.on('origin_revoked', resolve) })
    const gone = new Promise((resolve) => socket.on('disconnect', resolve))
    const policy = JSON.stringify({ origin: ALLOWED, credentials: true })
    await server.ask('/api/policy', 'PUT', { 'content-type': 'application/json' }, policy)
    await told
    return await gone === 'io server disconnect'
  }],
  ['app.close() ends the clients of each transport, and the process', async (server) => {
    const sockets = [await server.connect(['polling']), await server.connect(['websocket'])]
    const gone = sockets.map((socket) => new Promise((resolve) => socket.on('disconnect', resolve)))
    const exited = once(server.process, 'exit')
    process.kill(server.pid, 'SIGTERM')
    const why = await Promise.all(gone)
    await exited
    return why.every((reason) => reason === 'transport close')
  }]
]

async function echoes (server: Server, transports: Transports): Promise<boolean> {
  const socket = await server.connect(transports)
  const { engine } = socket.io
  if (engine.transport.name !== transports.at(-1)) await new Promise((resolve) => engine.once('upgrade', resolve))
  const bytes = await socket.emitWithAck('echo', Buffer.from([1, 2, 3])) as Uint8Array
  const text = await socket.emitWithAck('echo', 'ä')
  socket.close()
  return text === 'ä' && Buffer.compare(bytes, Buffer.from([1, 2, 3])) === 0
}

function upgrade (server: Server, origin: string): Promise<Answer> {
  return server.ask('/socket.io/?EIO=4&transport=websocket', 'GET', {
    origin,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
  })
}

async function inTime<T> (what: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([what, late])
  } finally {
    clearTimeout(timer)
  }
}

/** @returns whether each check holds, and says on the console why not */
async function examine (name: string, command: readonly string[]): Promise<boolean[]> {
  console.log(`== ${name}`)
  const server = await Server.start(command)
  const verdicts: boolean[] = []
  try {
    for (const [what, holds] of checks) {
      const verdict = await inTime(holds(server), PATIENCE).catch((error: unknown) => String(error))
      verdicts.push(verdict === true)
      console.log(`${verdict === true ? 'yes' : 'NO '}  ${what}${typeof verdict === 'string' ? `: ${verdict}` : ''}`)
    }
  } finally {
    server.end()
  }
  return verdicts
}

const columns: boolean[][] = []
for (const [name, command] of Object.entries(runtimes)) columns.push(await examine(name, command))
const rows = checks.map(([what], at) => [what, ...columns.map((verdicts) => verdicts[at] ? 'yes' : '**no**')])
const text = fill(PAGE, { runtimes: tableOf(['', ...Object.keys(runtimes)], rows) })
if (process.argv.includes('--write')) {
  writeFileSync(resolve(root, PAGE), text)
} else if (text !== readFileSync(resolve(root, PAGE), 'utf8')) {
  console.log(`\n${PAGE} says something else: npm run test:runtimes -- --write, or mend it`)
  process.exitCode = 1
}
