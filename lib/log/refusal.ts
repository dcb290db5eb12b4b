import type { RefusalReason } from './counters.ts'

/** One refused request, as published on the `fastify-io:refused` diagnostics channel. */
export interface Refusal {
  /** The Origin header, at most 200 characters, control characters escaped; `undefined` when there was none. */
  readonly origin: string | undefined
  /** What the request was for. */
  readonly transport: 'polling' | 'websocket' | 'rest' | 'namespace'
  /** The policy's reason, or why the request was refused without the policy. */
  readonly reason: RefusalReason
  /**
   * Whether it was answered with an error. `false` for what was served: REST with `enforce: 'sockets'`, without CORS
   * headers, and everything with `enforce: 'report'`.
   */
  readonly enforced: boolean
  /** What to change, in a sentence. Made when it is read first: with a long list that takes milliseconds. */
  readonly hint: string
}

export type Transport = Refusal['transport']

/** A refusal whose hint is not made yet. */
export type Told = Omit<Refusal, 'hint'> & { readonly hint: () => string }

/** @returns the refusal, which makes its hint when that is read first */
export function lazy ({ origin, transport, reason, enforced, hint: make }: Told): Refusal {
  let hint: string | undefined
  return {
    origin,
    transport,
    reason,
    enforced,
    get hint () {
      hint ??= make()
      return hint
    }
  }
}
