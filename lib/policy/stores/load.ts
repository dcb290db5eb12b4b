import { lstatSync, readFileSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { ConfigError, type ConfigIssue } from '../../errors.ts'
import { correctList } from '../origin/suggest-origin.ts'
import { OriginPolicy } from '../policy.ts'
import type { CorsOptions } from '../options/schema.ts'
import { variableHint } from '../options/type-hints.ts'

/**
 * Makes a policy from the environment: `ALLOWED_ORIGINS`, separated by commas or white space, and `CORS_CREDENTIALS`
 * (`true`, `1`, `yes` or `on`).
 *
 * @param env default `process.env`
 * @param overrides further `cors` options
 * @throws {ConfigError} for an unset or empty list too: nothing never means everything
 */
export function policyFromEnv (
  env: Readonly<Record<string, string | undefined>> = process.env,
  overrides: CorsOptions = {}
): OriginPolicy {
  const text = String(env.ALLOWED_ORIGINS ?? '')
  const origins = text.split(/[\s,]+/).filter((item) => item !== '')
  const issues: ConfigIssue[] = []
  const list = unlisted(text, origins)
  if (list !== undefined) issues.push({ path: '/ALLOWED_ORIGINS', value: env.ALLOWED_ORIGINS, ...list })
  const credentials = flagOf(env.CORS_CREDENTIALS, issues)
  try {
    // what is no list has been found already
    const policy = new OriginPolicy({
      ...(list === undefined && { origin: origins }),
      ...(credentials !== undefined && { credentials }),
      ...overrides
    })
    if (issues.length === 0) return policy
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    issues.push(...overrides.origin === undefined ? error.issues.map(ofVariable) : error.issues)
  }
  throw new ConfigError(issues)
}

/** What is wrong with a variable that holds no list, if it holds none. */
function unlisted (text: string, items: readonly string[]): Pick<ConfigIssue, 'code' | 'message' | 'hint'> | undefined {
  if (items.length === 0) {
    return { code: 'ORIGIN_EMPTY', message: 'is not set, or empty', hint: 'ALLOWED_ORIGINS=https://app.example.com' }
  }
  if (!text.trim().startsWith('[')) return undefined
  const origins = correctList(text.replace(/[[\]]/g, ' '))
  const message = 'is JSON, where the variable takes origins with commas between'
  return { code: 'ORIGIN_INVALID', message, hint: `ALLOWED_ORIGINS=${origins?.join(',') ?? 'https://app.example.com'}` }
}

/** An issue of `origin`, said of the variable that it came from. */
function ofVariable (issue: ConfigIssue): ConfigIssue {
  if (!/^\/origin(?=\/|$)/.test(issue.path)) return issue
  const path = issue.path.replace('/origin', '/ALLOWED_ORIGINS')
  if (issue.code !== 'ORIGIN_INVALID' || typeof issue.value !== 'string') return { ...issue, path }
  const { hint: _, ...rest } = issue
  const hint = variableHint(issue.value)
  return { ...rest, path, ...(hint !== undefined && { hint }) }
}

function flagOf (text: string | undefined, issues: ConfigIssue[]): boolean | undefined {
  const word = text === undefined ? undefined : String(text).trim().toLowerCase()
  if (word === undefined || word === '') return undefined
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  if (['false', '0', 'no', 'off'].includes(word)) return false
  issues.push({
    code: 'INVALID_TYPE',
    path: '/CORS_CREDENTIALS',
    value: text,
    message: 'must be true or false',
    hint: 'CORS_CREDENTIALS=true'
  })
  return undefined
}

export interface LoadOptions {
  /** Whether the policy follows the file. Default false. */
  readonly watch?: boolean
  /** Ends the watching. */
  readonly signal?: AbortSignal
  /** Told what comes of each change; default: `console`. */
  readonly log?: { info (message: string): void, error (details: object, message: string): void }
}

/** ms of quiet after a change: editors write in several steps */
const DEBOUNCE = 50

/**
 * Makes a policy from a JSON file; `"$schema": "fastify-io/cors.schema.json"` in it helps editors.
 *
 * With `watch` the policy follows the file, edited in place or replaced by a rename. Text that is not valid changes
 * nothing, and each mistake in it is logged. The watcher keeps no process alive.
 *
 * @throws {ConfigError} for its mistakes, and for text that is no JSON
 * @throws {Error} when the file cannot be read, with the `code` of the file system (`ENOENT`)
 */
export function loadPolicy (file: string, options: LoadOptions = {}): OriginPolicy {
  const path = resolve(file)
  const text = read(path)
  const policy = new OriginPolicy(parse(text, file))
  if (options.watch === true) follow(file, path, text, policy, options)
  return policy
}

/** Node's own error names neither who wanted the file nor, for a relative one, where it was looked for. */
function read (path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const error = new Error(`fastify-io: the policy file ${path} cannot be read: ${message}`, { cause })
    throw Object.assign(error, { code, path })
  }
}

function parse (text: string, file: string): CorsOptions {
  let value: unknown
  try {
    // editors on Windows begin a file with a byte order mark
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new ConfigError([{
      code: 'INVALID_TYPE',
      path: '',
      value: undefined,
      message: `${file} is not JSON: ${(error as Error).message}`
    }])
  }
  if (typeof value !== 'object' || value === null || !('$schema' in value)) return value as CorsOptions
  const { $schema: _, ...cors } = value
  return cors
}

function follow (
  file: string,
  path: string,
  text: string,
  policy: OriginPolicy,
  { signal, log = fallback }: LoadOptions
): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let seen: string | undefined = text
  const reload = (): void => {
    if (signal?.aborted) return
    try {
      const now = readFileSync(path, 'utf8')
      if (now === seen) return
      seen = now
      policy.update(parse(now, file))
      log.info(`origin policy reloaded from ${file}`)
    } catch (error) {
      if (!(error instanceof ConfigError)) seen = undefined
      const issues = error instanceof ConfigError ? error.issues : [{ path: '', message: (error as Error).message }]
      for (const issue of issues) log.error({ issue }, `origin policy kept: ${file}${issue.path} ${issue.message}`)
    }
  }
  const later = (): void => {
    clearTimeout(timer)
    timer = setTimeout(reload, DEBOUNCE).unref()
  }
  // The folder, not the file: a rename puts another file under the same name. Events of other names count where the file
  // is a link, for then it is they that change (Kubernetes swaps the folder that its links lead to).
  const linked = lstatSync(path).isSymbolicLink()
  const watcher = watch(
    dirname(path),
    { persistent: false, ...(signal !== undefined && { signal }) },
    (_event, name) => {
      if (linked || name === null || name === basename(path)) later()
    }
  )
  watcher.on('error', (error) => log.error({ error }, `${file} is not watched any more`))
  // a change between the reading and the watching
  later()
}

const fallback: NonNullable<LoadOptions['log']> = {
  info: (message) => console.info(message),
  error: (_details, message) => console.error(message)
}
