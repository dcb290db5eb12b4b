import type { PolicyStore, StoredText } from '../../lib/index.ts'

/** A store in this process, for several stored policies, with switches for what can go wrong. */
export class MemoryStore implements PolicyStore {
  readonly name: string = 'memory:origins'
  text: string | undefined
  /** What each read and write rejects with. */
  failure: Error | undefined
  /** Whether reads hang. */
  hangs = false
  /** Whether watchers are told. */
  announces = true
  reads = 0
  writes = 0
  readonly watchers: Set<() => void> = new Set()

  async read (): Promise<StoredText | undefined> {
    this.reads++
    if (this.failure !== undefined) throw this.failure
    if (this.hangs) await new Promise(() => {})
    return this.text === undefined ? undefined : { text: this.text, revision: this.text }
  }

  async write (text: string, revision: string | undefined): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure
    if (this.text !== revision) return false
    this.writes++
    this.put(text)
    return true
  }

  async watch (changed: () => void, signal: AbortSignal): Promise<void> {
    this.watchers.add(changed)
    signal.addEventListener('abort', () => this.watchers.delete(changed))
  }

  /** As somebody does who can write to the store. */
  put (text: string | undefined): void {
    this.text = text
    this.announce()
  }

  announce (): void {
    if (this.announces) for (const changed of this.watchers) changed()
  }
}
