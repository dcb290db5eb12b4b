import { codeOf, fill, fillFix, type FindingCode, type Values } from '../codes/index.ts'
import type { Severity } from '../codes/code.ts'
import { isSameOrigin, type Target } from '../target.ts'
import { evidenceOf } from '../wire/evidence.ts'
import type { Exchange } from '../wire/exchange.ts'
import { printable } from '../../../text.ts'
import type { Finding } from './schema.ts'

const ORDER: readonly Severity[] = ['critical', 'error', 'warning', 'info']
/** Exchanges that prove one finding. */
const MAX_EVIDENCE = 4

/** What a probe says about its finding. */
export interface Observation {
  readonly evidence: readonly Exchange[]
  /** For the table's templates. */
  readonly values?: Values
  /** Where it is not that of the table. */
  readonly severity?: Severity
  /** What Chromium says, where it is not what the table says; `false` for nothing. */
  readonly browser?: string | false
}

/** Collects findings: one for each code, and of two with one code the worse. */
export class Findings {
  readonly #found: Map<FindingCode, Finding> = new Map()
  readonly #target: Target
  readonly #secret: ReadonlySet<string>
  #path: string

  constructor (target: Target) {
    this.#target = target
    this.#path = target.path ?? '/socket.io/'
    this.#secret = new Set(target.headers.map(([name]) => name.toLowerCase()))
  }

  /** Tells where Socket.IO has been found. */
  foundAt (path: string): void { this.#path = path }

  add (code: FindingCode, { evidence, values, severity, browser }: Observation): void {
    const known = this.#found.get(code)
    const shown = evidence.slice(0, MAX_EVIDENCE).map((exchange) =>
      evidenceOf(exchange, this.#target.url.host, this.#secret)
    )
    const entry = codeOf(code)
    const weight = severity ?? entry.severity
    // what is worse is what the finding tells of
    if (known !== undefined && ORDER.indexOf(known.severity) <= ORDER.indexOf(weight)) {
      known.evidence.push(...shown.slice(0, MAX_EVIDENCE - known.evidence.length))
      return
    }
    const given = Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, printable(value)]))
    const all = { ...this.#values(), ...given }
    const says = browser ?? entry.browser
    this.#found.set(code, {
      code,
      severity: weight,
      title: fill(entry.title, all),
      evidence: [...shown, ...known?.evidence ?? []].slice(0, MAX_EVIDENCE),
      ...(typeof says === 'string' && !this.#isQuiet(code) && { browser: fill(says, all) }),
      fix: fillFix(entry.fix, all)
    })
  }

  has (code: FindingCode): boolean {
    return this.#found.has(code)
  }

  /** Whether it was found, and is no mere warning. */
  hasError (code: FindingCode): boolean {
    const severity = this.#found.get(code)?.severity
    return severity === 'critical' || severity === 'error'
  }

  /** How many make the command exit with 1. */
  get errors (): number {
    return [...this.#found.values()].filter(({ severity }) => severity === 'critical' || severity === 'error').length
  }

  /** The worst first, then in the order in which they were found. */
  list (): Finding[] {
    return [...this.#found.values()].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
  }

  #values (): Values {
    const { url, origin, rest } = this.#target
    const handshake = `${this.#path}?EIO=4&transport=`
    return {
      origin,
      server: url.origin,
      own: url.host,
      port: url.port || (url.protocol === 'https:' ? '443' : '80'),
      path: this.#path,
      url: `${url.origin}${handshake}polling`,
      ws: `${url.origin.replace(/^http/, 'ws')}${handshake}websocket`,
      rest: rest === undefined ? '' : `${rest.method} ${rest.path}`
    }
  }

  /** A page of the server itself meets no CORS check, so its console says nothing of one. */
  #isQuiet (code: FindingCode): boolean {
    return isSameOrigin(this.#target) && code === 'ORIGIN_REFUSED'
  }
}
