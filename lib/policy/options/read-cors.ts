import type { Issues } from '../../issues.ts'
import { checkObject, type NotOptions } from './check-schema.ts'
import type { CorsOptions } from './cors-options.ts'
import { corsSchema } from './schema.ts'

/** Other libraries' names of options. */
const SYNONYMS: { readonly [Name in keyof CorsOptions]?: readonly string[] } = {
  origin: ['allowOrigin', 'allowOrigins', 'allowedOrigin', 'allowedOrigins', 'allowedOriginPatterns', 'origins'],
  credentials: ['allowCredentials', 'supportsCredentials', 'withCredentials'],
  methods: ['allowMethods', 'allowedMethods'],
  allowedHeaders: ['allowHeaders', 'headers']
}

/** Options of `cors`, @fastify/cors and others that have no place here, and why. */
const NOT_OPTIONS_BECAUSE: NotOptions = {
  preflight: 'preflights are always answered; refused ones without headers',
  hook: 'the policy is asked in onRequest, before every hook that is added later',
  delegator: 'use an origin function, or a policy for each scope',
  hideOptionsRoute: 'the OPTIONS route is always hidden from @fastify/swagger',
  logLevel: 'it is an option of the plugin, beside cors',
  ...Object.fromEntries(Object.entries(SYNONYMS).flatMap(([name, synonyms]) =>
    synonyms.map((synonym) => [synonym, `the option is called "${name}"`])))
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
