import { lstatSync, readFileSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { ConfigError } from '../../errors.ts'
import { issue } from '../../issues.ts'
import type { CorsOptions } from '../options/cors-options.ts'
import { OriginPolicy } from '../policy.ts'
import { CONSOLE, type PolicyLog, safe } from './log.ts'

/** How a policy follows its file. */
export interface LoadOptions {
  /**
   * Whether the policy follows the file.
   * @default false
   */
  readonly watch?: boolean
  /** Ends the watching. */
  readonly signal?: AbortSignal
  /**
   * Told of each change: that it was taken, or each mistake in it.
   * @default console
   */
  readonly log?: PolicyLog
}

/** Milliseconds of quiet after a change: editors write in several steps. */
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
  const policy = new OriginPolicy(parsePolicy(text, file))
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

/** @throws {ConfigError} for text that is no JSON */
export function parsePolicy (text: string, file: string): CorsOptions {
  let value: unknown
  try {
    // editors on Windows begin a file with a byte order mark
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const message = `${file} is not JSON: ${(error as Error).message}`
    throw new ConfigError([issue('INVALID_TYPE', '', undefined, { message })])
  }
  if (typeof value !== 'object' || value === null || !('$schema' in value)) return value as CorsOptions
  const { $schema: _, ...cors } = value
  return cors
}

function follow (
  file: string, path: string, text: string, policy: OriginPolicy, { signal, log: given = CONSOLE }: LoadOptions
): void {
  const log = safe(given)
  let timer: ReturnType<typeof setTimeout> | undefined
  let seen: string | undefined = text
  const reload = (): void => {
    if (signal?.aborted) return
    try {
      const now = readFileSync(path, 'utf8')
      if (now === seen) return
      seen = now
      policy.update(parsePolicy(now, file))
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
  // The folder, not the file: a rename puts another file under the same name. Where the file is a link, events of other
  // names count too: Kubernetes swaps the folder that its links lead to.
  const linked = lstatSync(path).isSymbolicLink()
  const watcher = watch(dirname(path), { persistent: false, ...(signal && { signal }) }, (_event, name) => {
    if (linked || name === null || name === basename(path)) later()
  })
  watcher.on('error', (error) => log.error({ error }, `${file} is not watched any more`))
  // a change between the reading and the watching
  later()
}
