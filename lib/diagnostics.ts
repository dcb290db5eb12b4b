import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger } from 'fastify'
import type { Decision } from './policy/decision.ts'
import type { OriginPolicy } from './policy/policy.ts'

/** One refused request, as logged and as published on the `fastify-io:refused` diagnostics channel. */
export interface Refusal {
  /** The Origin header, at most 200 characters, control characters escaped; `undefined` when there was none. */
  readonly origin: string | undefined
  /** What the request was for. */
  readonly transport: 'polling' | 'websocket' | 'rest' | 'namespace'
  /** The policy's reason, or why the request was refused before the policy was asked. */
  readonly reason: Decision['reason'] | keyof typeof HINTS
  /** What to change, in a sentence. */
  readonly hint: string
}

const refused = channel('fastify-io:refused')

/** Refusals that the policy has no part in. */
const HINTS = {
  jsonp: 'JSONP answers any page through a script tag. Let the client poll with XHR, or set jsonp: true.',
  session: 'The session was opened by another origin, and belongs to it. If both are one page behind a proxy, set trustProxy; else a session ID has leaked.'
}

/** ms within which an origin is logged once. */
const WINDOW = 60_000
/** Distinct origins logged within that time, and remembered at all. */
const MAX_ORIGINS = 100
const MAX_LENGTH = 200

/** An origin that has a line in the log. */
interface Logged {
  /** When it got its last line, in ms of the monotonic clock. */
  readonly at: number
  /** Refusals since then. */
  muted: number
}

/**
 * Writes refusals to the log: one line per distinct origin per minute, with the count of those it stands for. A client
 * that makes up origins gets {@link MAX_ORIGINS} lines a minute, then one that says so.
 */
export class RefusalLog {
  readonly #log: FastifyBaseLogger
  readonly #policy: OriginPolicy
  /** In the order of their last lines. */
  readonly #logged: Map<string, Logged> = new Map()
  /** When the lines of the last minute were written. */
  readonly #lines: number[] = []
  #overflow = { since: -Infinity, count: 0 }

  constructor (log: FastifyBaseLogger, policy: OriginPolicy) {
    this.#log = log
    this.#policy = policy
  }

  /**
   * @param origin the Origin header as it came
   * @param decision why, or the name of a refusal that the policy has no part in
   * @param policy whose decision it is, when it is not the server's
   */
  refuse (origin: string | undefined, transport: Refusal['transport'], decision: Decision | keyof typeof HINTS, policy: OriginPolicy = this.#policy): void {
    const count = this.#due(origin === undefined || origin.length <= MAX_LENGTH ? origin ?? '' : printable(origin))
    if (count === 0 && !refused.hasSubscribers) return
    const text = origin === undefined ? undefined : printable(origin)
    const refusal: Refusal = typeof decision === 'string'
      ? { origin: text, transport, reason: decision, hint: HINTS[decision] }
      : { origin: text, transport, reason: decision.reason, hint: escaped(policy.hint(origin, decision)) }
    if (refused.hasSubscribers) refused.publish(refusal)
    if (count > 0) this.#log.warn({ ...refusal, count }, `${transport} request refused (${refusal.reason}): ${refusal.hint}`)
  }

  /** @returns how many refusals the line to be written stands for; 0 for no line */
  #due (key: string): number {
    const now = performance.now()
    const logged = this.#logged.get(key)
    if (logged !== undefined && now - logged.at < WINDOW) {
      logged.muted++
      return 0
    }
    while (this.#lines.length > 0 && now - this.#lines[0]! >= WINDOW) this.#lines.shift()
    if (this.#lines.length >= MAX_ORIGINS) {
      this.#overflowing(now)
      return 0
    }
    this.#lines.push(now)
    this.#logged.delete(key)
    this.#logged.set(key, { at: now, muted: 0 })
    if (this.#logged.size > MAX_ORIGINS * 10) this.#logged.delete(this.#logged.keys().next().value!)
    return 1 + (logged?.muted ?? 0)
  }

  #overflowing (now: number): void {
    const overflow = this.#overflow
    overflow.count++
    if (now - overflow.since < WINDOW) return
    this.#log.warn({ count: overflow.count }, `more than ${MAX_ORIGINS} distinct origins were refused within a minute; further ones are only counted`)
    this.#overflow = { since: now, count: 0 }
  }
}

/** Bounds the length and escapes what would break a log line or a terminal. */
export function printable (text: string): string {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
  return escaped(cut)
}

/** A hint quotes the origin: JSON's escapes leave out U+009B, which some terminals take for `ESC [`. */
function escaped (text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
