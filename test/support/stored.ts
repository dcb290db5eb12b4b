import type { TestContext } from 'node:test'
import { type PolicyStore, type StoredPolicy, storedPolicy, type StoredPolicyOptions } from '../../lib/index.ts'
import { ORIGIN } from './client.ts'
import { until } from './until.ts'

export const initial = { origin: ORIGIN }
export const secret = 'a secret that is long enough: 32+'

/** A log whose lines are kept. */
export function logger () {
  const infos: string[] = []
  const errors: string[] = []
  const details: object[] = []
  return {
    infos,
    errors,
    details,
    log: {
      info: (message: string) => { infos.push(message) },
      error: (detail: object, message: string) => { errors.push(message); details.push(detail) }
    }
  }
}

export interface Member extends Omit<ReturnType<typeof logger>, 'log'> {
  readonly shared: StoredPolicy
}

/** A stored policy of one process, closed when the test ends. */
export async function follow (
  t: Pick<TestContext, 'after'>,
  store: PolicyStore,
  options: Partial<StoredPolicyOptions> = {}
): Promise<Member> {
  const { log, ...lines } = logger()
  const shared = await storedPolicy(store, { initial, log, ...options })
  t.after(() => shared.close())
  return { shared, ...lines }
}

export const allows = ({ policy }: StoredPolicy, origin: string): boolean =>
  (policy.decide(origin) as { allowed: boolean }).allowed

export const has = (member: Member, origin: string): Promise<unknown> =>
  until(() => allows(member.shared, origin), `${origin} is allowed`)

/** A text as it is stored, without a signature. */
export const text = (policy: unknown, version: unknown = 5, time: unknown = new Date().toISOString()): string =>
  JSON.stringify({ version, time, policy })
