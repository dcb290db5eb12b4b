import { escape } from './text.ts'

/** What can be wrong with a configuration; README, "Mistakes it finds" says more about each. */
export type IssueCode =
  | 'UNKNOWN_OPTION'
  | 'INVALID_TYPE'
  | 'ORIGIN_INVALID'
  | 'ORIGIN_EMPTY'
  | 'ORIGIN_NULL'
  | 'ORIGIN_ANY_WITH_CREDENTIALS'
  | 'ORIGIN_INSECURE'
  | 'ORIGIN_PUBLIC_SUFFIX'
  | 'ORIGIN_BROADER'
  | 'ORIGIN_REDUNDANT'
  | 'ORIGIN_UNLIKELY'
  | 'REGEXP_STATEFUL'
  | 'REGEXP_SLOW'
  | 'REGEXP_UNSAFE'
  | 'FUNCTION_UNSAFE'
  | 'METHOD_INVALID'
  | 'METHOD_FORBIDDEN'
  | 'HEADER_INVALID'
  | 'HEADER_FORBIDDEN'
  | 'HEADER_ANY_WITH_CREDENTIALS'
  | 'MAX_AGE_RANGE'
  | 'MAX_AGE_CAPPED'
  | 'STATUS_RANGE'
  | 'OPTION_WITHOUT_EFFECT'
  | 'ORIGIN_UNSET'
  | 'DEPENDENCY_OUTDATED'
  | 'CORS_TWICE'

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

/** Every mistake in a configuration, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'FST_IO_CONFIG'
  readonly issues: readonly ConfigIssue[]

  constructor (issues: readonly ConfigIssue[]) {
    super(describe(issues))
    this.issues = issues
  }
}

/** Mistakes that a message lists; `issues` has them all. */
const MAX_LISTED = 50

function describe (issues: readonly ConfigIssue[]): string {
  const lines = issues.slice(0, MAX_LISTED).map(({ code, path, message, hint, proof }) => [
    `  ${escape(path) || '/'}  ${escape(message)}  [${code}]`,
    ...(hint === undefined ? [] : [`      hint:  ${escape(hint)}`]),
    ...(proof === undefined ? [] : [`      proof: ${escape(proof)} is accepted`])
  ].join('\n'))
  if (issues.length > MAX_LISTED) lines.push(`  and ${issues.length - MAX_LISTED} more`)
  return `fastify-io: ${issues.length} ${issues.length === 1 ? 'mistake' : 'mistakes'} in the options\n${
    lines.join('\n')
  }`
}
