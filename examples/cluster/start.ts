// Four processes behind nginx, with Redis between them: `npm run example:cluster`, then open the two pages.
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const PROCESSES = 4
/** ms that a program has to listen. */
const PATIENCE = 20_000
/** Debian keeps nginx where users have no path to. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }

export interface Cluster {
  /** The page of the server's own origin, which may edit the policy. */
  readonly server: string
  /** The same page at another origin, which the policy allows at first. */
  readonly visitors: string
  /** The pids of nginx, Redis and the processes. */
  readonly pids: readonly number[]
  close (): Promise<void>
}

/** @returns what has to be installed first */
export function missingPrograms (): string[] {
  return ['nginx', 'redis-server'].filter((name) => spawnSync('sh', ['-c', `command -v ${name}`], { env }).status !== 0)
}

/** @param ports of nginx: one for each of the two pages */
export async function startCluster (ports: readonly [number, number]): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-io-cluster-'))
  const [server, visitors] = ports.map((port) => `http://localhost:${port}`) as [string, string]
  /** In the order of their start; those of one group start and end together. */
  const groups: ChildProcess[][] = []

  async function close (): Promise<void> {
    for (const group of groups.reverse()) await Promise.all(group.map(end))
    rmSync(folder, { recursive: true, force: true })
  }

  async function run (command: string, args: string[], where: string | number): Promise<void> {
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
    groups.push([child])
    await listens(child, where)
  }

  try {
    const redis = join(folder, 'redis.sock')
    await run('redis-server', ['--port', '0', '--unixsocket', redis, '--save', '', '--dir', folder], redis)
    const settings = { REDIS: redis, SECRET: randomBytes(32).toString('hex'), SERVER: server, VISITORS: visitors }
    const processes: ChildProcess[] = []
    groups.push(processes)
    const backends = await Promise.all(Array.from({ length: PROCESSES }, async (_, at) => {
      const child = fork(new URL('process.ts', import.meta.url), {
        execArgv: process.execArgv, env: { ...env, ...settings, NUMBER: String(at + 1) }
      })
      processes.push(child)
      const [port] = await Promise.race([once(child, 'message'), once(child, 'exit')]) as [number]
      return port
    }))
    mkdirSync(join(folder, 'temp'))
    writeFileSync(join(folder, 'nginx.conf'), nginxConfig(ports, backends))
    await run('nginx', ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], ports[0])
  } catch (error) {
    await close()
    throw error
  }
  return { server, visitors, pids: groups.flat().map(({ pid }) => pid!), close }
}

/** `examples/proxies/nginx.conf`, with plain HTTP on this machine alone in the place of TLS. */
function nginxConfig (ports: readonly number[], backends: readonly number[]): string {
  const servers = backends.map((port) => `server 127.0.0.1:${port} max_fails=0;\n`).join('')
  const site = readFileSync(new URL('../proxies/nginx.conf', import.meta.url), 'utf8')
    .replace(/listen 443 ssl http2;.*\n/, ports.map((port) => `listen 127.0.0.1:${port};\n`).join(''))
    .replace(/ *ssl_certificate.*\n/g, '')
    .replace(/( *server 127.0.0.1:\d+ max_fails=0;\n)+/, servers)
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path temp/${kind};`)
  return `worker_processes 1; daemon off; pid nginx.pid; events { worker_connections 4096; }
    http { access_log off; ${temp.join(' ')} ${site} }`
}

async function end (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill()
  await exit
}

async function listens (child: ChildProcess, where: string | number): Promise<void> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await delay(50)) {
    if (child.exitCode !== null) break
    const socket = typeof where === 'string' ? connect(where) : connect(where, '127.0.0.1')
    const open = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).then(() => true, () => false)
    socket.destroy()
    if (open) return
  }
  throw new Error(`${child.spawnfile} does not listen at ${where}`)
}

async function isFree (port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1')
  const free = await once(probe, 'listening').then(() => true, () => false)
  probe.close()
  return free
}

async function main (): Promise<void> {
  const missing = missingPrograms()
  if (missing.length > 0) {
    console.error(`Not installed: ${missing.join(', ')}. Debian, Ubuntu: sudo apt-get install ${missing.join(' ')}; ` +
      `macOS: brew install ${missing.join(' ').replace('redis-server', 'redis')}`)
    process.exit(1)
  }
  const ports = [Number(process.env.PORT ?? 8080), Number(process.env.PORT ?? 8080) + 1] as const
  for (const port of ports) {
    if (await isFree(port)) continue
    console.error(`Port ${port} is taken. PORT=9000 npm run example:cluster takes 9000 and 9001.`)
    process.exit(1)
  }
  const cluster = await startCluster(ports)
  console.log(`Four processes behind nginx, Redis between them.
  ${cluster.server}  the server's own page: edit the policy here
  ${cluster.visitors}  a page of another origin, which the policy allows
Ctrl+C ends all of it.`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => { cluster.close().then(() => process.exit()) })
  }
}

if (process.argv[1] === import.meta.filename) main()
