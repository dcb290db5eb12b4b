import type { CorsOptions } from '../options/cors-options.ts'
import { OriginPolicy } from '../policy.ts'
import { BoundedStore, type Stored } from './bounded-store.ts'
import { PolicyConflictError } from './conflict.ts'
import { type Entry, Envelope, isOlder } from './envelope.ts'
import { isInvalid, reasonOf, StoreLog } from './log.ts'
import type { StoredPolicyOptions } from './options.ts'
import { toPortable } from './portable.ts'
import { Refresher } from './refresher.ts'
import type { PolicyStore } from './store.ts'

/** Writes in a row that may lose against other processes. */
const MAX_TRIES = 100
/** The version of `initial`: any that was published is newer. */
const FIRST = 1

/** What `storedPolicy` makes. */
export class SharedPolicy {
  readonly policy: OriginPolicy
  readonly #store: BoundedStore
  readonly #envelope: Envelope
  readonly #log: StoreLog
  readonly #initial: object
  readonly #required: boolean
  readonly #refresher: Refresher
  /** What is in force, as it is stored. */
  #entry: Entry | undefined
  /** The revision of a text that was not valid. */
  #rejected: string | undefined

  constructor (store: PolicyStore, options: StoredPolicyOptions) {
    const { initial, secret = [], pollInterval = 30_000, whenDown, log } = options
    this.#initial = toPortable(initial, '/initial')
    this.policy = new OriginPolicy(initial)
    this.#store = new BoundedStore(store)
    const { name } = this.#store
    this.#envelope = new Envelope(name, typeof secret === 'string' || Buffer.isBuffer(secret) ? [secret] : secret)
    this.#log = new StoreLog(name, log)
    this.#required = whenDown !== 'initial'
    this.#refresher = new Refresher(() => this.#refresh(), pollInterval)
  }

  get version (): number {
    return this.#entry?.version ?? 0
  }

  async open (): Promise<void> {
    try {
      await this.#settle()
    } catch (error) {
      if (this.#required) {
        await this.close()
        const what = isInvalid(error) ? `${this.#store.name} ${reasonOf(error)}` : (error as Error).message
        throw new Error(`fastify-io: ${what}; with whenDown: 'initial' the app starts all the same`, { cause: error })
      }
      this.#report(error)
    }
    this.#refresher.begin()
    this.#watch()
  }

  async publish (
    cors: CorsOptions | OriginPolicy,
    { ifVersion }: { readonly ifVersion?: number } = {}
  ): Promise<number> {
    const policy = toPortable(cors, '')
    let entry: Entry | undefined
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const stored = await this.#store.read()
      // After a lost connection a client may send the write twice. The second one then finds the text of the first.
      if (entry !== undefined && stored?.text === entry.text) return this.#adopt(entry)
      const latest = this.#latest(stored)
      if (ifVersion !== undefined && latest !== ifVersion) throw new PolicyConflictError(ifVersion, latest)
      // The time keeps it ahead of what was published before the store lost its data.
      const version = Math.max((latest ?? this.version) + 1, Date.now())
      if (!Number.isSafeInteger(version)) throw new RangeError(`fastify-io: there is no version after ${latest}`)
      entry = this.#envelope.seal(policy, version)
      if (await this.#store.write(entry.text, stored?.revision)) return this.#adopt(entry)
    }
    const { name } = this.#store
    throw new Error(`fastify-io: others wrote to ${name} ${MAX_TRIES} times meanwhile; nothing was published`)
  }

  async close (): Promise<void> {
    this.#refresher.end()
    this.#store.close()
  }

  /**
   * Reads the store and comes to terms with it: a newer policy comes into force here, an older one is replaced there.
   *
   * @throws {NoEntry | ConfigError} for a text that is not valid, the first time that it is seen
   */
  async #settle (): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const stored = await this.#store.read()
      if (stored !== undefined && (stored.text === this.#entry?.text || stored.revision === this.#rejected)) return
      const found = stored === undefined ? undefined : this.#take(stored)
      if (found !== undefined && found === this.#entry) return
      const entry = this.#entry ?? this.#envelope.seal(this.#initial, FIRST)
      if (!await this.#store.write(entry.text, stored?.revision)) continue
      if (this.#entry === undefined) this.#adopt(entry)
      else this.#log.putBack(entry.version, found?.version)
      return
    }
  }

  /** @returns what is stored; it is in force, unless it is older than what is */
  #take (stored: Stored): Entry {
    try {
      const found = this.#envelope.open(stored.text)
      this.#adopt(found)
      return found
    } catch (error) {
      this.#rejected = stored.revision
      throw error
    }
  }

  /** The version to replace; `undefined` when what is stored is not valid. */
  #latest (stored: Stored | undefined): number | undefined {
    if (stored === undefined || stored.text === this.#entry?.text) return this.version
    try {
      return Math.max(this.#envelope.open(stored.text).version, this.version)
    } catch {
      return undefined
    }
  }

  /** @throws {ConfigError} for a policy that is not valid; all stays as it was */
  #adopt (entry: Entry): number {
    const before = this.#entry
    if (before !== undefined && isOlder(entry, before)) return entry.version
    // before the listeners of the policy hear of it
    this.#entry = entry
    try {
      this.policy.update(entry.cors)
    } catch (error) {
      this.#entry = before
      throw error
    }
    this.#rejected = undefined
    this.#log.inForce(entry.version)
    return entry.version
  }

  /** @returns whether the store has answered */
  async #refresh (): Promise<boolean> {
    this.#watch()
    try {
      await this.#settle()
    } catch (error) {
      if (this.#store.closed) return false
      this.#report(error)
      return isInvalid(error)
    }
    this.#log.answered('read')
    return true
  }

  #report (error: unknown): void {
    if (isInvalid(error)) this.#log.rejected(error)
    else this.#log.failed('read', error)
  }

  #watch (): void {
    const changed = (): void => this.#refresher.ask()
    this.#store.watch(changed).then((began) => {
      if (!began) return
      this.#log.answered('watched')
      // what changed meanwhile
      changed()
    }, (error: unknown) => {
      if (!this.#store.closed) this.#log.failed('watched', error)
    })
  }
}
