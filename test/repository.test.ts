import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { describe, test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const generated = new Set(['node_modules', '.git', 'dist', 'coverage', '.next'])

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
    const hosts = new RegExp(
      [
        'registry\\.npm' + 'js',
        'registry\\.yarn' + 'pkg',
        'npm\\.pkg\\.git' + 'hub',
        'npm' + 'mirror\\.com',
        '_auth' + 'Token'
      ].join('|'),
      'i'
    )
    assert.ok(files.includes('package-lock.json'))
    assert.deepEqual(files.filter((file) => hosts.test(readFileSync(join(root, file), 'latin1'))), [])
  })

  const locks = { 'package-lock.json': 100, 'examples/nextjs/package-lock.json': 30 }
  for (const [lock, packagesAtLeast] of Object.entries(locks)) {
    test(`${lock} pins content, not places`, () => {
      const { packages } = JSON.parse(readFileSync(join(root, lock), 'utf8')) as {
        packages: Record<string, { resolved?: string; integrity?: string }>
      }
      const installed = Object.entries(packages).filter(([path]) => path !== '')
      assert.ok(installed.length > packagesAtLeast)
      assert.deepEqual(installed.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path), [])
      assert.deepEqual(installed.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path), [])
    })
  }

  test('every test file is one that `npm test` runs', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    assert.match(scripts.test, / test\/\*\.test\.ts test\/\*\/\*\.test\.ts$/)
    const missed = files.filter((file) =>
      /\.test\.[cm]?[jt]sx?$/.test(file) && !/^test\/([^/]+\/)?[^/]+\.test\.ts$/.test(file)
    )
    assert.deepEqual(missed, [])
  })

  test('every advisory of docs/security-advisories.md has a test by its number, and the other way about', () => {
    const numbers = /CVE-\d+-\d+|GHSA(?:-[a-z0-9]{4}){3}/g
    const read = (file: string): string => readFileSync(join(root, file), 'utf8')
    const tests = files.filter((file) => file.startsWith('test/attacks/advisories')).map(read).join('\n')
    const listed = read('docs/security-advisories.md')
    const rows = listed.split('\n').map((row) => row.split('|')[1]?.match(numbers)).filter((row) => row != null)
    assert.ok(rows.length >= 22)
    assert.deepEqual(rows.filter((row) => !row.some((number) => tests.includes(number))), [])
    assert.deepEqual(tests.match(numbers)!.filter((number) => !listed.includes(number)), [])
  })
})
