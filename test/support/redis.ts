// redis-server, started and killed by tests.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

/** Why a test that needs Redis is skipped; `false` where it is installed. */
export const NO_REDIS: string | false = spawnSync('redis-server', ['--version']).status === 0
  ? false
  : 'redis-server is not installed (apt-get install redis-server)'

/** Writes every change to the disk before it is answered. */
export const DURABLE: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'always']

export interface RedisServer {
  readonly port: number
  readonly url: string
  /** SIGKILL: nothing is said to clients, nothing is saved. */
  kill (): Promise<void>
  /** Starts it again, on the same port and with the same folder. */
  start (): Promise<void>
}

/** A redis-server on 127.0.0.1, killed when the test ends. Without arguments it keeps nothing on disk. */
export async function redis (t: Pick<TestContext, 'after'>, ...args: readonly string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-io-redis-'))
  let child: ChildProcess | undefined
  let output = ''
  const server = {
    port: 0,
    get url () { return `redis://127.0.0.1:${server.port}` },
    async kill () {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    async start () {
      const settings = ['--port', `${server.port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...args]
      const started = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'pipe'] })
      child = started
      for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => { output += chunk })
      await until(() => {
        if (started.exitCode !== null) throw new Error(`redis-server has ended: ${output.slice(-2000)}`)
        return answers(server.port)
      }, 'redis-server answers')
    }
  }
  t.after(async () => {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  // Redis cannot be told to choose a port: another process may take this one in between
  for (let tries = 0; ; tries++) {
    server.port = await freePort()
    try {
      await server.start()
      return server
    } catch (error) {
      if (tries === 2) throw error
    }
  }
}

async function freePort (): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Whether Redis serves commands: it may still be loading what it had on disk. */
function answers (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (data) => settle(String(data).startsWith('+PONG')))
    socket.on('error', () => settle(false))
    socket.setTimeout(1000, () => settle(false))
  })
}
