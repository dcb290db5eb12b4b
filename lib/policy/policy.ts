import { types } from 'node:util'
import { ConfigError, type ConfigIssue } from '../errors.ts'
import { show } from '../text.ts'
import { compile, type PolicyOptions } from './options/compile.ts'
import type { Decision, PolicyRequest } from './origin/decision.ts'
import { explain } from './explain/explain.ts'
import { hint } from './explain/hint.ts'
import { isPattern, parsePattern } from './origin/pattern.ts'
import { Ruling } from './ruling.ts'
import type { CorsOptions } from './options/schema.ts'

/** One origin policy for everything a server answers. Needs neither Fastify nor Socket.IO. */
export class OriginPolicy {
  #ruling: Ruling
  #version = 0
  readonly #changed: Set<() => void> = new Set()
  readonly #failed: Set<(error: unknown, origin: string) => void> = new Set()

  /**
   * @param cors the `cors` options, or another policy to copy
   * @throws {ConfigError} with every mistake in them
   */
  constructor (cors: CorsOptions | OriginPolicy = {}) {
    this.#ruling = this.#ruleBy(cors)
  }

  /**
   * Decides about the origin of a request.
   *
   * @param origin the Origin header as it came (RFC 6454, section 7), `undefined` for none
   * @param request tells the server's own origin and Sec-Fetch-Site; without it no origin is the server's own
   * @returns a promise only when an origin function takes its time; never throws, never rejects
   */
  decide (origin: string | undefined, request?: PolicyRequest): Decision | Promise<Decision> {
    return this.#ruling.decide(origin, request)
  }

  /**
   * Explains the decision about an origin. For a refusal, names the nearest allowed origin and what differs.
   *
   * @returns text for people, such as "http://localhost:3000 is not allowed; https://localhost:3000 is: the scheme differs."
   */
  explain (origin: string): string {
    const decision = this.#ruling.decideListed(origin)
    const text = typeof origin === 'string' ? origin : show(origin)
    return explain(this.#ruling.compiled, text, this.#ruling.isAsked(decision) ? undefined : decision)
  }

  /**
   * What to change so that a refused request passes; what log lines say.
   *
   * @internal
   */
  hint (origin: string | undefined, decision: Decision, request?: PolicyRequest): string {
    return hint(this.#ruling.compiled, typeof origin === 'string' ? origin : '', decision, request)
  }

  /**
   * Replaces the whole policy; the next request meets the new one.
   *
   * @throws {ConfigError} and stays as it was
   */
  update (cors: CorsOptions | OriginPolicy): void {
    this.#ruling = this.#ruleBy(cors)
    this.#version++
    notify(this.#changed, (listener) => listener())
  }

  /** @returns what `update` and the constructor take; `update(snapshot())` changes nothing */
  snapshot (): CorsOptions {
    const { snapshot } = this.#ruling.compiled
    const copy = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(copy)
        : types.isRegExp(value)
          ? new RegExp(value)
          : typeof value === 'object' && value !== null
            ? { ...value }
            : value
    return Object.fromEntries(Object.entries(snapshot).map(([name, value]) => [name, copy(value)]))
  }

  /** @returns the function that unsubscribes */
  onChange (listener: () => void): () => void {
    this.#changed.add(listener)
    return () => { this.#changed.delete(listener) }
  }

  /**
   * Told when an origin function throws, rejects, is too late, or answers what is no answer.
   *
   * @returns the function that unsubscribes
   */
  onError (listener: (error: unknown, origin: string) => void): () => void {
    this.#failed.add(listener)
    return () => { this.#failed.delete(listener) }
  }

  /** What is legal but unwise, in the shape of issues. */
  get warnings (): readonly ConfigIssue[] {
    const { audited, compiled: { warnings } } = this.#ruling
    return audited === undefined ? warnings : [...warnings, audited]
  }

  /** The options in force, defaults filled in. */
  get options (): PolicyOptions {
    return this.#ruling.compiled.options
  }

  /**
   * Whether every origin gets the literal `*`.
   *
   * @internal
   */
  get anyOrigin (): boolean {
    return this.#ruling.compiled.sendsLiteralStar
  }

  /**
   * Whether any origin but the server's own can be allowed.
   *
   * @internal
   */
  get crossOrigin (): boolean {
    return this.#ruling.compiled.crossOrigin
  }

  /**
   * Whether everything that an entry of `origin` would allow is allowed here: an origin, a pattern, `'*'` or `true`.
   * What only a RegExp or function here could tell counts as allowed; they are asked when a request comes.
   *
   * @internal
   */
  covers (entry: string | true): boolean {
    const { wildcard, originFunction, regexps, patterns } = this.#ruling.compiled
    if (wildcard !== undefined) return true
    if (entry === true || entry === '*') return false
    const pattern = isPattern(entry) ? parsePattern(entry) : undefined
    if (pattern !== undefined) return patterns.covers(pattern) || regexps.length > 0 || originFunction !== undefined
    return this.#ruling.decideListed(entry).allowed || originFunction !== undefined
  }

  /**
   * Attacks the origin function: makes origins that an attacker can own from those it is known to allow (`originExamples`
   * and the policy's exact origins), and asks it about them. What it finds joins the `warnings`.
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

  /**
   * Counts updates.
   *
   * @internal
   */
  get version (): number {
    return this.#version
  }

  #ruleBy (cors: CorsOptions | OriginPolicy): Ruling {
    const issues: ConfigIssue[] = []
    const compiled = compile(cors instanceof OriginPolicy ? cors.snapshot() : cors, '', issues)
    if (compiled === undefined) throw new ConfigError(issues)
    return new Ruling(compiled, (error, origin) => { notify(this.#failed, (listener) => listener(error, origin)) })
  }
}

/**
 * Tells every listener. A listener that throws must not stop the others or the request: its error becomes a warning of
 * the process.
 */
function notify<Listener> (listeners: ReadonlySet<Listener>, call: (listener: Listener) => void): void {
  for (const listener of [...listeners]) {
    try {
      call(listener)
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : show(error))
    }
  }
}
