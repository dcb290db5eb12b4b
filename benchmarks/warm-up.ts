/** Done when both are reached, or after four times the seconds. */
export interface WarmUp {
  readonly seconds: number
  readonly operations: number
}

/** For a window of so many seconds. */
export function warmUpOf (duration: number): WarmUp {
  return { seconds: duration / 3, operations: duration * 5000 }
}
