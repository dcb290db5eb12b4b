// What it costs to start: from the process to an app that is ready, with a small policy.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface StartupCell {
  /** ms of CPU, user and system, of all the process's threads. */
  readonly startup: number
  /** ms on the clock. */
  readonly wall: number
}

/** Files of startup/, called as the contenders are: Fastify with Socket.IO alone, and with fastify-io. */
export const starters: readonly string[] = ['fastify-socketio', 'ours']

/** Fresh processes for one figure. */
export const STARTS = 3

/** @throws Error when a process ends before its app is ready */
export async function runStartup (id: string): Promise<StartupCell> {
  const cells: StartupCell[] = []
  for (let i = 0; i < STARTS; i++) cells.push(await start(id))
  return { startup: Math.min(...cells.map(({ startup }) => startup)), wall: Math.min(...cells.map(({ wall }) => wall)) }
}

async function start (id: string): Promise<StartupCell> {
  const { NODE_OPTIONS: _, ...env } = process.env
  const file = fileURLToPath(new URL(`startup/${id}.js`, import.meta.url))
  const child = fork(file, [], { execArgv: [], env: { ...env, NODE_ENV: 'production' } })
  return await new Promise<StartupCell>((resolve, reject) => {
    let cell: StartupCell | undefined
    child.once('message', (message: StartupCell) => { cell = message })
    child.once('error', reject)
    // not sooner: the next one shall have the machine to itself
    child.once('exit', (code) => {
      if (cell === undefined) reject(new Error(`${id} ended with code ${code} before it was ready`))
      else resolve(cell)
    })
  })
}
