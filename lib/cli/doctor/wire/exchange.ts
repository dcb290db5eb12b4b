import type { Failure } from './failure.ts'

/** A header as it is on the wire; a name may come twice. */
export type Header = readonly [name: string, value: string]

/** What is asked of the server. */
export interface Ask {
  /** Default GET. */
  readonly method?: string
  /** Path and query. */
  readonly path: string
  readonly headers: readonly Header[]
  readonly body?: string
  /** ms until the answer must be complete; default that of the command. */
  readonly timeout?: number
}

/** An answer, as far as it was read. */
export interface Answer {
  readonly status: number
  readonly statusText: string
  readonly headers: readonly Header[]
  /** The first 64 KiB, as text. */
  readonly body: string
  /** Whether all of the body came, within the bounds of size and time. */
  readonly complete: boolean
}

/** One request, and what came of it: an answer, or a failure. */
export interface Exchange {
  readonly ask: Ask
  readonly answer?: Answer
  readonly failure?: Failure
  /** The address that was connected to, without brackets. */
  readonly address?: string
}

/** Whether the server gave no verdict: no answer came, or one that says that something is broken. */
export function isLost ({ answer, failure }: Exchange): boolean {
  return answer === undefined ? failure?.kind !== 'stopped' : answer.status >= 500
}

/** Every value of a header, one for each line. */
export function valuesOf (exchange: Exchange, name: string): string[] {
  const lower = name.toLowerCase()
  return (exchange.answer?.headers ?? []).filter(([key]) => key.toLowerCase() === lower).map(([, value]) => value)
}

/** The members of a list header (RFC 9110, section 5.6.1), lower case. */
export function listOf (exchange: Exchange, name: string): string[] {
  return valuesOf(exchange, name).join(',').split(',').map((item) => item.trim().toLowerCase()).filter(Boolean)
}

/** Name and value by turns, as Node gives them, in pairs. */
export function paired (raw: readonly string[]): Header[] {
  return Array.from({ length: raw.length >> 1 }, (_, at) => [raw[2 * at]!, raw[2 * at + 1]!] as const)
}
