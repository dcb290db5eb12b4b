import type { Io } from '../shared/io.ts'
import { type Given, UsageError } from '../shared/options.ts'
import { type Source, sourceOfEnv, sourceOfFile } from './source.ts'

/**
 * The policy that a command is about, and what else was given.
 *
 * @throws {UsageError} when neither a file nor `--env` is given, or both
 */
export function sourceOf (given: Given, io: Io, others: number): { source: Source, rest: readonly string[] } {
  const { positionals, values } = given
  const isEnv = values.has('env')
  const expected = isEnv ? others : others + 1
  if (positionals.length > expected) {
    throw new UsageError(isEnv ? 'give a policy file or --env, not both' : 'too many arguments')
  }
  if (positionals.length < expected) {
    const isFile = positionals.length === 0 && !isEnv
    throw new UsageError(isFile ? 'the policy file is missing (or --env)' : 'the origin is missing')
  }
  const [file, ...rest] = positionals
  return isEnv ? { source: sourceOfEnv(io.env), rest: positionals } : { source: sourceOfFile(file!), rest }
}
