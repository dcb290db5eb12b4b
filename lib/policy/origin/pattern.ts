import { type Origin, parseOrigin } from './origin.ts'

/** An origin in which `*` stands for one or more labels before the host, for any port, or both. */
export interface Pattern extends Origin {
  /** Whether the host stands for what is below it, and not for itself. */
  readonly subdomains: boolean
  /** Whether every port will do, the default one too. */
  readonly anyPort: boolean
}

/** @returns whether a text is meant as a pattern */
export function isPattern (text: string): boolean {
  return text.includes('*')
}

/** @returns the pattern, or `undefined` when `*` stands anywhere but before the first dot or for the port */
export function parsePattern (text: string): Pattern | undefined {
  const anyPort = text.endsWith(':*')
  const rest = anyPort ? text.slice(0, -2) : text
  const subdomains = rest.includes('://*.')
  const origin = parseOrigin(subdomains ? rest.replace('://*.', '://') : rest)
  if (origin === undefined || (anyPort && origin.port !== '')) return undefined
  if (subdomains && (origin.ip || origin.host.startsWith('.'))) return undefined
  return { ...origin, subdomains, anyPort }
}
