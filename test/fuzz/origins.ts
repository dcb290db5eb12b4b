import { inspect } from 'node:util'
import type { CorsOptions } from '../../lib/index.ts'
import { origins as cases } from '../cases/origins.ts'

/** `either`: an update may have come between. */
export type Verdict = 'allowed' | 'refused' | 'either'

/** What an Origin is to get: the verdict, and Access-Control-Allow-Origin when it is allowed. */
export interface Expected {
  readonly verdict: Verdict
  readonly header: string | undefined
}

/** A policy whose verdicts are known without asking the library. */
export interface FuzzPolicy {
  readonly name: string
  readonly cors: CorsOptions
  /** What an update swaps in; the origins in {@link FLICKERING} are the only difference. */
  readonly other: CorsOptions
  /** Cross-origin ones. */
  readonly allowed: readonly string[]
  readonly refused: readonly string[]
  /** Whether {@link expect} knows the verdict on any origin, not only on those listed. */
  readonly knowsAll: boolean
  /** The verdict on an Origin of another host. */
  expect (origin: string): Expected
  /** Whether everybody is allowed, by a literal `'*'`: then no verdict but `either` is given for what is not listed. */
  readonly everybody: boolean
  /** The verdict on a request without Origin. */
  readonly missing: Expected
  /** The verdict on the server's own origin. */
  readonly own: Expected
}

const FLICKERING = ['https://flicker-1.example', 'https://flicker-2.example', 'https://localhost.flicker.example:8080']
const LABEL = '[a-z0-9_-]{1,63}'
const REFUSED: Expected = { verdict: 'refused', header: undefined }

const ENTRY = /^([a-z-]+):\/\/(\*\.)?(\[[^\]]+\]|[^:.][^:]*)(?::(\*|\d+))?$/

/** An independent reading of the list's patterns: as regular expressions, which the library does not make of them. */
function toRegExp (entry: string): RegExp {
  const [, scheme, wildcard, host, port] = ENTRY.exec(entry)!
  const source = `${scheme}://${wildcard === undefined ? '' : `(?:${LABEL}\\.)+`}${host!.replace(/[.[\]]/g, '\\$&')}`
  const ports: Record<string, string> = { '*': '(?::(?!0)(\\d{1,5}))?', none: '' }
  return new RegExp(`^${source}${ports[port ?? 'none'] ?? `:${port}`}$`)
}

/** A list of strings, read here a second time without a look at the rows: fuzz.test.ts holds that both agree. */
function listPolicy (
  name: string, cors: CorsOptions & { origin: readonly string[] }, rows: readonly Row[]
): FuzzPolicy {
  const patterns = cors.origin.map(toRegExp)
  const expect = (origin: string): Expected => {
    if (FLICKERING.includes(origin)) return { verdict: 'either', header: origin }
    for (const pattern of patterns) {
      const found = pattern.exec(origin)
      if (found === null || Number(found[1] ?? 1) > 65_535) continue
      // a default port is not serialised (URL Standard, "URL port serializing")
      if ((found[1] === '443' && origin.startsWith('https')) || (found[1] === '80' && origin.startsWith('http:'))) {
        continue
      }
      return { verdict: 'allowed', header: origin }
    }
    return REFUSED
  }
  return {
    ...tablePolicy(name, cors, rows),
    other: { ...cors, origin: [...FLICKERING, ...cors.origin] },
    knowsAll: true,
    expect
  }
}

interface Row {
  readonly origin: string | undefined
  readonly allowed: boolean
  readonly allowOrigin?: 'origin' | '*'
}

function headerOf ({ origin, allowOrigin }: Row): string | undefined {
  return allowOrigin === 'origin' ? origin : allowOrigin
}

/** Rows of the case table that share their `cors`: only what they say is known. */
function tablePolicy (name: string, cors: CorsOptions, rows: readonly Row[]): FuzzPolicy {
  const known = new Map(rows.map((row) => [row.origin, row]))
  const expect = (origin: string | undefined): Expected => {
    const row = known.get(origin)
    if (row === undefined) return { verdict: 'either', header: rows[0]?.allowOrigin === '*' ? '*' : origin }
    return row.allowed ? { verdict: 'allowed', header: headerOf(row) } : REFUSED
  }
  const listed = (allowed: boolean): string[] =>
    rows.flatMap((row) => row.allowed === allowed && row.origin !== undefined ? row.origin : [])
  const { sameOrigin = true, missingOrigin } = cors
  const everybody = cors.origin === '*' || (Array.isArray(cors.origin) && cors.origin.includes('*'))
  const own = sameOrigin === true || (Array.isArray(sameOrigin) && sameOrigin.includes('127.0.0.1'))
  return {
    name,
    cors,
    other: cors,
    allowed: listed(true),
    refused: listed(false),
    knowsAll: false,
    everybody,
    expect,
    missing: missingOrigin === 'refuse' ? REFUSED : { verdict: everybody ? 'either' : 'allowed', header: undefined },
    own: everybody ? { verdict: 'either', header: '*' } : ownOf(cors, own)
  }
}

/** The server's own origin. A RegExp, a function or `true` may allow it as another origin, with a header. */
function ownOf (cors: CorsOptions, own: boolean): Expected {
  if (!isList(cors) && cors.origin !== undefined && cors.origin !== false) {
    return { verdict: 'either', header: undefined }
  }
  return own ? { verdict: 'allowed', header: undefined } : REFUSED
}

/** Lists of origins and patterns can be read independently; RegExps, functions, `'*'` and `file://` cannot. */
function isList (cors: CorsOptions): cors is CorsOptions & { origin: readonly string[] } {
  return Array.isArray(cors.origin) && cors.origin.every((entry) => typeof entry === 'string' && ENTRY.test(entry))
}

/** A policy for each `cors` of the case table. */
function fromTable (): FuzzPolicy[] {
  const groups = new Map<string, { cors: CorsOptions, rows: Row[] }>()
  for (const { cors, origin, allowed, allowOrigin, headers } of cases) {
    const key = inspect(cors, { depth: 5 }) + String(cors.origin)
    if (!groups.has(key)) groups.set(key, { cors, rows: [] })
    // own origins and Sec-Fetch-* are drawn by the grammar, which knows the verdict
    if (typeof origin === 'function' || headers !== undefined || (origin?.length ?? 0) > 4000) continue
    groups.get(key)!.rows.push({ origin, allowed, ...(allowOrigin !== undefined && { allowOrigin }) })
  }
  return [...groups.values()].filter(({ rows }) => rows.length > 0).map(({ cors, rows }, at) => {
    const name = `case table ${at}: ${rows.length} rows`
    return isList(cors) ? listPolicy(name, cors, rows) : tablePolicy(name, cors, rows)
  })
}

export const tablePolicies: readonly FuzzPolicy[] = fromTable()

/** The list that most rows of the case table are about. */
export const mainPolicy: FuzzPolicy = tablePolicies.reduce((longest, policy) =>
  policy.refused.length > longest.refused.length ? policy : longest
)

/** The main policy with other settings beside its origins. */
export function withSettings (settings: Omit<CorsOptions, 'origin'>): FuzzPolicy {
  const origins = [
    ...mainPolicy.allowed.map((origin) => ({ origin, allowed: true, allowOrigin: 'origin' as const })),
    ...mainPolicy.refused.map((origin) => ({ origin, allowed: false }))
  ]
  return listPolicy('the main list',
    { ...mainPolicy.cors, ...settings } as CorsOptions & { origin: readonly string[] }, origins)
}

/** The main policy by an origin function that answers a little later. */
export function byFunction (delay: () => Promise<void>): FuzzPolicy {
  const cors: CorsOptions = {
    origin: async (origin) => {
      await delay()
      return mainPolicy.expect(origin ?? '').verdict === 'allowed'
    }
  }
  return { ...mainPolicy, name: 'an asynchronous function', cors, other: cors }
}

export { FLICKERING }
