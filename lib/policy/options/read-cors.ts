import type { Issues } from '../../issues.ts'
import { checkObject } from './check-schema.ts'
import type { CorsOptions } from './cors-options.ts'
import { corsSchema } from './schema.ts'

const named = (name: keyof CorsOptions): string => `the option is called "${name}"`

/** Options of `cors`, @fastify/cors and others that have no place here, and why. */
const NOT_OPTIONS_BECAUSE = {
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

export function readCors (input: unknown, issues: Issues): Given {
  const options = checkObject(corsSchema, input, '', issues, NOT_OPTIONS_BECAUSE)
  return { options, unset: options.origin === undefined && hasOrigin(input) }
}

function hasOrigin (input: unknown): boolean {
  try {
    return Reflect.ownKeys(input as object).includes('origin')
  } catch {
    return false
  }
}
