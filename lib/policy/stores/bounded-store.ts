import { show } from '../../text.ts'
import type { PolicyStore, StoredText } from './store.ts'

/** ms that a store has to answer. */
const PATIENCE = 5000

/** What a store holds, with what tells it from every other text. */
export interface Stored extends StoredText {
  readonly revision: string
}

/** A store that always answers: it rejects after 5 s, and at once when it is closed. */
export class BoundedStore {
  readonly name: string
  readonly #store: PolicyStore
  readonly #ending = new AbortController()
  #watching = false

  constructor (store: PolicyStore) {
    this.name = store.name ?? 'policy store'
    this.#store = store
  }

  get closed (): boolean {
    return this.#ending.signal.aborted
  }

  /** @throws {Error} with what the store says; its message begins with the name of the store */
  read (): Promise<Stored | undefined> {
    return this.#ask('read', async () => storedOf(await this.#store.read()))
  }

  /** @throws {Error} as {@link read} does */
  write (text: string, revision: string | undefined): Promise<boolean> {
    return this.#ask('written', async () => {
      const written: unknown = await this.#store.write(text, revision)
      if (typeof written === 'boolean') return written
      throw new TypeError(`write() must resolve with true or false; it resolved with ${show(written)}`)
    })
  }

  /**
   * Does nothing while the store listens already, or begins to.
   *
   * @returns whether the store has begun to listen
   * @throws {Error} when it cannot; to be tried again
   */
  async watch (changed: () => void): Promise<boolean> {
    if (this.#watching || this.closed || this.#store.watch === undefined) return false
    this.#watching = true
    try {
      await this.#store.watch(changed, this.#ending.signal)
      return true
    } catch (cause) {
      this.#watching = false
      throw this.#failure('watched', cause)
    }
  }

  close (): void {
    this.#ending.abort()
  }

  #ask<T> (act: string, work: () => Promise<T>): Promise<T> {
    const { signal } = this.#ending
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', close)
        act()
      }
      const fail = (cause: unknown): void => settle(() => reject(this.#failure(act, cause)))
      const close = (): void => fail(new Error('it is closed'))
      const timer = setTimeout(() => fail(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE)
      if (signal.aborted) return close()
      signal.addEventListener('abort', close)
      // async: a store that throws is as good as one that rejects
      const ask = async (): Promise<T> => work()
      ask().then((value) => settle(() => resolve(value)), fail)
    })
  }

  #failure (act: string, cause: unknown): Error {
    const why = cause instanceof Error ? cause.message : String(cause)
    return new Error(`${this.name} cannot be ${act}: ${why}`, { cause })
  }
}

/** @param found what `read()` of the user's store resolves with: nobody has checked its shape */
function storedOf (found: unknown): Stored | undefined {
  if (found === undefined || found === null) return undefined
  if (typeof found === 'string') return { text: found, revision: found }
  const { text, revision } = found as Record<keyof StoredText, unknown>
  if (typeof text === 'string') {
    if (revision === undefined || revision === null) return { text, revision: text }
    if (typeof revision === 'string') return { text, revision }
  }
  const what = typeof found === 'object' && !Array.isArray(found)
    ? `{ text: ${kindOf(text)}, revision: ${kindOf(revision)} }`
    : show(found)
  throw new TypeError('read() must resolve with { text, revision }, both strings, or with the text alone, ' +
    `or with undefined when nothing is stored; it resolved with ${what}`)
}

/** Never the text: it may be a secret of another application. */
function kindOf (value: unknown): string {
  return typeof value === 'string' ? 'a string' : show(value)
}
