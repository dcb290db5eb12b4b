import { readFileSync } from 'node:fs'
import { ConfigError } from '../../errors.ts'
import type { ConfigIssue } from '../../issues.ts'
import { OriginPolicy } from '../../policy/policy.ts'
import { policyFromEnv } from '../../policy/stores/environment.ts'
import { parsePolicy } from '../../policy/stores/file.ts'
import { CannotRun } from '../shared/cannot-run.ts'
import { JsonText, type Position } from './json-position.ts'

/** A mistake or a warning, and where it is. */
export interface Note extends Position {
  readonly severity: 'error' | 'warning'
  /** An issue code of this package, `INVALID_JSON` or `DUPLICATE_KEY`. */
  readonly code: string
  /** JSON Pointer. */
  readonly path: string
  readonly message: string
  readonly hint?: string
  readonly proof?: string
}

/** A policy as somebody wrote it down, and what is to be said about it. */
export interface Source {
  /** The file, or `environment`. */
  readonly name: string
  /** `undefined` when there are mistakes. */
  readonly policy: OriginPolicy | undefined
  readonly notes: readonly Note[]
}

type Locate = (issue: ConfigIssue) => Position

/** @throws {CannotRun} when the file cannot be read */
export function sourceOfFile (file: string): Source {
  const text = read(file)
  const json = new JsonText(text)
  if (json.error !== undefined) {
    const note: Note = { severity: 'error', code: 'INVALID_JSON', path: '', ...json.error }
    return { name: file, policy: undefined, notes: [note] }
  }
  const duplicates = json.duplicates.map((found): Note =>
    ({ severity: 'warning', code: 'DUPLICATE_KEY', path: '', ...found })
  )
  const locate: Locate = ({ path, code }) => json.find(path, code === 'UNKNOWN_OPTION')
  const { policy, notes } = attempt(() => new OriginPolicy(parsePolicy(text, file)), locate)
  return { name: file, policy, notes: [...notes, ...duplicates].sort(byPosition) }
}

/** The policy of `ALLOWED_ORIGINS` and `CORS_CREDENTIALS`; positions are in the text of the variable. */
export function sourceOfEnv (env: Readonly<Record<string, string | undefined>>): Source {
  const locate: Locate = ({ path }) => positionInList(env.ALLOWED_ORIGINS ?? '', path)
  const { policy, notes } = attempt(() => policyFromEnv(env), locate)
  // warnings of a policy speak of `origin`
  const named = notes.map((note) => ({ ...note, path: note.path.replace(/^\/origin(?=\/|$)/, '/ALLOWED_ORIGINS') }))
  return { name: 'environment', policy, notes: named }
}

function attempt (make: () => OriginPolicy, locate: Locate): Pick<Source, 'policy' | 'notes'> {
  const noteOf = (severity: Note['severity']) => (issue: ConfigIssue): Note => {
    const { code, path, message, hint, proof } = issue
    const more = { ...(hint !== undefined && { hint }), ...(proof !== undefined && { proof }) }
    return { severity, code, path, ...locate(issue), message, ...more }
  }
  try {
    const policy = make()
    return { policy, notes: policy.warnings.map(noteOf('warning')) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { policy: undefined, notes: error.issues.map(noteOf('error')) }
  }
}

function read (file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw new CannotRun(`the policy file cannot be read: ${(error as Error).message}`)
  }
}

/** The item that a pointer such as `/ALLOWED_ORIGINS/1` names. */
function positionInList (text: string, path: string): Position {
  const index = /^\/(?:ALLOWED_ORIGINS|origin)\/(\d+)/.exec(path)?.[1]
  const item = index === undefined ? undefined : [...text.matchAll(/[^\s,]+/g)][Number(index)]
  return new JsonText(text).at(item?.index ?? 0)
}

function byPosition (a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column
}
