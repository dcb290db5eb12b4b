// A contender in a new process: plain Node on a plain JavaScript file, so that nothing of the
// driver (tsx, autocannon, its garbage) is on the bill.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** What costs a contender little to say. */
export interface Reading {
  /** µs of CPU, user and system, of all the process's threads since it began. */
  readonly cpu: number
  /** ms that the event loop was busy since it began. */
  readonly active: number
  /** Engine.IO sessions held. */
  readonly sessions: number
}

/** What a contender says about itself when asked. */
export interface Sample extends Reading {
  /** ms since the process began. */
  readonly at: number
  /** ms that the event loop waited since it began. */
  readonly idle: number
  /** Bytes on V8's heap and in buffers beside it. */
  readonly heap: number
  /** Bytes of resident memory. */
  readonly rss: number
  /** TCP connections open. */
  readonly connections: number
}

interface Question {
  readonly brief?: boolean
  readonly gc?: boolean
  readonly snapshot?: string | undefined
}

type Message = { readonly port: number } | { readonly id: number, readonly sample: Reading }

export class Child {
  readonly port: number
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #waiting = new Map<number, (sample: Reading) => void>()
  #asked = 0

  private constructor (child: ChildProcess, port: number) {
    this.#process = child
    this.port = port
    this.#exited = once(child, 'exit')
    child.on('message', (message: Message) => {
      if (!('id' in message)) return
      this.#waiting.get(message.id)?.(message.sample)
      this.#waiting.delete(message.id)
    })
  }

  /**
   * Starts a contender and waits until it listens.
   *
   * @param file JavaScript file
   * @param options.gc let `sample(true)` collect garbage first
   * @param options.port where it listens, if not anywhere
   * @param options.talk its clients will talk (contenders/talk.js)
   * @throws Error when the process ends before it listens
   */
  static async start (file: string, { gc = false, port: wanted = 0, talk = false } = {}): Promise<Child> {
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = fork(file, talk ? ['talk'] : [], {
      // fork() would hand tsx's own --import down.
      execArgv: gc ? ['--expose-gc'] : [],
      env: { ...env, NODE_ENV: 'production', PORT: String(wanted) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc']
    })
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message: Message) => 'port' in message && resolve(message.port))
      child.once('exit', (code) => reject(new Error(`${file} ended with code ${code} before it listened`)))
      child.once('error', reject)
    })
    return new Child(child, port)
  }

  /**
   * @param gc collect garbage first (needs `start(file, { gc: true })`)
   * @param snapshot a file for what is on the heap then
   * @throws Error when the process has ended
   */
  async sample (gc = false, snapshot?: string): Promise<Sample> {
    return await this.#ask({ gc, snapshot }) as Sample
  }

  /** @throws Error when the process has ended */
  async read (): Promise<Reading> {
    return await this.#ask({ brief: true })
  }

  async #ask (question: Question): Promise<Reading> {
    const id = this.#asked++
    const answered = new Promise<Reading>((resolve) => this.#waiting.set(id, resolve))
    const ended = this.#exited.then(() => { throw new Error('the contender ended while it was measured') })
    this.#process.send({ id, ...question })
    return await Promise.race([answered, ended])
  }

  /** Ends it in the middle of whatever it does. */
  async kill (): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }

  /** Ends the process and waits until it is gone. */
  async stop (): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    await this.#exited
  }
}
