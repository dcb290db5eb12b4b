import type { PolicyOptions } from './options/cors-options.ts'
import { TOKEN } from './options/check-headers.ts'

/**
 * Most characters of a requested list that are looked at, and reflected. Browsers send the lower-cased, sorted names of
 * what a page sets itself; node:http stops at 16 kB for all headers together.
 */
const MAX_LIST = 4096

/** What a preflight asks for (Fetch, "CORS-preflight fetch", step 3). */
export interface PreflightAnswer {
  /** Access-Control-Allow-Methods; `undefined` for none. */
  readonly methods: string | undefined
  /** Access-Control-Allow-Headers; `undefined` for none. */
  readonly headers: string | undefined
  /** Whether the answer depends on Access-Control-Request-Headers. */
  readonly reflects: boolean
}

/**
 * Answers a preflight's questions. Lists are answered whole, whatever is asked: the browser compares, and a cache can
 * keep an answer that is the same for all. Without `allowedHeaders` those that are asked for are allowed, if they are a
 * list of header names.
 *
 * A `*` is sent as it is; browsers take it for every header but Authorization (Fetch, "CORS non-wildcard request-header
 * name"), so Authorization has to be listed beside it.
 */
export function answerPreflight (
  { methods, allowedHeaders }: PolicyOptions, requestedHeaders: string | undefined
): PreflightAnswer {
  const reflects = allowedHeaders === undefined
  return {
    methods: methods.length > 0 ? methods.join(', ') : undefined,
    headers: reflects ? reflect(requestedHeaders) : allowedHeaders.length > 0 ? allowedHeaders.join(', ') : undefined,
    reflects
  }
}

function reflect (list: string | undefined): string | undefined {
  if (list === undefined || list === '' || list.length > MAX_LIST) return undefined
  for (const name of list.split(',')) {
    if (!TOKEN.test(name.trim())) return undefined
  }
  return list
}
