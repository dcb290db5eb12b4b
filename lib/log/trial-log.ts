import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger } from 'fastify'
import { cut, escape, printable } from '../text.ts'
import type { TrialDifference } from '../policy/trial.ts'
import { MAX_LINES, Throttle } from './throttle.ts'

const differed = channel('fastify-io:trial')

/**
 * Writes to the app's log where a policy on trial differs from the one in force: one line a minute for each origin and
 * direction, with the count of the requests that it stands for. Publishes each difference on `fastify-io:trial`.
 */
export class TrialLog {
  readonly #log: FastifyBaseLogger
  readonly #throttle: Throttle

  constructor (log: FastifyBaseLogger) {
    this.#log = log
    this.#throttle = new Throttle((count) => {
      log.warn({ count }, `more than ${MAX_LINES} differences of a trial in a minute; further ones are only counted`)
    })
  }

  tell (difference: TrialDifference): void {
    if (differed.hasSubscribers) differed.publish(difference)
    const { trial, now, next } = difference
    const count = this.#throttle.due(`${trial} ${next.allowed} ${cut(difference.origin ?? '')}`)
    if (count === 0) return
    const origin = difference.origin === undefined ? undefined : printable(difference.origin)
    const fields = { trial, origin, now: now.reason, next: next.reason, count }
    this.#log.warn(fields, next.allowed
      ? `trial: refused now (${now.reason}), and would be allowed (${next.reason})`
      : `trial: allowed now (${now.reason}), and would be refused (${next.reason}): ${escape(difference.hint)}`)
  }
}
