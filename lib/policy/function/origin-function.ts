import { LRUCache } from 'lru-cache'
import { allowsBy } from './answer.ts'
import { allowance, type Decision, type PolicyRequest, refusal } from '../origin/decision.ts'

/** An answer of an origin function, as the `cors` package takes it. */
export type OriginAnswer = boolean | string | RegExp | readonly (string | RegExp)[] | undefined

/** `cors`'s callback. An error refuses the origin, as `false` does. */
export type OriginCallback = (error: Error | null | undefined, answer?: OriginAnswer) => void

/**
 * Decides about an origin: by calling back or by a promise. What it returns counts only when it declares less than two
 * parameters, as `(origin) => allowed.has(origin)` does. With one parameter `undefined` refuses (no such row in the
 * database); with none, as `(...args) => {}` has, it waits for the callback.
 * Called with the Fastify instance as `this`. With a third parameter it is asked for every request; with less,
 * concurrent look-ups of one origin share one call.
 */
export type OriginFunction = (
  origin: string,
  callback: OriginCallback,
  request: PolicyRequest | undefined
) => OriginAnswer | void | Promise<OriginAnswer | void>

const NOT_LISTED = refusal('not-listed')
/** By an error, which may come from a database that is down: the same to the client, but not kept. */
const TURNED_DOWN = refusal('not-listed')
/** By `undefined`, from a function that declares no callback. */
const NOTHING = refusal('not-listed')
const ERROR = refusal('error')
const TIMEOUT = refusal('timeout')

const LATE = 'the origin function returned undefined, which refuses, and called back later: ' +
  'let it declare both parameters'

/** Told when an origin function throws, rejects, is too late, or answers what is no answer. */
export type OnError = (error: unknown, origin: string) => void

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
export class OriginFunctionCaller {
  readonly #ask: OriginFunction
  readonly #timeout: number
  /** Parameters it declares. */
  readonly #arity: number
  readonly #pending: Map<string, Promise<Decision>> = new Map()
  readonly #cache: LRUCache<string, Decision> | undefined
  readonly #onError: OnError

  constructor (ask: OriginFunction, { originTimeout, originCache }: LookupOptions, onError: OnError) {
    this.#ask = ask
    this.#timeout = originTimeout
    this.#arity = arityOf(ask)
    this.#onError = onError
    const isCached = originCache !== undefined && this.#arity < 3
    this.#cache = isCached ? new LRUCache({ ...originCache, ttlResolution: 0 }) : undefined
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
    if (decision !== ERROR && decision !== TIMEOUT && decision !== TURNED_DOWN) this.#cache?.set(origin, decision)
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
    const answer = (value: unknown): void => {
      if (settled !== undefined) return
      try {
        settle(allowsBy(value, origin) ? allowance('function', origin) : NOT_LISTED)
      } catch (error) {
        fail(error)
      }
    }
    const callback = (error: unknown, value?: OriginAnswer): void => {
      if (settled === NOTHING) return this.#onError(new Error(LATE), origin)
      // `cb(error)` is how users of `cors` refuse
      if (error) settle(TURNED_DOWN)
      else answer(value)
    }
    const promised = (value: unknown): void => {
      if (value !== undefined) answer(value)
      else if (this.#arity === 1) settle(NOTHING)
    }
    try {
      const self = (request as { server?: unknown } | undefined)?.server
      const returned: unknown = Reflect.apply(this.#ask, self, [origin, callback, request])
      if (isThenable(returned)) Promise.resolve(returned).then(promised, fail)
      // Who takes a callback answers by it, as in `cors`: what `emitter.emit(…)` returns is no answer.
      else if (this.#arity < 2) promised(returned)
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

/** Parameters that a function declares. `length` of a Proxy can throw. */
export function arityOf (ask: OriginFunction): number {
  try {
    return ask.length
  } catch {
    return 0
  }
}

function isThenable (value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
