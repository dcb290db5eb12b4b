// What people write as `cors`: the option names they bring along, and values of a type that `cors` does not take.

import { types } from 'node:util'
import type { ConfigIssue } from '../../errors.ts'
import { show } from '../../text.ts'
import { checkObject } from './check-schema.ts'
import { type CorsOptions, corsSchema } from './schema.ts'

const named = (name: keyof CorsOptions): string => `the option is called "${name}"`

/** Options of `cors`, @fastify/cors and others that have no place here, and why. */
const REFUSALS = {
  preflight: 'preflights are always answered; refused ones without headers',
  hook: 'the policy is asked in onRequest, before anything of yours runs',
  delegator: 'use an origin function, or a policy for each scope',
  hideOptionsRoute: 'the OPTIONS route is always hidden from @fastify/swagger',
  logLevel: 'it is an option of the plugin, beside cors',
  allowOrigin: named('origin'),
  allowOrigins: named('origin'),
  allowedOrigin: named('origin'),
  allowedOrigins: named('origin'),
  allowedOriginPatterns: named('origin'),
  origins: named('origin'),
  allowCredentials: named('credentials'),
  supportsCredentials: named('credentials'),
  withCredentials: named('credentials'),
  allowMethods: named('methods'),
  allowedMethods: named('methods'),
  allowHeaders: named('allowedHeaders'),
  headers: named('allowedHeaders')
}

/** What was given, without what is not known or not of its type. */
export interface Given {
  readonly options: CorsOptions
  /** Whether `origin` was given as `undefined`. */
  readonly unset: boolean
}

/** @param path of `cors` in what was given */
export function readCors (input: unknown, path: string, issues: ConfigIssue[]): Given {
  const found: ConfigIssue[] = []
  const options = checkObject(corsSchema, input, path, found, REFUSALS) as CorsOptions
  for (const issue of found) {
    const hint = issue.path === path && issue.hint === undefined ? shorthand(input) : undefined
    issues.push(hint === undefined ? issue : { ...issue, hint })
  }
  return { options, unset: options.origin === undefined && found.length === 0 && hasOrigin(input) }
}

/** What was probably meant by something that is no options at all: Socket.IO takes `cors: '*'` of old. */
function shorthand (input: unknown): string | undefined {
  if (input === false) return 'leave cors out: then only the server\'s own origin is allowed'
  if (input === true) return 'cors: { origin: \'*\' } for any origin'
  if (typeof input === 'string') return `cors: { origin: ${show(input).replaceAll('"', '\'')} }`
  if (Array.isArray(input)) return 'cors: { origin: […] }'
  if (typeof input === 'function') return 'cors: { origin: (origin, callback) => … }'
  return types.isRegExp(input) ? `cors: { origin: ${show(input)} }` : undefined
}

function hasOrigin (input: unknown): boolean {
  try {
    return Reflect.ownKeys(input as object).includes('origin')
  } catch {
    return false
  }
}
