import { types } from 'node:util'
import { ConfigError, type ConfigIssue, show } from '../errors.ts'
import { auditFunction } from './audit.ts'
import { type Compiled, compile, type PolicyOptions } from './compile.ts'
import { allowance, type Decision, type PolicyRequest, refusal } from './decision.ts'
import { explain } from './explain.ts'
import { hint } from './hint.ts'
import { OriginLookup } from './lookup.ts'
import { MAX_ORIGIN, parseOrigin } from './origin.ts'
import { isOwn } from './own.ts'
import { isPattern, parsePattern } from './pattern.ts'
import type { CorsOptions } from './schema.ts'

const CROSS_SITE = refusal('cross-site')
const NULL = refusal('null')
const MALFORMED = refusal('malformed')
const NOT_LISTED = refusal('not-listed')
const MISSING_REFUSED = refusal('missing')
const MISSING = allowance('missing', undefined)
/** A cached answer must serve whoever comes next, so a bare `*` is on all of them (Fetch, "CORS protocol and HTTP caches"). */
const MISSING_ANY = allowance('missing', '*')
const ANY = allowance('any', '*')
/** Refused origins remembered: 80 kB at most. */
const MAX_REFUSED = 256
const SAME_ORIGIN = allowance('same-origin', undefined)

/** One origin policy for everything a server answers. Needs neither Fastify nor Socket.IO. */
export class OriginPolicy {
  #compiled: Compiled
  #lookup: OriginLookup | undefined
  #version = 0
  #audited: ConfigIssue | undefined
  /** Origins that the lists have turned down lately. */
  readonly #refused: Map<string, Decision> = new Map()
  readonly #changed: Set<() => void> = new Set()
  readonly #failed: Set<(error: unknown, origin: string) => void> = new Set()

  /**
   * @param cors the `cors` options, or another policy to copy
   * @throws {ConfigError} with every mistake in them
   */
  constructor (cors: CorsOptions | OriginPolicy = {}) {
    this.#compiled = this.#compile(cors)
    this.#lookup = this.#lookupOf(this.#compiled)
  }

  /**
   * Decides about the origin of a request.
   *
   * @param origin the Origin header as it came (RFC 6454, section 7), `undefined` for none
   * @param request tells the server's own origin and Sec-Fetch-Site; without it no origin is the server's own
   * @returns a promise only when an origin function takes its time; never throws, never rejects
   */
  decide (origin: string | undefined, request?: PolicyRequest): Decision | Promise<Decision> {
    const { options } = this.#compiled
    if (origin === undefined || origin === null) {
      const site = request?.headers?.['sec-fetch-site']
      if (site === 'cross-site' || site === 'same-site') return CROSS_SITE
      if (options.missingOrigin === 'refuse') return MISSING_REFUSED
      return this.anyOrigin ? MISSING_ANY : MISSING
    }
    const decision = this.#decideListed(origin)
    if (decision !== NOT_LISTED) return decision
    if (request !== undefined && isOwn(origin, request, options.sameOrigin)) return SAME_ORIGIN
    return this.#lookup === undefined ? NOT_LISTED : this.#lookup.decide(origin, request)
  }

  /**
   * Says in words what becomes of an origin; for a refusal, which allowed origin is nearest and what differs.
   *
   * @returns text for people, such as "http://localhost:3000 is not allowed; https://localhost:3000 is: the scheme differs."
   */
  explain (origin: string): string {
    const decision = this.#decideListed(origin)
    return explain(this.#compiled, typeof origin === 'string' ? origin : show(origin), decision === NOT_LISTED && this.#lookup !== undefined ? undefined : decision)
  }

  /** What to change so that a refused request passes; what log lines say. */
  hint (origin: string | undefined, decision: Decision, request?: PolicyRequest): string {
    return hint(this.#compiled, typeof origin === 'string' ? origin : '', decision, request)
  }

  /**
   * Replaces the whole policy; the next request meets the new one.
   *
   * @throws {ConfigError} and stays as it was
   */
  update (cors: CorsOptions | OriginPolicy): void {
    const compiled = this.#compile(cors)
    this.#lookup = this.#lookupOf(compiled)
    this.#compiled = compiled
    this.#refused.clear()
    this.#audited = undefined
    this.#version++
    tell(this.#changed, (listener) => listener())
  }

  /** @returns what `update` and the constructor take; `update(snapshot())` changes nothing */
  snapshot (): CorsOptions {
    const { snapshot } = this.#compiled
    const copy = (value: unknown): unknown => Array.isArray(value) ? value.map(copy) : types.isRegExp(value) ? new RegExp(value) : typeof value === 'object' && value !== null ? { ...value } : value
    return Object.fromEntries(Object.entries(snapshot).map(([name, value]) => [name, copy(value)]))
  }

  /** @returns the function that unsubscribes */
  onChange (listener: () => void): () => void {
    this.#changed.add(listener)
    return () => { this.#changed.delete(listener) }
  }

  /** Told when an origin function throws, rejects or is too late. @returns the function that unsubscribes */
  onError (listener: (error: unknown, origin: string) => void): () => void {
    this.#failed.add(listener)
    return () => { this.#failed.delete(listener) }
  }

  /** What is legal but unwise, in the shape of issues. */
  get warnings (): readonly ConfigIssue[] {
    return this.#audited === undefined ? this.#compiled.warnings : [...this.#compiled.warnings, this.#audited]
  }

  /** The options in force, defaults filled in. */
  get options (): PolicyOptions {
    return this.#compiled.options
  }

  /** Whether every origin gets the literal `*`. */
  get anyOrigin (): boolean {
    return this.#compiled.literal
  }

  /** Whether any origin but the server's own can be allowed. */
  get crossOrigin (): boolean {
    return this.#compiled.crossOrigin
  }

  /**
   * Whether everything that an entry of `origin` would allow is allowed here: an origin, a pattern, `'*'` or `true`.
   * What only a RegExp or function here could tell counts as allowed; they are asked when a request comes.
   */
  covers (entry: string | true): boolean {
    const { any, ask, regexps, patterns } = this.#compiled
    if (any !== undefined) return true
    if (entry === true || entry === '*') return false
    const pattern = isPattern(entry) ? parsePattern(entry) : undefined
    if (pattern !== undefined) return patterns.covers(pattern) || regexps.length > 0 || ask !== undefined
    return this.#decideListed(entry).allowed || ask !== undefined
  }

  /**
   * Attacks the origin function: makes origins that an attacker can own from those it is known to allow (`originExamples`
   * and the policy's exact origins), and asks it about them. What it finds joins the `warnings`.
   *
   * @param self what the function gets as `this`
   * @returns the first such origin that it accepts
   */
  async auditFunction (self?: unknown): Promise<ConfigIssue | undefined> {
    const compiled = this.#compiled
    const { ask, exact, options } = compiled
    if (ask === undefined) return undefined
    // uncached, and its failures are not reported: they are the attack's
    const lookup = new OriginLookup(ask, { ...options, originCache: undefined }, () => {})
    const request = { server: self, headers: {} }
    const accepts = async (origin: string): Promise<boolean> => (await lookup.decide(origin, request)).allowed
    const finding = await auditFunction(accepts, [...exact.keys(), ...options.originExamples], { credentials: options.credentials })
    if (finding === undefined || compiled !== this.#compiled) return undefined
    const issue: ConfigIssue = { code: 'FUNCTION_UNSAFE', path: '/origin', value: ask, ...finding }
    this.#audited = issue
    return issue
  }

  /** Counts updates. */
  get version (): number {
    return this.#version
  }

  /** Decides from the lists alone. */
  #decideListed (origin: string): Decision {
    const { any, exact, patterns, regexps } = this.#compiled
    // before the map, which would hash it all
    if (typeof origin !== 'string' || origin.length > MAX_ORIGIN) return MALFORMED
    const listed = exact.get(origin)
    if (listed !== undefined) return listed
    if (origin === 'null') return NULL
    const known = this.#refused.get(origin)
    if (known !== undefined) return known
    const parsed = parseOrigin(origin)
    if (parsed === undefined) return this.#remember(origin, MALFORMED)
    if (any !== undefined) return this.anyOrigin ? ANY : allowance('any', origin)
    if (patterns.size > 0 && patterns.matches(parsed)) return allowance('pattern', origin)
    for (const regexp of regexps) {
      if (regexp.test(origin)) return allowance('regexp', origin)
    }
    return this.#remember(origin, NOT_LISTED)
  }

  /** A page that is refused tries again and again. Who makes up origins empties the memory, and gains nothing. */
  #remember (origin: string, decision: Decision): Decision {
    if (this.#refused.size >= MAX_REFUSED) this.#refused.clear()
    this.#refused.set(origin, decision)
    return decision
  }

  #compile (cors: CorsOptions | OriginPolicy): Compiled {
    const issues: ConfigIssue[] = []
    const compiled = compile(cors instanceof OriginPolicy ? cors.snapshot() : cors, '', issues)
    if (compiled === undefined) throw new ConfigError(issues)
    return compiled
  }

  #lookupOf ({ ask, options }: Compiled): OriginLookup | undefined {
    return ask === undefined ? undefined : new OriginLookup(ask, options, (error, origin) => { tell(this.#failed, (listener) => listener(error, origin)) })
  }
}

/**
 * Tells every listener. One that throws has a bug of its own, which must neither keep the others from hearing nor turn a
 * refusal into an exception: it becomes a warning of the process.
 */
function tell<Listener> (listeners: ReadonlySet<Listener>, call: (listener: Listener) => void): void {
  for (const listener of [...listeners]) {
    try {
      call(listener)
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : show(error))
    }
  }
}
