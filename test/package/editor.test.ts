import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { corsSchema, optionsSchema } from '../../lib/index.ts'

// What an editor shows: each option's description, where it is written and where it is completed.
test('an editor shows the description of every option, of every field of cors, and of a decision', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const names = Object.keys(corsSchema.properties)
  const file = `${root}editor-probe.ts`
  const own = Object.keys(optionsSchema.properties)
  const fill = (names: string[]): string => names.map((name) => `${name}: undefined as never`).join(', ')
  const text = `import fastifyIO, { OriginPolicy, type Decision } from './lib/index.ts'
    const { allowed, reason, allowOrigin } = undefined as never as Decision\nnew OriginPolicy({ ${
    fill(names)
  } })\nfastifyIO(undefined as never, { cors: { maxAge: 1 } }, () => {})\nfastifyIO(undefined as never, { ${
    fill(own)
  } }, () => {})\n`
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config,
    ts.sys,
    root
  )
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) =>
      name === file
        ? ts.ScriptSnapshot.fromString(text)
        : ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(readFileSync(name, 'utf8')) : undefined,
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories
  })
  const shown = (at: number): string => ts.displayPartsToString(service.getQuickInfoAtPosition(file, at)?.documentation)
  for (const name of names) assert.ok(shown(text.indexOf(`${name}:`)).length > 20, name)
  assert.match(shown(text.lastIndexOf('maxAge')), /Browsers cap it/)
  for (const name of ['allowed', 'reason', 'allowOrigin']) assert.ok(shown(text.indexOf(name)).length > 20, name)
  const from = text.lastIndexOf('fastifyIO(')
  for (const name of own) assert.ok(shown(text.indexOf(` ${name}:`, from) + 1).length > 10, name)
})
