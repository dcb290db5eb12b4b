import { types } from 'node:util'
import { LRUCache } from 'lru-cache'
import { allowance, type Decision, type PolicyRequest, refusal } from './decision.ts'
import { parseOrigin } from './origin.ts'
import { isPattern, parsePattern } from './pattern.ts'
import { PatternIndex } from './matcher.ts'
import type { OriginAnswer, OriginFunction } from './schema.ts'

const NOT_LISTED = refusal('not-listed')
const ERROR = refusal('error')
const TIMEOUT = refusal('timeout')

interface LookupOptions {
  /** ms */
  readonly originTimeout: number
  readonly originCache: { readonly max: number, readonly ttl: number } | undefined
}

/**
 * Asks an origin function, in whichever way it answers, and refuses when it throws, rejects or stays silent.
 *
 * Concurrent look-ups of one origin share one call, and answers may be cached, unless the function takes the request:
 * then its answer is for that request alone.
 */
export class OriginLookup {
  readonly #ask: OriginFunction
  readonly #timeout: number
  /** Parameters it declares. */
  readonly #arity: number
  readonly #pending: Map<string, Promise<Decision>> = new Map()
  readonly #cache: LRUCache<string, Decision> | undefined
  readonly #onError: (error: unknown, origin: string) => void

  constructor (ask: OriginFunction, { originTimeout, originCache }: LookupOptions, onError: (error: unknown, origin: string) => void) {
    this.#ask = ask
    this.#timeout = originTimeout
    this.#arity = arityOf(ask)
    this.#cache = originCache === undefined || this.#arity >= 3 ? undefined : new LRUCache({ ...originCache, ttlResolution: 0 })
    this.#onError = onError
  }

  decide (origin: string, request: PolicyRequest | undefined): Decision | Promise<Decision> {
    if (this.#arity >= 3) return this.#call(origin, request)
    const known = this.#cache?.get(origin) ?? this.#pending.get(origin)
    if (known !== undefined) return known
    const decision = this.#call(origin, request)
    if (!(decision instanceof Promise)) {
      this.#keep(origin, decision)
      return decision
    }
    this.#pending.set(origin, decision)
    decision.then((late) => {
      this.#pending.delete(origin)
      this.#keep(origin, late)
    }, () => {})
    return decision
  }

  /** Only what the function has said is kept, not that it failed. */
  #keep (origin: string, decision: Decision): void {
    if (decision !== ERROR && decision !== TIMEOUT) this.#cache?.set(origin, decision)
  }

  #call (origin: string, request: PolicyRequest | undefined): Decision | Promise<Decision> {
    let settled: Decision | undefined
    let wake: ((decision: Decision) => void) | undefined
    const settle = (decision: Decision): void => {
      if (settled !== undefined) return
      settled = decision
      wake?.(decision)
    }
    const fail = (error: unknown): void => {
      if (settled !== undefined) return
      settle(ERROR)
      this.#onError(error, origin)
    }
    const answer = (value: OriginAnswer | void): void => {
      try {
        settle(judge(origin, value as OriginAnswer))
      } catch (error) {
        fail(error)
      }
    }
    // A function of one parameter cannot call back: saying nothing is its answer.
    const silentIsFinal = this.#arity === 1
    try {
      const self = (request as { server?: unknown } | undefined)?.server
      const returned = Reflect.apply(this.#ask, self, [origin, (error: unknown, value?: OriginAnswer) => error ? fail(error) : answer(value), request])
      if (isThenable(returned)) Promise.resolve(returned).then((value) => { if (value !== undefined || silentIsFinal) answer(value) }, fail)
      else if (returned !== undefined || silentIsFinal) answer(returned)
    } catch (error) {
      fail(error)
    }
    if (settled !== undefined) return settled
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        settle(TIMEOUT)
        this.#onError(new Error(`no answer within ${this.#timeout} ms`), origin)
      }, this.#timeout).unref()
      wake = (decision) => {
        clearTimeout(timer)
        resolve(decision)
      }
    })
  }
}

/** A proxy may refuse to say; what it then does when it is called is a failure like any other. */
function arityOf (ask: OriginFunction): number {
  try {
    return ask.length
  } catch {
    return 0
  }
}

function isThenable (value: unknown): value is PromiseLike<OriginAnswer | void> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** The answers that the `cors` package takes; a string or RegExp allows what it matches, and nothing else. */
function judge (origin: string, answer: OriginAnswer): Decision {
  const allowed = Array.isArray(answer) ? answer.some((item) => matches(origin, item)) : matches(origin, answer as boolean | string | RegExp | undefined)
  return allowed ? allowance('function', origin) : NOT_LISTED
}

function matches (origin: string, answer: boolean | string | RegExp | undefined): boolean {
  if (types.isRegExp(answer)) return new RegExp(answer.source, answer.flags.replace(/[gy]/g, '')).test(origin)
  if (typeof answer !== 'string') return answer === true
  if (answer === '*' || answer === origin) return true
  const pattern = isPattern(answer) ? parsePattern(answer) : undefined
  const parsed = pattern === undefined ? undefined : parseOrigin(origin)
  if (pattern === undefined || parsed === undefined) return false
  const index = new PatternIndex()
  index.add(pattern)
  return index.matches(parsed)
}
