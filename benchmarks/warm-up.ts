/** The second of two: done when both are reached, or after ten times the seconds. The first is a third of it. */
export interface WarmUp {
  readonly seconds: number
  readonly operations: number
}

/** For a window of so many seconds. */
export function warmUpOf (duration: number): WarmUp {
  return { seconds: duration / 6, operations: duration * 7500 }
}
