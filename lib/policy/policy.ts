import { types } from 'node:util'
import type { ConfigIssue } from '../issues.ts'
import { show } from '../text.ts'
import { explain } from './explain/explain.ts'
import { hint } from './explain/hint.ts'
import { Listeners } from './listeners.ts'
import { compile, type Compiled } from './options/compile.ts'
import type { CorsOptions, PolicyOptions } from './options/cors-options.ts'
import type { Decision, PolicyRequest } from './origin/decision.ts'
import { Ruling } from './ruling.ts'
import { type OnDifference, type TrialDifference, type TrialResult, Trials } from './trial.ts'

/**
 * One origin policy for everything a server answers. Needs neither Fastify nor Socket.IO.
 *
 * @example
 * ```ts
 * const policy = new OriginPolicy({ origin: ['https://app.example.com', 'https://*.preview.example.com'] })
 *
 * const { allowed, reason } = await policy.decide(request.headers.origin, request)
 * policy.update({ origin: 'https://app.example.com' }) // for the next request
 * ```
 */
export class OriginPolicy {
  /** All that decides, so an update swaps one reference. */
  #ruling: Ruling
  #version = 0
  readonly #trials: Trials = new Trials()
  readonly #changed: Listeners<[]> = new Listeners()
  readonly #failed: Listeners<[error: unknown, origin: string]> = new Listeners()

  /**
   * @param cors the `cors` options, or another policy to copy
   * @throws {ConfigError} with every mistake in them
   */
  constructor (cors: CorsOptions | OriginPolicy = {}) {
    this.#ruling = this.#rulingBy(cors)
  }

  /**
   * Decides about the origin of a request.
   *
   * @param origin the Origin header as it came (RFC 6454, section 7), `undefined` for none
   * @param request tells the server's own origin and Sec-Fetch-Site; without it no origin is the server's own
   * @returns a promise only when an origin function takes its time; never throws, never rejects
   */
  decide (origin: string | undefined, request?: PolicyRequest): Decision | Promise<Decision> {
    const decision = this.#ruling.decide(origin, request)
    if (this.#trials.running > 0) this.#trials.compare(decision, origin, request)
    return decision
  }

  /** Decides once more about a request or a session. Trials, which count requests, do not hear of it. @internal */
  decideAgain (origin: string | undefined, request?: PolicyRequest): Decision | Promise<Decision> {
    return this.#ruling.decide(origin, request)
  }

  /**
   * Explains the decision about an origin. For a refusal, names the nearest allowed origin and what differs.
   *
   * @returns text for people: "http://localhost:3000 is not allowed; https://localhost:3000 is: the scheme differs."
   */
  explain (origin: string): string {
    const decision = this.#ruling.decideListed(origin)
    const text = typeof origin === 'string' ? origin : show(origin)
    return explain(this.#ruling.compiled, text, this.#ruling.isAsked(decision) ? undefined : decision)
  }

  /** What to change so that a refused request passes; what log lines say. @internal */
  hint (origin: string | undefined, decision: Decision, request?: PolicyRequest): string {
    return hint(this.#ruling.compiled, typeof origin === 'string' ? origin : '', decision, request)
  }

  /**
   * Replaces the whole policy; the next request meets the new one.
   *
   * @throws {ConfigError} and stays as it was
   */
  update (cors: CorsOptions | OriginPolicy): void {
    this.#ruling = this.#rulingBy(cors)
    this.#version++
    this.#changed.notify()
  }

  /**
   * Runs a next policy beside this one, so that a change can be watched before `update`. It is asked about each request
   * and has no say. Where one allows what the other refuses, the listener is told, the log of the plugin has a line a
   * minute for each origin, and the diagnostics channel `fastify-io:trial` a message. Outlives updates.
   *
   * @param onDifference told of each difference; what it throws becomes a warning of the process
   * @returns the function that ends the trial, and says what it has seen
   * @throws {ConfigError} with every mistake; no trial begins then
   */
  trial (cors: CorsOptions | OriginPolicy, onDifference?: (difference: TrialDifference) => void): () => TrialResult {
    return this.#trials.begin(compiledOf(cors), onDifference)
  }

  /** @internal */
  onTrialDifference (listener: OnDifference): () => void {
    return this.#trials.differed.add(listener)
  }

  /** @returns what `update` and the constructor take; `update(snapshot())` changes nothing */
  snapshot (): CorsOptions {
    return copy(this.#ruling.compiled.snapshot)
  }

  /** @returns the function that unsubscribes */
  onChange (listener: () => void): () => void {
    return this.#changed.add(listener)
  }

  /**
   * Told when an origin function throws, rejects, is too late, or answers what is no answer.
   *
   * @returns the function that unsubscribes
   */
  onError (listener: (error: unknown, origin: string) => void): () => void {
    return this.#failed.add(listener)
  }

  /** What is legal but unwise, in the shape of issues. */
  get warnings (): readonly ConfigIssue[] {
    return this.#ruling.warnings
  }

  /** The options in force, defaults filled in. */
  get options (): PolicyOptions {
    return this.#ruling.compiled.options
  }

  /** Whether every origin gets the literal `*`. @internal */
  get anyOrigin (): boolean {
    return this.#ruling.compiled.sendsLiteralStar
  }

  /** Whether any origin but the server's own can be allowed. @internal */
  get crossOrigin (): boolean {
    return this.#ruling.compiled.crossOrigin
  }

  /** Whether everything that an entry of `origin` would allow is allowed here. @internal */
  covers (entry: string | true): boolean {
    return this.#ruling.covers(entry)
  }

  /**
   * Attacks the origin function: makes origins that an attacker can own from those it is known to allow
   * (`originExamples` and the policy's exact origins), and asks it about them. What it finds joins the `warnings`.
   *
   * @param self what the function gets as `this`
   * @returns the first such origin that it accepts
   * @internal
   */
  async auditFunction (self?: unknown): Promise<ConfigIssue | undefined> {
    const ruling = this.#ruling
    const issue = await ruling.attack(self)
    return ruling === this.#ruling ? issue : undefined
  }

  /** Counts updates. @internal */
  get version (): number {
    return this.#version
  }

  #rulingBy (cors: CorsOptions | OriginPolicy): Ruling {
    return new Ruling(compiledOf(cors), (error, origin) => this.#failed.notify(error, origin))
  }
}

function compiledOf (cors: CorsOptions | OriginPolicy): Compiled {
  return compile(cors instanceof OriginPolicy ? cors.snapshot() : cors)
}

/** A copy that the caller may change: of lists, RegExps and objects, not of functions. */
function copy<Value> (value: Value): Value
function copy (value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => copy(item))
  if (types.isRegExp(value)) return new RegExp(value)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member)]))
}
