import { show } from './text.ts'

interface Row {
  /** When it is raised, in Markdown: README's table is made from it (`npm run docs:tables`). */
  readonly when: string
  /** The message, where the place has no other; `{value}` stands for the value. */
  readonly message?: string
  readonly hint?: string
}

/** What makes a configuration invalid. */
export const MISTAKES = {
  UNKNOWN_OPTION: {
    when: 'an option that does not exist; the hint names the closest one',
    message: 'is not an option'
  },
  INVALID_TYPE: { when: 'a value of another type' },
  ORIGIN_INVALID: {
    when: 'not an origin as browsers send it; the hint is the corrected text',
    message: '{value} is not an origin as browsers send it'
  },
  ORIGIN_EMPTY: {
    when: 'a list with nothing in it, or an empty text',
    message: 'is an empty list',
    hint: 'list an origin, or say `origin: false` for no cross-origin use'
  },
  ORIGIN_NULL: {
    when: "`'null'`, which sandboxed frames, local files and some redirects send",
    message: 'every sandboxed frame on any site has the origin "null"'
  },
  ORIGIN_ANY_WITH_CREDENTIALS: {
    when: "`'*'` or `true` with `credentials`",
    message: 'any site could act with the cookies of its visitors'
  },
  ORIGIN_INSECURE: {
    when: 'plain http with `credentials`, other than loopback',
    message: 'anyone on the network path can rewrite a plain-http page, and act with its cookies'
  },
  ORIGIN_PUBLIC_SUFFIX: {
    when: '`https://*.github.io`, `https://*.amazonaws.com`: anyone can register below; `proof` is such an origin'
  },
  ORIGIN_BROADER: {
    when: '`narrowOrigin` with more than the server allows',
    message: "{value} is not allowed by the server's policy, which a part of it can only narrow",
    hint: 'leave it out'
  },
  REGEXP_STATEFUL: {
    when: 'a RegExp with the flag `g` or `y`',
    message: 'the flags g and y make a regexp remember where it stopped, so it refuses every other request'
  },
  REGEXP_SLOW: { when: 'a RegExp that takes far longer than the length of an origin (super-linear backtracking)' },
  REGEXP_UNSAFE: { when: 'the RegExp accepts an origin that an attacker can own; `proof` is that origin' },
  METHOD_INVALID: {
    when: 'not a method, or not in the case that browsers send (`patch`)',
    message: '{value} is not a method'
  },
  METHOD_FORBIDDEN: { when: 'a method that no page can send: CONNECT, TRACE, TRACK', hint: 'leave it out' },
  HEADER_INVALID: { when: 'not a header name', message: '{value} is not a header name' },
  HEADER_FORBIDDEN: { when: 'a header that browsers let no page send or read', hint: 'leave it out' },
  HEADER_ANY_WITH_CREDENTIALS: {
    when: "`'*'` with `credentials`: browsers take it for a header of that name",
    message: 'with credentials, "*" means a header of that very name',
    hint: 'list the headers'
  },
  MAX_AGE_RANGE: { when: '`maxAge` is not from -1 to 86400', message: 'must be from -1 to 86400 (s)' },
  STATUS_RANGE: {
    when: '`optionsSuccessStatus` is not from 200 to 299',
    message: 'must be from 200 to 299: browsers take no other status for a preflight',
    hint: '204'
  },
  CORS_TWICE: {
    when: '@fastify/cors, or this plugin, is in the scope already, or comes later; a route has `config: { cors }`',
    message: '{value} is already registered in this scope, and two sets of CORS headers make browsers refuse both'
  }
} as const

/** What is legal but unwise. */
export const WARNINGS = {
  MAX_AGE_CAPPED: { when: 'browsers keep a preflight for less' },
  ORIGIN_REDUNDANT: { when: 'another entry covers it', hint: 'leave it out' },
  ORIGIN_UNLIKELY: { when: 'no page has such an origin' },
  ORIGIN_UNSET: {
    when: '`origin: undefined`: an environment variable that is not set',
    message: "is undefined, so no other origin than the server's own is allowed: is an environment variable not set?",
    hint: 'set it, or say `origin: false`'
  },
  OPTION_WITHOUT_EFFECT: { when: 'an option that does nothing beside the others', hint: 'leave it out' },
  FUNCTION_UNSAFE: { when: 'the origin function accepted what an attacker can own' },
  REPORT_ONLY: {
    when: "`enforce: 'report'`: nothing is refused; in the log only",
    message: 'is "report": no origin is refused; what would be refused is served, logged and counted',
    hint: 'set "sockets" or "all" when the log names no origin of yours any more'
  },
  DEPENDENCY_OUTDATED: { when: 'the installed `socket.io-parser` or `ws` has a known hole; in the log only' }
} as const

/** What can be wrong with a configuration; README, "Mistakes it finds" says more about each. */
export type IssueCode = keyof typeof MISTAKES | keyof typeof WARNINGS

/** One mistake in a configuration. */
export interface ConfigIssue {
  readonly code: IssueCode
  /** JSON Pointer (RFC 6901) into what was given, such as `/cors/origin/2`. */
  readonly path: string
  readonly value: unknown
  readonly message: string
  /** What to write instead. */
  readonly hint?: string
  /** An origin that an attacker can own and that would be allowed. */
  readonly proof?: string
}

/** What is known at the place; `undefined` leaves the word to the table. */
export interface IssueDetails {
  readonly message?: string | undefined
  readonly hint?: string | undefined
  readonly proof?: string | undefined
}

type Rows = typeof MISTAKES & typeof WARNINGS
/** The table has no message for some codes: then the place must have one. */
type Details<Code extends IssueCode> = Rows[Code] extends { readonly message: string }
  ? [details?: IssueDetails]
  : [details: IssueDetails & { readonly message: string }]

const ROWS: Readonly<Record<IssueCode, Row>> = { ...MISTAKES, ...WARNINGS }

export function issue<Code extends IssueCode> (
  code: Code, path: string, value: unknown, ...[details = {}]: Details<Code>
): ConfigIssue {
  const row = ROWS[code]
  const { message = row.message!.replace('{value}', () => show(value)), hint = row.hint, proof } = details
  return { code, path, value, message, ...(hint !== undefined && { hint }), ...(proof !== undefined && { proof }) }
}

/** Collects issues, so that all are reported at once. */
export class Issues {
  readonly all: ConfigIssue[] = []

  add<Code extends IssueCode> (code: Code, path: string, value: unknown, ...details: Details<Code>): void {
    this.all.push(issue(code, path, value, ...details))
  }
}
