/** Numbers that their seed determines (splitmix32): not for secrets. */
export class Random {
  #state: number

  /** @param seed its lowest 32 bits count */
  constructor (seed: number) {
    this.#state = seed | 0
  }

  /** @returns 32 bits, unsigned */
  next (): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let mixed = this.#state ^ (this.#state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }

  /** @returns a whole number from 0 to `bound` - 1 */
  below (bound: number): number {
    return this.next() % bound
  }

  /** @returns a whole number from `least` to `most` */
  between (least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** @param percent how often the answer is true */
  chance (percent: number): boolean {
    return this.below(10_000) < percent * 100
  }

  pick<T> (list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** @param weights pairs of a weight and what it is the weight of */
  weighted<T> (weights: readonly (readonly [weight: number, value: T])[]): T {
    let at = this.below(weights.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, value] of weights) {
      at -= weight
      if (at < 0) return value
    }
    throw new Error('unreachable')
  }

  /** @returns `length` characters of `alphabet` */
  text (length: number, alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'): string {
    let text = ''
    for (let at = 0; at < length; at++) text += alphabet[this.below(alphabet.length)]
    return text
  }
}

/** @returns the seed of part `number` of what `seed` determines */
export function seedOf (seed: number, number: number): number {
  return new Random(new Random(seed).next() ^ Math.imul(number + 1, 0x85ebca6b)).next()
}
