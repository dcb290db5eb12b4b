import { Type } from '@sinclair/typebox'
import { ConfigError } from '../../errors.ts'
import { Issues } from '../../issues.ts'
import { checkObject } from '../options/check-schema.ts'
import type { CorsOptions } from '../options/cors-options.ts'
import { oneOf, predicate } from '../options/schema-parts.ts'
import { type Secret, secrets } from '../options/secrets.ts'
import type { OriginPolicy } from '../policy.ts'
import type { PolicyLog } from './log.ts'
import type { PolicyStore } from './store.ts'

/** Options of {@link storedPolicy}. */
export interface StoredPolicyOptions {
  /** The first policy: it is stored when nothing is. What is stored already stays, whatever `initial` says. */
  readonly initial: CorsOptions | OriginPolicy
  /**
   * Signs what is stored (HMAC-SHA-256): whoever can write to the store, and does not have the secret, cannot change
   * the policy. At least 32 bytes, the same in every process. The first of a list signs, all verify.
   *
   * @default none: whoever can write to the store changes the policy
   */
  readonly secret?: Secret | readonly Secret[]
  /**
   * ms between two reads, 100 at least. They find what no announcement told.
   *
   * @default 30000
   */
  readonly pollInterval?: number
  /**
   * What to do at the start when the store does not answer within 5 s, or holds no valid policy: reject, or begin with
   * `initial` and follow the store once it can be read.
   *
   * @default 'reject'
   */
  readonly whenDown?: 'reject' | 'initial'
  /**
   * Told which policy is in force, and what is wrong with the store; `app.log` will do.
   *
   * @default console
   */
  readonly log?: PolicyLog
}

const isLog = (value: unknown): boolean =>
  typeof (value as PolicyLog)?.info === 'function' && typeof (value as PolicyLog).error === 'function'

const schema = Type.Object({
  initial: predicate('the first policy', (value) => value !== null),
  secret: Type.Optional(secrets()),
  pollInterval: Type.Optional(Type.Integer({
    minimum: 100,
    maximum: 2 ** 30,
    expected: 'a whole number of ms from 100 to 1073741824'
  })),
  whenDown: Type.Optional(oneOf(['reject', 'initial'])),
  log: Type.Optional(predicate('an object with the functions info and error', isLog))
})

const isStore = ({ name = 'unnamed', read, write }: PolicyStore): boolean =>
  typeof name === 'string' && name !== '' && typeof read === 'function' && typeof write === 'function'

/** @throws {ConfigError} with every mistake in them but those in `initial` */
export function checkStoredPolicyOptions (store: PolicyStore, options: StoredPolicyOptions): StoredPolicyOptions {
  const issues = new Issues()
  if (!isStore(Object(store))) {
    const message = 'the store must be an object with the functions read and write; its name, if it has one, a text'
    issues.add('INVALID_TYPE', '', store, { message })
  }
  const checked = checkObject(schema, options, '', issues)
  if (issues.all.length > 0) throw new ConfigError(issues.all)
  return checked as unknown as StoredPolicyOptions
}
