// The few statistics that the tables need.

export interface Summary {
  /** What is reported: the median, or for CPU the least. */
  readonly figure: number
  readonly min: number
  readonly max: number
}

/**
 * @param sorted ascending, not empty
 * @param p 0..100
 * @returns the smallest value that at least p % of the values do not exceed (nearest rank); NaN when empty
 */
export function percentile (sorted: ArrayLike<number>, p: number): number {
  // Multiplied first: 99.9 / 100 is a little more than it should be, and would ask for one rank more.
  const rank = Math.ceil(p * sorted.length / 100)
  return sorted[Math.max(rank, 1) - 1] ?? NaN
}

/** The middle value, or the mean of the two middle ones; NaN when empty. */
export function median (values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2
}

/** The figure, by default the median, with the whole spread: with five rounds there is no tail to cut off. */
export function summarize (values: readonly number[], figure: number = median(values)): Summary {
  return { figure, min: Math.min(...values), max: Math.max(...values) }
}

/** CPU of several rounds: what else a machine does only ever adds to it, so the least is nearest to the truth. */
export function leastOf (values: readonly number[]): Summary {
  return summarize(values, Math.min(...values))
}

/** Element-wise quotients over the rounds that both have: pairs of one round share its noise. */
export function ratios (numerators: readonly number[], denominators: readonly number[]): number[] {
  const length = Math.min(numerators.length, denominators.length)
  return Array.from({ length }, (_, i) => numerators[i]! / denominators[i]!)
}

/** The list, begun `by` places later. */
export function rotate<T> (items: readonly T[], by: number): T[] {
  const at = items.length === 0 ? 0 : by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}
