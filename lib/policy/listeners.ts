import { show } from '../text.ts'

/** Functions that are called when something happens. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #all: Set<(...args: Args) => void> = new Set()

  /** @returns the function that unsubscribes */
  add (listener: (...args: Args) => void): () => void {
    this.#all.add(listener)
    return () => { this.#all.delete(listener) }
  }

  /**
   * A listener that throws, or rejects, must not stop the others, the request or the process: its error becomes a
   * warning of the process.
   */
  notify (...args: Args): void {
    for (const listener of [...this.#all]) {
      try {
        // typed to return nothing, but often written as an async function
        const returned: unknown = listener(...args)
        if (returned !== undefined) Promise.resolve(returned).catch(warn)
      } catch (error) {
        warn(error)
      }
    }
  }
}

function warn (error: unknown): void {
  process.emitWarning(error instanceof Error ? error : show(error))
}
