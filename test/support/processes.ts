import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import type { FastifyIOOptions } from '../../lib/index.ts'

export const SECRET = 'a secret that is long enough: 32+'

/** What a process answers when it is asked. */
export interface Seen {
  readonly connections: number
  readonly sessions: number
  readonly lines: readonly string[]
  /** How often a proxy has asked whether this process is there. */
  readonly checks?: number
  readonly seen?: { readonly host: string, readonly protocol: string, readonly ip: string }
}

/** A server in a new process (`fixtures/deployed-process.ts`). */
export interface Deployed {
  readonly child: ChildProcess
  readonly port: number
  look (): Promise<Seen>
  /** Closes the app, as SIGTERM would, and ends the process. */
  close (): Promise<void>
}

/** @param options of the plugin, as far as JSON can say them */
export async function deploy (
  t: Pick<TestContext, 'after'>,
  options: FastifyIOOptions = {},
  fixture = 'deployed-process'
): Promise<Deployed> {
  const file = new URL(`../fixtures/${fixture}.ts`, import.meta.url)
  const child = fork(file, [JSON.stringify(options)], { execArgv: process.execArgv })
  t.after(() => child.kill('SIGKILL'))
  const [{ port }] = await once(child, 'message') as [{ port: number }]
  return {
    child,
    port,
    async look () {
      child.send('look')
      return (await once(child, 'message') as [Seen])[0]
    },
    async close () {
      const exit = once(child, 'exit')
      child.send('close')
      await exit
    }
  }
}

/** Several of them, that share a secret unless `options` say otherwise. */
export function deployAll (
  t: Pick<TestContext, 'after'>,
  count: number,
  options: FastifyIOOptions = { handshakeSecret: SECRET }
): Promise<Deployed[]> {
  return Promise.all(Array.from({ length: count }, () => deploy(t, options)))
}
