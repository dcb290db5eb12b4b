import type { CorsOptions } from '../options/cors-options.ts'
import type { OriginPolicy } from '../policy.ts'
import { checkStoredPolicyOptions, type StoredPolicyOptions } from './options.ts'
import { SharedPolicy } from './shared-policy.ts'
import type { PolicyStore } from './store.ts'

/** A policy that lives in a store; many processes follow it. */
export interface StoredPolicy {
  /** Follows the store. `update` would change it in this process alone, and until the next version comes. */
  readonly policy: OriginPolicy
  /** The version in force here; 0 as long as none could be read. */
  readonly version: number

  /**
   * Replaces the policy in every process.
   *
   * @param options `ifVersion`: the version to replace. Without it the last publication wins
   * @returns the new version, which is stored, and in force in this process
   * @throws {ConfigError} for mistakes, functions, and more than 1 MiB; nothing is written then
   * @throws {PolicyConflictError} when another version than `ifVersion` is stored; nothing is written then
   * @throws {Error} when the store does not answer within 5 s. If the answer to the write is missing, the policy may
   *   have been stored; it is in force everywhere then
   */
  publish (cors: CorsOptions | OriginPolicy, options?: { readonly ifVersion?: number }): Promise<number>

  /** Ends the following: no timer, listener or connection is left. `policy` stays as it is. */
  close (): Promise<void>
}

/**
 * Makes a policy that lives in a store: it outlives every process, and is the same in all of them.
 *
 * @param store where it lives; the same for all processes
 * @throws {ConfigError} for mistakes in the options; those of the first policy are at `/initial`
 * @throws {Error} when the store does not answer within 5 s, or holds no valid policy, unless `whenDown` is `'initial'`
 */
export async function storedPolicy (store: PolicyStore, options: StoredPolicyOptions): Promise<StoredPolicy> {
  const shared = new SharedPolicy(store, checkStoredPolicyOptions(store, options))
  await shared.open()
  return shared
}
