import type { Examination } from '../examination.ts'
import { type Exchange, listOf, valuesOf } from '../wire/exchange.ts'

/**
 * Whether two answers to two origins differ in what CORS reads, and a cache is not told so (Fetch, "CORS protocol and
 * HTTP caches").
 */
export function examineVary ({ findings }: Examination, page: Exchange, other: Exchange, what: string): void {
  if (page.answer === undefined || other.answer === undefined) return
  const allowed = (exchange: Exchange): string => valuesOf(exchange, 'access-control-allow-origin').join()
  if (allowed(page) === allowed(other)) return
  const isLacking = [page, other].find((exchange) => {
    const vary = listOf(exchange, 'vary')
    return !vary.includes('origin') && !vary.includes('*') && !isUncached(exchange)
  })
  if (isLacking !== undefined) findings.add('VARY_MISSING', { evidence: [page, other], values: { what } })
}

/** No cache keeps it, so no cache gives it to somebody else; errors are not kept unless the server says so. */
export function isUncached (exchange: Exchange): boolean {
  const { status } = exchange.answer!
  return status < 200 || status > 299 || listOf(exchange, 'cache-control').includes('no-store')
}
