// redis-server, started and killed by tests.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { folder, freePort, missing } from './program.ts'
import { until } from './until.ts'

/** The option `skip` of a test that needs Redis. */
export const NO_REDIS: string | false = missing('redis-server')

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
  // before its folder goes
  t.after(() => server.kill())
  const dir = folder(t)
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
      const settings = ['--port', `${server.port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...args]
      const started = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'pipe'] })
      child = started
      for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => { output += chunk })
      await until(() => {
        if (started.exitCode !== null) throw new Error(`redis-server has ended: ${output.slice(-2000)}`)
        return answers(server.port)
      }, 'redis-server answers')
    }
  }
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
