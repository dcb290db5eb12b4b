/** Bytes that a stored text may have: some 25,000 origins. */
export const MAX_TEXT: number = 2 ** 20

/** What a {@link PolicyStore} holds. */
export interface StoredText {
  readonly text: string
  /**
   * Tells this text from every other that was stored before: the version of a row (as a text), an ETag.
   *
   * @default the text
   */
  readonly revision?: string | undefined
}

/**
 * A place for one text that several processes share: a key in Redis or etcd, a row in a database, a ConfigMap.
 *
 * {@link storedPolicy} signs, validates, compares and logs. A store reads and writes, and may announce changes. It may
 * reject whenever it likes: the policy in force stays, and the store is asked again.
 */
export interface PolicyStore {
  /**
   * Names the text in log lines and in its signature: the same in every process. Give each text another name when one
   * secret signs several.
   *
   * @default 'policy store'
   */
  readonly name?: string

  /**
   * Reads what is stored, not from a cache or a replica that lags behind.
   *
   * @returns `{ text, revision }`, the text alone, or `undefined` or `null` when nothing is stored. Whatever else it
   *   resolves with is as good as a rejection
   */
  read (): Promise<StoredText | string | undefined | null>

  /**
   * Compare-and-set: replaces the text in one step that no other process can come between.
   *
   * @param text at most 1 MiB
   * @param revision of the text to replace, as {@link read} gave it; `undefined` when nothing must be stored yet
   * @returns false when something else is stored; nothing is written then
   */
  write (text: string, revision: string | undefined): Promise<boolean>

  /**
   * Listens for changes. A store without it is read every `pollInterval`.
   *
   * @param changed to be called when the text may have changed, and when a lost connection is back. Too often
   *   does no harm
   * @param signal aborted by `close()`: the listening ends, and what was opened for it is closed
   * @returns resolves once it listens. When it rejects, it is called again after the next `pollInterval`
   */
  watch? (changed: () => void, signal: AbortSignal): Promise<void>
}
