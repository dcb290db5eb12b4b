import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { TestContext } from 'node:test'

const root = resolve(import.meta.dirname, '../..')

/** Packages that a test may change; the others are links to the real ones. */
const COPIED = ['engine.io', 'socket.io']

/**
 * A folder with a copy of lib/ and with separate packages, as in a user's tree; it goes when the test ends.
 *
 * @param main a file of test/fixtures/, copied beside lib/
 * @param change gets the path of node_modules
 * @returns the path of the copied `main`
 */
export function tree (t: Pick<TestContext, 'after'>, main: string, change: (modules: string) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-io-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  for (const name of readdirSync(join(root, 'node_modules'))) {
    const from = join(root, 'node_modules', name)
    if (COPIED.includes(name)) cpSync(from, join(modules, name), { recursive: true })
    else symlinkSync(from, join(modules, name))
  }
  cpSync(join(root, 'lib'), join(folder, 'lib'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  cpSync(join(root, 'test/fixtures', main), join(folder, main))
  change(modules)
  return join(folder, main)
}

/** Gives a member of a package another name, wherever the package itself uses it. */
export function rename (modules: string, file: string, member: string): void {
  replace(modules, file, new RegExp(`\\b${member}\\b`, 'g'), `${member}OfTomorrow`)
}

/** Changes the text of a package. */
export function replace (modules: string, file: string, what: string | RegExp, by: string): void {
  const path = join(modules, file)
  const text = readFileSync(path, 'utf8')
  const changed = text.replace(what, by)
  if (changed === text) throw new Error(`${file} has no ${what}`)
  writeFileSync(path, changed)
}

/** Writes another version into a package. */
export function setVersion (folder: string, version: string): void {
  const path = join(folder, 'package.json')
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), version }))
}

/** A second copy of a package, where another one finds it first. */
export function nest (modules: string, name: string, inside: string, version: string): void {
  const folder = join(modules, inside, 'node_modules', name)
  mkdirSync(dirname(folder), { recursive: true })
  cpSync(join(modules, name), folder, { recursive: true })
  setVersion(folder, version)
}
