import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ask } from './server.ts'
import { until } from './until.ts'

/**
 * The option `skip` of a test that needs programs of the machine.
 *
 * @returns `false`, or why the test cannot run; the reporter makes a failure of it where `CI` is set
 */
export function missing (...programs: string[]): string | false {
  const path = [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].join(':')
  const env = { PATH: path }
  const absent = programs.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`], { env }).status !== 0)
  return absent.length > 0 && `needs ${absent.join(' and ')}: apt-get install ${absent.join(' ')}`
}

/** A new folder, removed at the end. */
export function folder (t: Pick<TestContext, 'after'>): string {
  const path = mkdtempSync(join(tmpdir(), 'fastify-io-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A port that was free a moment ago, for programs that cannot choose one. */
export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/**
 * A configuration that we ship, with the places of this test machine in it and nothing else changed.
 *
 * @param places each text, which the file has exactly once, and what stands there instead
 * @throws Error when a text is not there once
 */
export function shipped (name: string, places: Readonly<Record<string, string>>): string {
  const text = readFileSync(new URL(`../../examples/${name}`, import.meta.url), 'utf8')
  return Object.entries(places).reduce((whole, [from, to]) => {
    const parts = whole.split(from)
    if (parts.length !== 2) throw new Error(`${name} has ${JSON.stringify(from)} ${parts.length - 1} times`)
    return parts.join(to)
  }, text)
}

export interface Program {
  readonly port: number
  readonly url: string
  /** What it wrote on standard error. */
  readonly said: () => string
  signal (name: NodeJS.Signals): void
}

/** Starts a program, and waits until it listens on `port`. It is ended, by its pid, with the test. */
export async function run (
  t: Pick<TestContext, 'after'>,
  command: string,
  args: readonly string[],
  port: number,
  end: NodeJS.Signals = 'SIGTERM',
  more: NodeJS.ProcessEnv = {}
): Promise<Program> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...more, PATH: `${process.env.PATH}:/usr/sbin` }
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said += text })
  let gone = false
  const exit = once(child, 'exit').then(() => { gone = true })
  t.after(async () => {
    child.kill(end)
    await exit
  })
  await until(async () => {
    if (gone) throw new Error(`${command} has ended: ${said}`)
    return reachable(port)
  }, `${command} listens`)
  return { port, url: `https://localhost:${port}`, said: () => said, signal: (name) => { child.kill(name) } }
}

/** Whether anything listens there. An answer to plain HTTP, whichever, is one. */
function reachable (port: number): Promise<boolean> {
  return ask(port, '/').then(() => true, (error: NodeJS.ErrnoException) => error.code !== 'ECONNREFUSED')
}
