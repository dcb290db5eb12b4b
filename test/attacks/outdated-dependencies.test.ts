// Holes that come with the user's lockfile: the installed socket.io-parser and ws, as the copies that run find them.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { outdated } from '../../lib/dependencies.ts'

type Tree = Readonly<Record<string, string>>

/** A folder with these packages: `engine.io/node_modules/ws` is the copy of engine.io. */
function installed (t: TestContext, tree: Tree): string {
  const root = mkdtempSync(join(tmpdir(), 'fastify-io-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, version] of Object.entries(tree)) {
    const file = join(root, 'node_modules', path, 'package.json')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      JSON.stringify({ name: path.split('/').at(-1), version, main: 'index.js', exports: { '.': './index.js' } })
    )
    writeFileSync(join(dirname(file), 'index.js'), '')
  }
  return join(root, 'index.js')
}

const SOUND: Tree = { 'socket.io': '4.8.4', 'engine.io': '6.6.11', 'socket.io-parser': '4.2.7', ws: '8.21.0' }

const found = (t: TestContext, tree: Tree): unknown[] =>
  outdated(installed(t, tree)).map(({ code, value, message }) => {
    assert.equal(code, 'DEPENDENCY_OUTDATED')
    return [value, message.match(/CVE-\d+-\d+/g)]
  })

test('versions with a known hole, each with its advisories', (t) => {
  assert.deepEqual(found(t, SOUND), [])
  assert.deepEqual(found(t, { ...SOUND, 'socket.io-parser': '4.2.4', ws: '8.17.1' }), [
    ['socket.io-parser@4.2.4', ['CVE-2026-33151', 'CVE-2026-69185']],
    ['ws@8.17.1', ['CVE-2026-45736', 'CVE-2026-48779']]
  ])
  assert.deepEqual(found(t, { ...SOUND, 'socket.io-parser': '4.2.6', ws: '8.20.1' }), [
    ['socket.io-parser@4.2.6', ['CVE-2026-69185']], ['ws@8.20.1', ['CVE-2026-48779']]
  ])
  assert.deepEqual(found(t, { ...SOUND, 'socket.io-parser': '5.0.0-alpha.1', ws: '9.0.0' }), [])
})

test('the copy that engine.io finds counts, not the one beside it', (t) => {
  assert.deepEqual(found(t, { ...SOUND, ws: '8.17.1', 'engine.io/node_modules/ws': '8.21.3' }), [])
  assert.deepEqual(found(t, { ...SOUND, 'engine.io/node_modules/ws': '8.19.0' }), [['ws@8.19.0', [
    'CVE-2026-45736',
    'CVE-2026-48779'
  ]]])
})

test('a package that is linked is found where it is', (t) => {
  const entry = installed(t, { ...SOUND, ws: '8.20.1' })
  const [link, folder] = [join(dirname(entry), 'node_modules/ws'), join(dirname(entry), 'my-ws')]
  renameSync(link, folder)
  symlinkSync(folder, link, 'junction')
  assert.deepEqual(outdated(entry).map(({ value }) => value), ['ws@8.20.1'])
})

test('what cannot be found is passed over', (t) => {
  assert.deepEqual(found(t, {}), [])
  assert.deepEqual(found(t, { 'socket.io': '4.8.4', 'engine.io': '6.6.11' }), [])
  assert.deepEqual(outdated('/'), [])
})

test('what is installed here has none', () => {
  assert.deepEqual(outdated(import.meta.url), [])
})
