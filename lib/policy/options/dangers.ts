import type { Dangerously } from './cors-options.ts'

/** The name of a setting under `dangerously`. */
export type Danger = keyof Dangerously

/** The settings under `dangerously`, and which of them the rest of the options needs. */
export class Dangers {
  readonly #on: Dangerously
  readonly #needed: Set<Danger> = new Set()

  constructor (dangerously: Dangerously = {}) {
    this.#on = dangerously
  }

  /** Whether a setting is on. To be asked only where it is needed. */
  permits (danger: Danger): boolean {
    this.#needed.add(danger)
    return this.#on[danger] === true
  }

  /** Those that are on, and that nothing has asked for. */
  get idle (): Danger[] {
    const names = Object.keys(this.#on) as Danger[]
    return names.filter((danger) => this.#on[danger] === true && !this.#needed.has(danger))
  }
}

/** How a hint names the setting, and what comes before it. */
export function orDangerously (advice: string, danger: Danger): string {
  return `${advice}, or set \`dangerously: { ${danger}: true }\``
}
