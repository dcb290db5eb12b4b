import type { Issues } from '../../issues.ts'
import type { CorsOptions } from './cors-options.ts'

/** Checks the ranges that the standards or browsers set. */
export function checkNumbers ({ maxAge, optionsSuccessStatus }: CorsOptions, issues: Issues): void {
  if (isOutside(maxAge, -1, 86400)) {
    const hint = maxAge > 86400 ? '86400' : '-1 forbids browsers to keep a preflight, 0 is as good'
    issues.add('MAX_AGE_RANGE', '/maxAge', maxAge, { hint })
  }
  if (isOutside(optionsSuccessStatus, 200, 299)) {
    issues.add('STATUS_RANGE', '/optionsSuccessStatus', optionsSuccessStatus)
  }
}

/** What is not a whole number is another mistake. */
function isOutside (value: number | undefined, least: number, most: number): value is number {
  return Number.isInteger(value) && (value! < least || value! > most)
}
