/** A header as it was sent, its name in lower case. */
export type Header = readonly [name: string, value: string]

/** A request and its answer, as the server saw and sent them. */
export interface Exchange {
  readonly method: string
  readonly url: string
  readonly request: readonly Header[]
  status?: number
  response: readonly Header[]
}

/** Everything the server knows about one probe of a page. */
export interface ProbeRecord {
  readonly exchanges: Exchange[]
  /** What the probe has caused: a route that ran, a session that was made. */
  readonly ran: string[]
  /** Lines of the log, as they were written. */
  readonly log: string[]
  /** Why the policy or Engine.IO refused it. */
  refusal?: Refused
}

/** A refusal, as the log line and the diagnostics channel both have it. */
export interface Refused {
  readonly origin: string | undefined
  readonly transport: string
  readonly reason: string
}

/** Headers that have a part in what browsers and servers decide about origins. Others are not kept. */
const KEPT = /^(access-control-.*|content-type|cookie|origin|sec-fetch-(site|mode)|set-cookie|upgrade|vary|x-client)$/

/** Characters of a header's value, and of a URL, that are kept. */
const MAX_LENGTH = 300

export function keep (headers: readonly Header[]): Header[] {
  return headers.flatMap(([name, value]): Header[] => {
    const lower = name.toLowerCase()
    return KEPT.test(lower) ? [[lower, bounded(value)]] : []
  })
}

export function bounded (text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}
