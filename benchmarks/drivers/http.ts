// HTTP load: autocannon makes it, we look at every answer and keep the count.
import { type EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as elapse } from 'node:timers/promises'
import autocannon from 'autocannon'
import type { Request } from 'autocannon'
import type { Load, Recorder } from './recorder.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'OPTIONS'
  readonly path: string
  readonly headers: Record<string, string>
}

export interface ExpectedAnswer {
  readonly status: number
  /** What Access-Control-Allow-Origin must be; undefined: there must be none. */
  readonly allowOrigin: string | undefined
  /** How the body must begin. */
  readonly body: string
}

/** http-parser-js's view of a response's head: names and values take turns in `headers`. */
interface Head {
  readonly statusCode: number
  readonly headers: readonly string[]
}

/** One of autocannon's: it sends its next request as soon as it has read the answer to the last. */
interface Connection extends EventEmitter {
  readonly conn: Socket
}

/** s; longer than any run, and than a client waits between two turns. */
const UNTIL_STOPPED = 3600
/** Seconds of turns in which each client gets an answer, many times over. */
const PATIENCE = 0.5

/**
 * One run of autocannon for all turns. Between them its clients read nothing, so none of them goes on. What they have
 * asked by then is answered, and counts in the next turn: as much as that one leaves behind itself.
 */
export function httpLoad (
  port: number, connections: number, request: HttpRequest, expected: ExpectedAnswer, recorder: Recorder
): Load {
  const clients: Client[] = []
  let run: autocannon.Instance | undefined
  let ended: Promise<void> = Promise.resolve()

  async function start (): Promise<void> {
    ended = new Promise((resolve, reject) => {
      run = autocannon({
        url: `http://127.0.0.1:${port}${request.path}`,
        method: request.method,
        headers: request.headers,
        connections,
        duration: UNTIL_STOPPED,
        timeout: UNTIL_STOPPED,
        // How soon a stop is noticed, ms.
        sampleInt: 20,
        setupClient: (client) => { clients.push(new Client(client as unknown as Connection, expected, recorder)) },
        verifyBody: (body: Request['body']) => String(body).startsWith(expected.body)
      }, (error: Error | null) => error ? reject(error) : resolve())
    })
    // not sooner: it has no stop() yet
    await once(run!, 'start')
  }

  return {
    run: async (seconds) => {
      const begun = performance.now()
      if (run === undefined) await start()
      for (const client of clients) client.goOn()
      await elapse(seconds * 1000)
      for (const client of clients) client.wait(seconds)
      return performance.now() - begun
    },
    stop: async () => {
      run?.stop()
      await ended
    }
  }
}

class Client {
  readonly #connection: Connection
  readonly #recorder: Recorder
  /** Whether the next answer has waited for a turn. */
  #waited = false
  /** Seconds of turns since its last answer. */
  #silence = 0

  constructor (connection: Connection, expected: ExpectedAnswer, recorder: Recorder) {
    let wrong: string | undefined
    connection.on('headers', (head: Head) => { wrong = difference(head, expected) })
    connection.on('response', (_status: number, _bytes: number, time: number) => {
      if (wrong === undefined) recorder.success(this.#waited ? undefined : time)
      else recorder.failure(wrong)
      this.#waited = false
      this.#silence = 0
    })
    // autocannon tells of the body after the response that it belongs to.
    connection.on('mismatch', (body: unknown) => {
      if (wrong !== undefined) return
      recorder.ops--
      recorder.failure(`body ${JSON.stringify(String(body).slice(0, 80))} instead of ${expected.body}…`)
    })
    connection.on('connError', (error: unknown) => recorder.failure(String(error)))
    this.#connection = connection
    this.#recorder = recorder
  }

  goOn (): void {
    this.#connection.conn.resume()
  }

  /** @param seconds of the turn that ends */
  wait (seconds: number): void {
    this.#waited = true
    this.#connection.conn.pause()
    this.#silence += seconds
    if (this.#silence < PATIENCE) return
    this.#recorder.failure(`no answer within ${PATIENCE} s of turns`)
    this.#silence = 0
  }
}

function difference ({ statusCode, headers }: Head, expected: ExpectedAnswer): string | undefined {
  if (statusCode !== expected.status) return `status ${statusCode} instead of ${expected.status}`
  let allowOrigin: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    if (name.length === 27 && name.toLowerCase() === 'access-control-allow-origin') allowOrigin = headers[i + 1]
  }
  if (allowOrigin !== expected.allowOrigin) {
    return `Access-Control-Allow-Origin ${allowOrigin} instead of ${expected.allowOrigin}`
  }
}
