import { show } from '../text.ts'

/** Functions that are called when something happens. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #all: Set<(...args: Args) => void> = new Set()

  /** @returns the function that unsubscribes */
  add (listener: (...args: Args) => void): () => void {
    this.#all.add(listener)
    return () => { this.#all.delete(listener) }
  }

  /** A listener that throws must not stop the others or the request: its error becomes a warning of the process. */
  notify (...args: Args): void {
    for (const listener of [...this.#all]) {
      try {
        listener(...args)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : show(error))
      }
    }
  }
}
