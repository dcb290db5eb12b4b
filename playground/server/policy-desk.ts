import { EventEmitter } from 'node:events'
import type { OriginPolicy } from '../../lib/index.ts'
import { type Checked, checkPolicy } from './policy-text.ts'

/** Policies that can be gone back to. */
const MAX_HISTORY = 50

export interface PolicyState {
  /** The JSON in force. */
  readonly text: string
  readonly version: number
  readonly canUndo: boolean
  readonly isFirst: boolean
}

/** Edits the policy of the backend while it runs. Emits `change`. */
export class PolicyDesk extends EventEmitter {
  readonly #policy: OriginPolicy
  readonly #first: string
  readonly #history: string[] = []
  #text: string
  #version = 0

  constructor (policy: OriginPolicy) {
    super()
    this.#policy = policy
    this.#first = this.#text = JSON.stringify(policy.snapshot(), null, 2)
  }

  get state (): PolicyState {
    return {
      text: this.#text,
      version: this.#version,
      canUndo: this.#history.length > 0,
      isFirst: this.#text === this.#first
    }
  }

  /** Puts a text in force, unless it has mistakes. */
  apply (text: string): Checked {
    const checked = checkPolicy(text)
    if (checked.cors === undefined || text === this.#text) return checked
    this.#history.push(this.#text)
    if (this.#history.length > MAX_HISTORY) this.#history.shift()
    this.#put(text)
    return checked
  }

  undo (): PolicyState {
    const text = this.#history.pop()
    if (text !== undefined) this.#put(text)
    return this.state
  }

  /** Puts the first policy in force again. */
  reset (): PolicyState {
    this.apply(this.#first)
    return this.state
  }

  #put (text: string): void {
    this.#policy.update(JSON.parse(text))
    this.#text = text
    this.#version++
    this.emit('change')
  }
}
