import { type ConfigIssue, issue } from '../issues.ts'
import { auditFunction } from './audit/audit-function.ts'
import type { Compiled } from './options/compile.ts'
import { allowance, type Decision, type PolicyRequest, refusal } from './origin/decision.ts'
import { type OnError, OriginFunctionCaller } from './function/origin-function.ts'
import { FILE_ORIGIN, MAX_ORIGIN, parseOrigin } from './origin/origin.ts'
import { isPattern, parsePattern } from './origin/pattern.ts'
import { isSameOrigin, refusedOwn } from './origin/same-origin.ts'

const CROSS_SITE = refusal('cross-site')
const NULL = refusal('null')
const MALFORMED = refusal('malformed')
const NOT_LISTED = refusal('not-listed')
const MISSING_REFUSED = refusal('missing')
const MISSING = allowance('missing', undefined)
/** A cached answer serves whoever comes next, so a bare `*` is on all (Fetch, "CORS protocol and HTTP caches"). */
const MISSING_ANY = allowance('missing', '*')
const ANY = allowance('any', '*')
const SAME_ORIGIN = allowance('same-origin', undefined)
/** Refused origins remembered: 80 kB at most. */
const MAX_REFUSED = 256

/** All that a policy decides by, its memory too. An update makes a new one, so nothing of the old one stays behind. */
export class Ruling {
  readonly compiled: Compiled
  warnings: readonly ConfigIssue[]
  readonly #lookup: OriginFunctionCaller | undefined
  /** Origins that the lists have turned down lately; without it a refused handshake costs 2 % more. */
  readonly #refused: Map<string, Decision> = new Map()

  constructor (compiled: Compiled, onError: OnError) {
    const { originFunction, options } = compiled
    this.compiled = compiled
    this.warnings = compiled.warnings
    this.#lookup = originFunction === undefined ? undefined : new OriginFunctionCaller(originFunction, options, onError)
  }

  decide (origin: string | undefined, request: PolicyRequest | undefined): Decision | Promise<Decision> {
    if (origin === undefined || origin === null) return this.#decideMissing(request)
    const decision = this.decideListed(origin)
    if (decision !== NOT_LISTED) return decision
    if (request !== undefined && isSameOrigin(origin, request, this.compiled.options.sameOrigin)) return SAME_ORIGIN
    return this.#lookup === undefined ? NOT_LISTED : this.#lookup.decide(origin, request)
  }

  /** Decides from the lists alone. */
  decideListed (origin: string): Decision {
    const { wildcard, sendsLiteralStar, exact, patterns, regexps } = this.compiled
    // before the map, which would hash it all
    if (typeof origin !== 'string' || origin.length > MAX_ORIGIN) return MALFORMED
    const listed = exact.get(origin)
    if (listed !== undefined) return listed
    if (sendsLiteralStar && (origin === 'null' || origin === FILE_ORIGIN)) return ANY
    if (origin === 'null') return NULL
    const known = this.#refused.get(origin)
    if (known !== undefined) return known
    const parsed = parseOrigin(origin)
    if (parsed === undefined) return this.#remember(origin, MALFORMED)
    if (wildcard !== undefined) return sendsLiteralStar ? ANY : allowance('any', origin)
    if (patterns.size > 0 && patterns.matches(parsed)) return allowance('pattern', origin)
    for (const regexp of regexps) {
      if (regexp.test(origin)) return allowance('regexp', origin)
    }
    return this.#remember(origin, NOT_LISTED)
  }

  /**
   * Whether everything that an entry of `origin` would allow is allowed here: an origin, a pattern, `'*'` or `true`.
   * What only a RegExp or function here could tell counts as allowed; they are asked when a request comes.
   */
  covers (entry: string | true): boolean {
    const { wildcard, originFunction, regexps, patterns } = this.compiled
    if (wildcard !== undefined) return true
    if (entry === true || entry === '*') return false
    const pattern = isPattern(entry) ? parsePattern(entry) : undefined
    if (pattern !== undefined) return patterns.covers(pattern) || regexps.length > 0 || originFunction !== undefined
    return this.decideListed(entry).allowed || originFunction !== undefined
  }

  /** Whether an origin that is not listed is for the origin function to decide. */
  isAsked (decision: Decision): boolean {
    return decision === NOT_LISTED && this.#lookup !== undefined
  }

  /**
   * Attacks the origin function.
   *
   * @param self what the function gets as `this`
   * @returns the first origin that it accepts and that an attacker can own
   */
  async attack (self: unknown): Promise<ConfigIssue | undefined> {
    const { originFunction, exact, options } = this.compiled
    if (originFunction === undefined) return undefined
    // uncached, and its failures are not reported: they are the attack's
    const lookup = new OriginFunctionCaller(originFunction, { ...options, originCache: undefined }, () => {})
    const request = { server: self, headers: {} }
    const accepts = async (origin: string): Promise<boolean> => (await lookup.decide(origin, request)).allowed
    const examples = [...exact.keys(), ...options.originExamples]
    const finding = await auditFunction(accepts, examples, { credentials: options.credentials })
    if (finding === undefined) return undefined
    const warning = issue('FUNCTION_UNSAFE', '/origin', originFunction, finding)
    this.warnings = [...this.compiled.warnings, warning]
    return warning
  }

  #decideMissing (request: PolicyRequest | undefined): Decision | Promise<Decision> {
    const { sendsLiteralStar, crossOrigin, options: { missingOrigin, sameOrigin } } = this.compiled
    if (sendsLiteralStar) return missingOrigin === 'refuse' ? MISSING_REFUSED : MISSING_ANY
    const site = request?.headers?.['sec-fetch-site']
    if (site === 'cross-site' || site === 'same-site') return CROSS_SITE
    if (missingOrigin === 'refuse') return MISSING_REFUSED
    if (request === undefined) return MISSING
    // A proxy may hide what the page is called, and a list name it: its POSTs are allowed, so its GETs are too.
    if (sameOrigin === true && crossOrigin) return MISSING
    const own = refusedOwn(request, site === 'same-origin', sameOrigin)
    if (own === undefined) return MISSING
    // The lists or the function may allow it, as they do when the same page sends a POST, which has an Origin.
    const decision = this.decide(own, request)
    return decision instanceof Promise ? decision.then(withoutOrigin) : withoutOrigin(decision)
  }

  /** A page that is refused tries again and again. A client that makes up origins can only empty the memory. */
  #remember (origin: string, decision: Decision): Decision {
    if (this.#refused.size >= MAX_REFUSED) this.#refused.clear()
    this.#refused.set(origin, decision)
    return decision
  }
}

/** What is decided about the server's own page when it sends no Origin: an answer without CORS headers. */
function withoutOrigin (decision: Decision): Decision {
  if (decision.allowed) return MISSING
  return decision.reason === 'malformed' ? NOT_LISTED : decision
}
