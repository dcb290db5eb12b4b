import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type ConfigIssue, issue } from './issues.ts'

/** A package that comes with the user's lockfile, not with this one, and that had a hole which a client can use. */
interface Hole {
  readonly name: string
  /** Whose dependency it is: the copy that runs is the one that this package finds. */
  readonly by: string
  /** The first version without the hole. */
  readonly fixed: string
  readonly advisory: string
}

const HOLES: readonly Hole[] = [
  { name: 'socket.io-parser', by: 'socket.io', fixed: '4.2.6', advisory: 'CVE-2026-33151' },
  { name: 'socket.io-parser', by: 'socket.io', fixed: '4.2.7', advisory: 'CVE-2026-69185' },
  { name: 'ws', by: 'engine.io', fixed: '8.20.1', advisory: 'CVE-2026-45736' },
  { name: 'ws', by: 'engine.io', fixed: '8.21.0', advisory: 'CVE-2026-48779' }
]

/**
 * Looks for installed versions with a known hole. Reads two small files, once at registration; what cannot be found (a
 * bundle has no packages) is passed over.
 *
 * @param from a file of the package whose dependencies are looked at
 */
export function outdated (from: string): ConfigIssue[] {
  const packages = new Map<string, Hole[]>()
  for (const hole of HOLES) packages.set(hole.name, [...packages.get(hole.name) ?? [], hole])
  return [...packages].flatMap(([name, holes]): ConfigIssue[] => {
    const version = versionOf(from, holes[0]!.by, name)
    const open = version === undefined ? [] : holes.filter(({ fixed }) => isBefore(version, fixed))
    if (open.length === 0) return []
    const { by, fixed } = open.at(-1)!
    const advisories = open.map(({ advisory }) => advisory).join(', ')
    const message = `${name} ${version}, which ${by} uses, has a known hole (${advisories})`
    const hint = `npm update ${name}: ${fixed} or later`
    return [issue('DEPENDENCY_OUTDATED', '', `${name}@${version}`, { message, hint })]
  })
}

/** The version of a package that a dependency of ours would load. */
function versionOf (from: string, by: string, name: string): string | undefined {
  try {
    const entry = createRequire(createRequire(from).resolve(by)).resolve(name)
    // read, not required: not every package exports its package.json
    const folder = join('node_modules', name)
    const root = entry.slice(0, entry.lastIndexOf(folder) + folder.length)
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version?: unknown }
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}

/** Whether a version comes before another; a prerelease counts as the version that it leads to. */
function isBefore (version: string, other: string): boolean {
  const [a, b] = [version, other].map((text) => text.split('-', 1)[0]!.split('.').map(Number)) as [number[], number[]]
  const at = b.findIndex((part, at) => a[at] !== part)
  return at !== -1 && a[at]! < b[at]!
}
