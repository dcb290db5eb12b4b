import { hint } from './explain/hint.ts'
import { Listeners } from './listeners.ts'
import type { Compiled } from './options/compile.ts'
import type { Decision, PolicyRequest } from './origin/decision.ts'
import { Ruling } from './ruling.ts'

/** A request that the policy in force and one on trial decide differently. */
export interface TrialDifference {
  /** Which trial of this policy, counted from 1. */
  readonly trial: number
  /** The Origin header as it came; `undefined` when there was none. */
  readonly origin: string | undefined
  /** What the policy in force has decided, and what holds. */
  readonly now: Decision
  /** What the policy on trial would have decided. */
  readonly next: Decision
  /** What to change in the policy on trial so that it allows the request; empty when it does. Made when it is read. */
  readonly hint: string
}

/** What a trial has seen, in requests. */
export interface TrialResult {
  /** Requests that both policies have decided about. */
  readonly compared: number
  /** Of these, refused now and allowed by the policy on trial. */
  readonly opened: number
  /** Of these, allowed now and refused by the policy on trial. */
  readonly closed: number
  /** Requests that were not compared: the function on trial had too many others to answer. */
  readonly skipped: number
}

/** Told of each difference, with the request that made it. */
export type OnDifference = (difference: TrialDifference, request: PolicyRequest | undefined) => void

/** Requests of one trial that wait for an origin function; more are skipped, so a slow function fills no memory. */
const MAX_WAITING = 256

/** The trials of one policy. They see each decision, and have no say in it. */
export class Trials {
  /** How many there are; read for each decision. */
  running = 0
  /** Told of the differences of all of them. */
  readonly differed: Listeners<Parameters<OnDifference>> = new Listeners()
  readonly #all: Set<Trial> = new Set()
  #begun = 0

  /** @returns the function that ends it */
  begin (next: Compiled, onDifference?: (difference: TrialDifference) => void): () => TrialResult {
    const told = new Listeners<Parameters<OnDifference>>()
    if (onDifference !== undefined) told.add((difference) => onDifference(difference))
    const trial = new Trial(++this.#begun, next, (difference, request) => {
      told.notify(difference, request)
      this.differed.notify(difference, request)
    })
    this.#all.add(trial)
    this.running++
    return () => {
      if (this.#all.delete(trial)) this.running--
      return trial.end()
    }
  }

  compare (now: Decision | Promise<Decision>, origin: string | undefined, request: PolicyRequest | undefined): void {
    for (const trial of this.#all) trial.compare(now, origin, request)
  }
}

class Trial {
  readonly #number: number
  readonly #ruling: Ruling
  readonly #onDifference: OnDifference
  readonly #result = { compared: 0, opened: 0, closed: 0, skipped: 0 }
  #waiting = 0
  #ended = false

  constructor (number: number, compiled: Compiled, onDifference: OnDifference) {
    this.#number = number
    // what fails is a refusal with the reason `error` or `timeout`, and a difference like any other
    this.#ruling = new Ruling(compiled, () => {})
    this.#onDifference = onDifference
  }

  compare (now: Decision | Promise<Decision>, origin: string | undefined, request: PolicyRequest | undefined): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#result.skipped++
      return
    }
    const next = this.#ruling.decide(origin, request)
    if (!(now instanceof Promise || next instanceof Promise)) return this.#count(now, next, origin, request)
    this.#waiting++
    // neither rejects
    void Promise.all([now, next]).then(([now, next]) => {
      this.#waiting--
      this.#count(now, next, origin, request)
    })
  }

  #count (now: Decision, next: Decision, origin: string | undefined, request: PolicyRequest | undefined): void {
    if (this.#ended) return
    this.#result.compared++
    if (now.allowed === next.allowed) return
    this.#result[next.allowed ? 'opened' : 'closed']++
    const { compiled } = this.#ruling
    this.#onDifference({
      trial: this.#number,
      origin,
      now,
      next,
      get hint () { return next.allowed ? '' : hint(compiled, origin ?? '', next, request) }
    }, request)
  }

  end (): TrialResult {
    this.#ended = true
    return { ...this.#result }
  }
}
