import type { TUnsafe } from '@sinclair/typebox'
import { predicate } from './schema-parts.ts'

/** A secret to sign with: at least 32 bytes (a string counts by its UTF-8 bytes). */
export type Secret = string | Buffer

const isSecret = (value: unknown): boolean =>
  (typeof value === 'string' || Buffer.isBuffer(value)) && Buffer.byteLength(value) >= 32
const isSecrets = (value: unknown): boolean =>
  isSecret(value) || (Array.isArray(value) && value.length > 0 && value.every(isSecret))

/** One secret, or several of which the first signs. Messages do not show them. */
export function secrets (): TUnsafe<Secret | readonly Secret[]> {
  return predicate('a secret of at least 32 bytes, or a list of these', isSecrets, { secret: true })
}
