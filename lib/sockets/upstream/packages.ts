import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The versions that every test has passed with; upstream.test.ts holds them to what is installed. */
export const KNOWN: Readonly<Record<string, string>> = {
  'engine.io': '6.6.13',
  ws: '8.23.0',
  'socket.io': '4.8.4'
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

/** The installed versions in words: `engine.io 6.6.13, ws 8.23.0, socket.io 4.8.4`. */
export function installed (from: string): string {
  const engine = packageOf('engine.io', from)
  const found = {
    'engine.io': engine,
    ws: engine && packageOf('ws', engine.entry),
    'socket.io': packageOf('socket.io', from)
  }
  return Object.entries(found).map(([name, at]) => `${name} ${at?.version ?? '(not found)'}`).join(', ')
}

/** The known versions in words. */
export function known (): string {
  return Object.entries(KNOWN).map(([name, version]) => `${name} ${version}`).join(', ')
}

/**
 * Two copies of engine.io in one tree: this plugin serves with one, and socket.io was made for the other.
 *
 * @param from a file of this package
 * @returns a sentence that says where they are, and how to get rid of one; `undefined` for one copy
 */
export function twoCopies (from: string): string | undefined {
  const ours = packageOf('engine.io', from)
  const socketIO = packageOf('socket.io', from)
  if (ours === undefined || socketIO === undefined) return undefined
  const theirs = packageOf('engine.io', socketIO.entry)
  if (theirs === undefined || theirs.folder === ours.folder) return undefined
  return `Two copies of engine.io are installed: fastify-io uses ${ours.version} (${ours.folder}), and socket.io ` +
    `${socketIO.version} expects ${theirs.version} (${theirs.folder}). Look at \`npm ls engine.io\`, and run ` +
    '`npm dedupe`, or update fastify-io and socket.io together.'
}
