import { ConfigError } from '../../errors.ts'
import { escape, show } from '../../text.ts'
import { NoEntry } from './envelope.ts'

/** Where a policy that follows a file or a store logs: `console`, `app.log`, or a logger of yours. */
export interface PolicyLog {
  info (message: string): void
  error (details: object, message: string): void
}

/** The default of {@link PolicyLog}. */
export const CONSOLE: PolicyLog = {
  info: (message) => console.info(message),
  error: (_details, message) => console.error(message)
}

/** A log of the user's that throws must not end the process, or the following of a policy. */
export function safe (log: PolicyLog): PolicyLog {
  const guarded = (write: () => void): void => {
    try {
      write()
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : show(error))
    }
  }
  return {
    info: (message) => guarded(() => log.info(message)),
    error: (details, message) => guarded(() => log.error(details, message))
  }
}

/** Lines about what was found in the store within {@link WINDOW}: whoever writes to it must not fill the log. */
const MAX_FINDINGS = 10
/** ms */
const WINDOW = 60_000
/** Mistakes of a policy that a line has with it. */
const MAX_ISSUES = 20

/** Whether an error is about what is stored, and not about the store. */
export function isInvalid (error: unknown): boolean {
  return error instanceof NoEntry || error instanceof ConfigError
}

/** Why a text is not valid; follows the name of the store. */
export function reasonOf (error: unknown): string {
  if (!(error instanceof ConfigError)) return (error as Error).message
  const [{ path, message, code }, ...more] = error.issues as [ConfigError['issues'][number]]
  const others = more.length === 0 ? '' : `, and ${more.length} more`
  return `holds a policy with a mistake: ${path} ${message} [${code}]${others}`
}

/** The log lines of one store. */
export class StoreLog {
  readonly #log: PolicyLog
  readonly #name: string
  readonly #failing: Set<'read' | 'watched'> = new Set()
  #windowEnd = 0
  #findings = 0

  constructor (name: string, log: PolicyLog = CONSOLE) {
    this.#name = name
    this.#log = safe(log)
  }

  inForce (version: number): void {
    this.#log.info(`origin policy: version ${version} from ${this.#name} is in force`)
  }

  /** What is stored is not valid. */
  rejected (error: unknown): void {
    const issues = error instanceof ConfigError ? error.issues.slice(0, MAX_ISSUES) : undefined
    this.#found(reasonOf(error), issues && { issues })
  }

  /** An older text, or none, was stored: the policy in force is stored again. */
  putBack (version: number, found: number | undefined): void {
    const what = found === undefined ? 'was empty' : `held version ${found}, which is older`
    this.#found(`${what}; version ${version} is stored again`)
  }

  /** Once, until it works again. */
  failed (act: 'read' | 'watched', err: unknown): void {
    if (this.#failing.has(act)) return
    this.#failing.add(act)
    this.#kept((err as Error).message, { err })
  }

  answered (act: 'read' | 'watched'): void {
    if (this.#failing.delete(act)) this.#log.info(`origin policy: ${this.#name} is ${act} again`)
  }

  #found (what: string, details?: object): void {
    const now = performance.now()
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW
      this.#findings = 0
    }
    if (++this.#findings > MAX_FINDINGS) return
    const last = this.#findings < MAX_FINDINGS ? '' : '; no more lines of this kind for a minute'
    this.#kept(`${this.#name} ${what}${last}`, details)
  }

  #kept (message: string, details: object = {}): void {
    this.#log.error({ store: this.#name, ...details }, escape(`origin policy kept: ${message}`))
  }
}
