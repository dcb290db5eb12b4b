import { readFileSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { ConfigError, type ConfigIssue } from './errors.ts'
import { OriginPolicy } from './policy/policy.ts'
import type { CorsOptions } from './policy/schema.ts'

/**
 * Makes a policy from the environment: `ALLOWED_ORIGINS`, separated by commas or white space, and `CORS_CREDENTIALS`
 * (`true`, `1`, `yes` or `on`).
 *
 * @param env default `process.env`
 * @param overrides further `cors` options
 * @throws {ConfigError} for an unset or empty list too: nothing never means everything
 */
export function policyFromEnv (env: Readonly<Record<string, string | undefined>> = process.env, overrides: CorsOptions = {}): OriginPolicy {
  const origins = (env.ALLOWED_ORIGINS ?? '').split(/[\s,]+/).filter((item) => item !== '')
  const issues: ConfigIssue[] = []
  if (origins.length === 0) issues.push({ code: 'ORIGIN_EMPTY', path: '/ALLOWED_ORIGINS', value: env.ALLOWED_ORIGINS, message: 'is not set, or empty', hint: 'ALLOWED_ORIGINS=https://app.example.com' })
  const credentials = flagOf(env.CORS_CREDENTIALS, issues)
  if (issues.length > 0) throw new ConfigError(issues)
  return new OriginPolicy({ origin: origins, ...(credentials !== undefined && { credentials }), ...overrides })
}

function flagOf (text: string | undefined, issues: ConfigIssue[]): boolean | undefined {
  const word = text?.trim().toLowerCase()
  if (word === undefined || word === '') return undefined
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  if (['false', '0', 'no', 'off'].includes(word)) return false
  issues.push({ code: 'INVALID_TYPE', path: '/CORS_CREDENTIALS', value: text, message: 'must be true or false', hint: 'CORS_CREDENTIALS=true' })
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
 * @throws {Error} when the file cannot be read
 */
export function loadPolicy (file: string, options: LoadOptions = {}): OriginPolicy {
  const policy = new OriginPolicy(read(file))
  if (options.watch === true) follow(file, policy, options)
  return policy
}

function read (file: string): CorsOptions {
  const text = readFileSync(file, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ConfigError([{ code: 'INVALID_TYPE', path: '', value: undefined, message: `${file} is not JSON: ${(error as Error).message}` }])
  }
  if (typeof value !== 'object' || value === null || !('$schema' in value)) return value as CorsOptions
  const { $schema: _, ...cors } = value
  return cors
}

function follow (file: string, policy: OriginPolicy, { signal, log = fallback }: LoadOptions): void {
  const path = resolve(file)
  let timer: ReturnType<typeof setTimeout> | undefined
  const reload = (): void => {
    try {
      policy.update(read(path))
      log.info(`origin policy reloaded from ${file}`)
    } catch (error) {
      const issues = error instanceof ConfigError ? error.issues : [{ path: '', message: (error as Error).message }]
      for (const issue of issues) log.error({ issue }, `origin policy kept: ${file}${issue.path} ${issue.message}`)
    }
  }
  // The folder, not the file: a rename puts another file under the same name.
  const watcher = watch(dirname(path), { persistent: false, ...(signal !== undefined && { signal }) }, (_event, name) => {
    if (name !== null && name !== basename(path)) return
    clearTimeout(timer)
    timer = setTimeout(reload, DEBOUNCE).unref()
  })
  watcher.on('error', (error) => log.error({ error }, `${file} is not watched any more`))
  signal?.addEventListener('abort', () => clearTimeout(timer), { once: true })
}

const fallback: NonNullable<LoadOptions['log']> = {
  info: (message) => console.info(message),
  error: (_details, message) => console.error(message)
}
