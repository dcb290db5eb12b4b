import { types } from 'node:util'
import { Type } from '@sinclair/typebox'
import type { OriginFunction } from '../function/origin-function.ts'
import { hostsHint } from './check-hosts.ts'
import { type CorsOptions, type Dangerously, ENFORCE } from './cors-options.ts'
import { boolean, isFunction, ms, oneOf, predicate, type SchemaOf } from './schema-parts.ts'
import { corsHint, entryHint, originHint } from './type-hints.ts'

const regExp = predicate<RegExp>('a RegExp', types.isRegExp)
const entries = Type.Array(Type.Union([Type.String(), regExp, Type.Boolean()], {
  expected: 'a string, a RegExp or true',
  hint: entryHint
}))
const names = Type.Union([Type.String(), Type.Array(Type.String())], {
  expected: 'a comma-separated string, or an array of strings'
})

const dangerously: SchemaOf<Dangerously> = Type.Partial(Type.Object({
  anyOriginWithCredentials: boolean(),
  insecureOriginsWithCredentials: boolean(),
  publicSuffixSubdomains: boolean(),
  nullOrigin: boolean(),
  fileOrigin: boolean(),
  unsafeRegExp: boolean()
}, { additionalProperties: false }))

/** The TypeBox schema of `cors`; {@link CorsOptions} is its type. */
export const corsSchema: SchemaOf<CorsOptions> = Type.Partial(Type.Object({
  origin: Type.Union(
    [Type.Boolean(), Type.String(), regExp, entries, predicate<OriginFunction>('a function', isFunction)],
    { expected: 'a string, a RegExp, an array of these, a function, true or false', hint: originHint }
  ),
  credentials: boolean(),
  methods: names,
  allowedHeaders: names,
  exposedHeaders: names,
  maxAge: Type.Integer({ expected: 'a whole number of seconds' }),
  cacheControl: Type.Union([
    Type.String({ pattern: '^[\\t\\x20-\\x7e]+$' }),
    Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })
  ], { expected: 'a string that a header can hold, or a number of seconds' }),
  preflightContinue: boolean(),
  optionsSuccessStatus: Type.Integer({ expected: 'a whole number' }),
  strictPreflight: boolean(),
  sameOrigin: Type.Union([Type.Boolean(), Type.Array(Type.String({ minLength: 1 }))], {
    expected: 'true, false, or an array of hosts',
    hint: hostsHint
  }),
  missingOrigin: oneOf(['allow', 'refuse']),
  enforce: oneOf(ENFORCE),
  emitHeaders: boolean(),
  jsonp: boolean(),
  onRevoke: oneOf(['disconnect', 'keep']),
  originTimeout: ms(),
  originCache: Type.Object({
    max: Type.Integer({ minimum: 1, maximum: 1_000_000, expected: 'a whole number from 1 to 1000000' }),
    ttl: ms()
  }, { additionalProperties: false }),
  originExamples: Type.Array(Type.String(), { expected: 'an array of origins' }),
  dangerously
}, { additionalProperties: false, title: 'CorsOptions', hint: corsHint }))
