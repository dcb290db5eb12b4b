import { differenceOf } from './difference.ts'
import type { Origin } from './origin.ts'
import type { Pattern } from './pattern.ts'

interface Ports {
  any: boolean
  readonly some: Set<string>
}

/**
 * Patterns by scheme and host, so that a look-up costs as many steps as the host has labels, however many patterns
 * there are.
 */
export class PatternIndex {
  /** `https://example.com` for the host itself, `https://.example.com` for what is below it. */
  readonly #ports: Map<string, Ports> = new Map()
  /** Dots in the longest pattern's host, and one: a look-up need not go further, however long the origin. */
  #depth = 0

  constructor (patterns: readonly Pattern[] = []) {
    for (const pattern of patterns) this.add(pattern)
  }

  add ({ scheme, host, port, subdomains, anyPort }: Pattern): void {
    const key = keyOf({ scheme, host, subdomains })
    if (subdomains) this.#depth = Math.max(this.#depth, host.split('.').length)
    const ports = this.#ports.get(key) ?? { any: false, some: new Set() }
    this.#ports.set(key, ports)
    if (anyPort) ports.any = true
    else ports.some.add(port)
  }

  get size (): number {
    return this.#ports.size
  }

  matches (origin: Origin): boolean {
    return this.#find(origin) !== undefined
  }

  /** @returns a pattern that matches, as it is written */
  find (origin: Origin): string | undefined {
    const key = this.#find(origin)
    if (key === undefined) return undefined
    const text = key.replace('://.', '://*.')
    return this.#ports.get(key)!.some.has(origin.port) ? `${text}${origin.port && `:${origin.port}`}` : `${text}:*`
  }

  #find ({ scheme, host, port }: Origin): string | undefined {
    let key = `${scheme}://${host}`
    if (this.#has(key, port)) return key
    let dot = host.lastIndexOf('.')
    for (let depth = 0; depth < this.#depth && dot > 0; depth++) {
      key = `${scheme}://${host.slice(dot)}`
      if (this.#has(key, port)) return key
      dot = host.lastIndexOf('.', dot - 1)
    }
    return undefined
  }

  /**
   * Whether all that a pattern matches is matched here.
   *
   * @param byOthers whether the pattern itself, which is in the index too, does not count
   */
  covers (pattern: Pattern, byOthers: boolean = false): boolean {
    const { scheme, host, port, subdomains, anyPort } = pattern
    const own = keyOf(pattern)
    const covered = (key: string): boolean => {
      const ports = this.#ports.get(key)
      if (ports === undefined) return false
      const itself = byOthers && key === own
      return (ports.any && !(itself && anyPort)) || (!anyPort && !itself && ports.some.has(port))
    }
    if (!subdomains && covered(`${scheme}://${host}`)) return true
    const name = subdomains ? `.${host}` : host
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      if (covered(`${scheme}://${name.slice(dot)}`)) return true
    }
    return false
  }

  /** Patterns that would match, if the scheme, the port, or (`host`) a subdomain before the host were another. */
  * near ({ scheme, host, port }: Origin): Generator<{ origin: string, difference: string, what: 'host' | 'other' }> {
    const suffixes = [`.${host}`, host]
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) suffixes.push(host.slice(dot))
    for (const suffix of suffixes) {
      for (const other of new Set([scheme, 'https', 'http'])) {
        const ports = this.#ports.get(`${other}://${suffix}`)
        if (ports === undefined) continue
        const listed = ports.any ? '*' : [...ports.some][0]!
        const origin = `${other}://${suffix.startsWith('.') ? '*' : ''}${suffix}${listed && `:${listed}`}`
        if (suffix === `.${host}`) {
          yield { origin, difference: 'the pattern is for subdomains, not for the host itself', what: 'host' }
        } else {
          const difference = differenceOf({ scheme, port }, { scheme: other, port: ports.any ? port : listed })
          yield { origin, difference, what: 'other' }
        }
      }
    }
  }

  #has (key: string, port: string): boolean {
    const ports = this.#ports.get(key)
    return ports !== undefined && (ports.any || ports.some.has(port))
  }
}

function keyOf ({ scheme, host, subdomains }: Pick<Pattern, 'scheme' | 'host' | 'subdomains'>): string {
  return subdomains ? `${scheme}://.${host}` : `${scheme}://${host}`
}
