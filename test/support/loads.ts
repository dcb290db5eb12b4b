import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

export const TRANSPORTS = [['polling'], ['websocket'], ['polling', 'websocket']] as const

export interface LoadOptions {
  readonly url: string
  /** Of each client, one after the other; or of all. */
  readonly transports: readonly string[] | readonly (readonly string[])[]
  readonly clients: number
  /** Acknowledged messages that each client sends, one after the other. */
  readonly messages: number
  /** ms between further messages, which go on for ever; absent: none are sent. */
  readonly every?: number
  /** Whether each client comes from another address of 127.0.0.0/8, which Linux has. */
  readonly addresses?: boolean
  readonly extraHeaders?: Readonly<Record<string, string>>
  readonly withCredentials?: boolean
}

export type Question = 'look' | 'reset'

export interface Counts {
  readonly connected: number
  /** Messages of `connect_error`. A client that fails once counts as failed. */
  readonly failures: Readonly<Record<string, number>>
  /** The transports that clients had when they had settled. */
  readonly transports: Readonly<Record<string, number>>
  readonly acknowledged: number
  /** Messages that a client waited for in vain, connected all the while. */
  readonly unanswered: number
  readonly disconnects: Readonly<Record<string, number>>
  /** Clients that came back. */
  readonly back: number
  /** ms from a message, or the last word of the server, until the client knew that its session was lost. */
  readonly slowestNotice: number
}

export interface Load {
  /** Each client has connected or failed. */
  readonly settled: Promise<void>
  ask (question?: Question): Promise<Counts>
  /** Asks until the answer is such. @throws AssertionError after 30 s */
  until (such: (counts: Counts) => boolean): Promise<Counts>
}

/** How many sessions were lost. */
export function lostOf ({ disconnects }: Counts): number {
  return Object.values(disconnects).reduce((sum, some) => sum + some, 0)
}

/** Clients in a process of their own (`load.ts`). */
export function load (t: Pick<TestContext, 'after'>, options: LoadOptions): Load {
  const child = fork(new URL('load.ts', import.meta.url), [JSON.stringify(options)], { execArgv: process.execArgv })
  t.after(() => child.kill('SIGKILL'))
  const ask = async (question: Question = 'look'): Promise<Counts> => {
    child.send(question)
    return (await once(child, 'message') as [Counts])[0]
  }
  return {
    settled: once(child, 'message').then(() => {}),
    ask,
    async until (such) {
      let counts!: Counts
      await until(async () => such(counts = await ask()), 'the clients have done it').catch((error: Error) => {
        throw new Error(`${error.message}; they are at ${JSON.stringify(counts)}`)
      })
      return counts
    }
  }
}
