import type { ConfigIssue } from './issues.ts'
import { escape } from './text.ts'

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
  const mistakes = issues.length === 1 ? '1 mistake' : `${issues.length} mistakes`
  return `fastify-io: ${mistakes} in the options\n${lines.join('\n')}`
}
