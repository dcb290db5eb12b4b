import { ownedBy } from './ownership.ts'
import type { Pattern } from '../origin/pattern.ts'
import { SUFFIXES_BELOW } from './suffixes-below.ts'

/** A name that a stranger can own, and that a pattern allows. */
export interface Stranger {
  readonly origin: string
  /** Below which strangers are given names. */
  readonly suffix: string
}

/** For a suffix, and for one that every label before the host makes. */
const DIRECT = ['evil', 'evil.x']

/** The shortest suffix below a host that is none. */
let below: ReadonlyMap<string, string> | undefined

/**
 * Whether a stranger can own a name below a pattern's host: the host is a public suffix (`github.io`), every label
 * before it makes one (`*.compute.amazonaws.com`), or one lies below it (`amazonaws.com`, because of
 * `s3.amazonaws.com`). Private entries of the public suffix list count too. What the list does not have (`azure.com`)
 * cannot be found.
 */
export function strangerBelow ({ scheme, host, port }: Pattern): Stranger | undefined {
  below ??= parse(SUFFIXES_BELOW)
  const suffix = below.get(host)
  const between = suffix?.slice(0, -host.length - 1)
  const names = between === undefined ? DIRECT : [...DIRECT, ...DIRECT.map((name) => `${name}.${between}`)]
  const name = names.find((name) => strangerAt(name, host, scheme))
  if (name === undefined) return undefined
  const origin = `${scheme}://${name}.${host}${port && `:${port}`}`
  return { origin, suffix: DIRECT.includes(name) ? host : suffix! }
}

/** Whether a name below a host belongs to somebody else than the host. */
export function strangerAt (name: string, host: string, scheme = 'https'): boolean {
  const owned = ownedBy({ scheme, host: `${name}.${host}`, port: '', ip: false })
  return owned !== undefined && owned.name.length > host.length
}

/** The shortest of the suffixes below each host. */
function parse (text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const suffix of text.trim().split(/\s+/)) {
    for (const host of parentsOf(suffix)) {
      const known = found.get(host)
      if (known === undefined || suffix.length < known.length) found.set(host, suffix)
    }
  }
  return found
}

/** The hosts above a name: `b.c` and `c` for `a.b.c`. */
export function * parentsOf (name: string): Generator<string> {
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) yield name.slice(dot + 1)
}
