import { cut } from '../text.ts'

interface Refused {
  readonly origin: string | undefined
  readonly transport: string
  readonly reason: string
  readonly enforced: boolean
}

/** The keys that refusals have in the throttle of the log: one for each origin, transport and reason. */
export class RefusalKeys {
  /** A page that is refused tries again and again: to keep its key saves 1 % of a refused upgrade. */
  #last: Refused & { readonly key: string } | undefined

  of ({ origin, transport, reason, enforced }: Refused): string {
    // the balancer's fault, whichever origins and transports it meets
    if (reason === 'foreign-session') return reason
    const last = this.#last
    const again = last !== undefined && last.origin === origin && last.transport === transport &&
      last.reason === reason && last.enforced === enforced
    if (again) return last.key
    const key = `${transport} ${reason} ${enforced} ${cut(origin ?? '')}`
    this.#last = { origin, transport, reason, enforced, key }
    return key
  }
}
