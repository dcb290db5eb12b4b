import {
  Kind, type SchemaOptions, type TInteger, type TObject, type TOptional, type TUnsafe, Type, TypeRegistry
} from '@sinclair/typebox'

/** The schema of an interface whose members are all optional; `Static` of it is the interface. */
export type SchemaOf<Options> = TObject<
  { [Name in keyof Options]-?: TOptional<TUnsafe<Exclude<Options[Name], undefined>>> }
>

const PREDICATE = 'fastify-io:predicate'
TypeRegistry.Set<{ is: (value: unknown) => boolean }>(PREDICATE, (schema, value) => schema.is(value))

/** A schema for what JSON Schema has no word for; `expected` names it in messages. */
export function predicate<T> (
  expected: string,
  is: (value: unknown) => boolean,
  options: SchemaOptions = {}
): TUnsafe<T> {
  return Type.Unsafe<T>({ [Kind]: PREDICATE, expected, is, ...options })
}

export function boolean (): TUnsafe<boolean> {
  return Type.Boolean({ expected: 'true or false' })
}

/** One of these texts. */
export function oneOf<const Word extends string> (
  words: readonly Word[], expected: string = list(words)
): TUnsafe<Word> {
  return Type.Unsafe<Word>(Type.Union(words.map((word) => Type.Literal(word)), { expected }))
}

/** A whole number of milliseconds that a timer can take. */
export function ms (minimum = 1): TInteger {
  const maximum = 2 ** 31 - 1
  return Type.Integer({ minimum, maximum, expected: `a whole number of ms from ${minimum} to ${maximum}` })
}

export function isFunction (value: unknown): boolean {
  return typeof value === 'function'
}

function list (words: readonly string[]): string {
  const quoted = words.map((word) => `'${word}'`)
  return [quoted.slice(0, -1).join(', '), quoted.at(-1)].join(' or ')
}
