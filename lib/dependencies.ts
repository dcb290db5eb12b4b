import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
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
    const owner = packageOf(holes[0]!.by, from)
    const version = owner && packageOf(name, owner.entry)?.version
    const open = version === undefined ? [] : holes.filter(({ fixed }) => isBefore(version, fixed))
    if (open.length === 0) return []
    const { by, fixed } = open.at(-1)!
    const advisories = open.map(({ advisory }) => advisory).join(', ')
    const message = `${name} ${version}, which ${by} uses, has a known hole (${advisories})`
    const hint = `npm update ${name}: ${fixed} or later`
    return [issue('DEPENDENCY_OUTDATED', '', `${name}@${version}`, { message, hint })]
  })
}

export interface Package {
  readonly version: string
  readonly folder: string
  /** The file that the package's name leads to. */
  readonly entry: string
}

/**
 * @param from a file; the package is the one that it would load
 * @returns `undefined` for what cannot be found: a bundle has no packages
 */
export function packageOf (name: string, from: string): Package | undefined {
  try {
    const entry = createRequire(from).resolve(name)
    // not every package exports its package.json, and some have others in their folders
    for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
      const manifest = manifestOf(folder)
      if (manifest?.name === name) return { version: String(manifest.version), folder, entry }
    }
  } catch {}
  return undefined
}

function manifestOf (folder: string): { name?: unknown, version?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
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
