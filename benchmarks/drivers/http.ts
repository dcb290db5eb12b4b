// HTTP load: autocannon makes it, we look at every answer and keep the count. Each turn is a run of its own.
import type { EventEmitter } from 'node:events'
import { performance } from 'node:perf_hooks'
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

/** s; longer than any turn. */
const UNTIL_STOPPED = 3600

export function httpLoad (
  port: number, connections: number, request: HttpRequest, expected: ExpectedAnswer, recorder: Recorder
): Load {
  let cut = (): void => {}
  let stopped = false
  let turn: Promise<void> = Promise.resolve()
  /** Answers per second in the turn before. */
  let rate = 0
  let lastAnswer = 0

  /** @param amount requests, all of which are answered at the end; without it, until the seconds are over */
  async function shoot (seconds: number, amount: number | undefined): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    await new Promise<void>((resolve, reject) => {
      const run = autocannon({
        url: `http://127.0.0.1:${port}${request.path}`,
        method: request.method,
        headers: request.headers,
        connections,
        ...(amount === undefined ? { duration: UNTIL_STOPPED } : { amount }),
        // How soon a stop is noticed, ms.
        sampleInt: 20,
        setupClient: (client) => {
          watch(client, expected, recorder)
          client.on('response', () => { lastAnswer = performance.now() })
        },
        verifyBody: (body: Request['body']) => String(body).startsWith(expected.body)
      }, (error: Error | null) => error ? reject(error) : resolve())
      // not sooner: it has no stop() yet
      run.once('start', () => {
        cut = () => run.stop()
        if (stopped) cut()
        else if (amount === undefined) timer = setTimeout(cut, seconds * 1000)
      })
    })
    clearTimeout(timer)
  }

  return {
    run: async (seconds) => {
      const begun = performance.now()
      const before = recorder.answers
      // A run of so many seconds ends amid requests, which the server has done and nobody has counted.
      const amount = rate === 0 ? undefined : Math.max(connections, Math.round(rate * seconds))
      await (turn = shoot(seconds, amount))
      const answers = recorder.answers - before
      const lasted = (answers === 0 ? performance.now() : lastAnswer) - begun
      rate = answers / lasted * 1000
      return lasted
    },
    stop: async () => {
      stopped = true
      cut()
      await turn
    }
  }
}

// An emitter to us: autocannon's types know only some of its events.
function watch (client: EventEmitter, expected: ExpectedAnswer, recorder: Recorder): void {
  let wrong: string | undefined
  client.on('headers', (head: Head) => { wrong = difference(head, expected) })
  client.on('response', (_status: number, _bytes: number, time: number) => {
    if (wrong === undefined) recorder.success(time)
    else recorder.failure(wrong)
  })
  // autocannon tells of the body after the response that it belongs to.
  client.on('mismatch', (body: unknown) => {
    if (wrong !== undefined) return
    recorder.ops--
    recorder.failure(`body ${JSON.stringify(String(body).slice(0, 80))} instead of ${expected.body}…`)
  })
  client.on('connError', (error: unknown) => recorder.failure(String(error)))
  client.on('timeout', () => recorder.failure('no answer within ten seconds'))
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
