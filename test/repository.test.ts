import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { describe, test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const generated = new Set(['node_modules', '.git', 'dist', 'coverage'])

function * walk (folder = ''): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (generated.has(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield * walk(path)
    else if (entry.isFile()) yield path
  }
}

const files = [...walk()].map((path) => path.split(sep).join('/'))

describe('repository', () => {
  test('no file names a package registry: installs work behind any mirror', () => {
    // spelt in two halves, so that this file does not find itself
    const hosts = new RegExp(['registry\\.npm' + 'js', 'registry\\.yarn' + 'pkg', 'npm\\.pkg\\.git' + 'hub', 'npm' + 'mirror\\.com', '_auth' + 'Token'].join('|'), 'i')
    assert.ok(files.includes('package-lock.json'))
    assert.deepEqual(files.filter((file) => hosts.test(readFileSync(join(root, file), 'latin1'))), [])
  })

  test('package-lock.json pins content, not places', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { resolved?: string, integrity?: string }> }
    const installed = Object.entries(packages).filter(([path]) => path !== '')
    assert.ok(installed.length > 100)
    assert.deepEqual(installed.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path), [])
    assert.deepEqual(installed.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path), [])
  })

  test('every test file is one that `npm test` runs', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    assert.match(scripts.test, / test\/\*\.test\.ts test\/\*\/\*\.test\.ts$/)
    const missed = files.filter((file) => /\.test\.[cm]?[jt]sx?$/.test(file) && !/^test\/([^/]+\/)?[^/]+\.test\.ts$/.test(file))
    assert.deepEqual(missed, [])
  })
})
