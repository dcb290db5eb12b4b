import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { corsSchema } from '../../lib/index.ts'

// What an editor shows: each option's description, where it is written and where it is completed.
test('an editor gives every field of cors its description', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const names = Object.keys(corsSchema.properties)
  const file = `${root}editor-probe.ts`
  const text = `import fastifyIO, { OriginPolicy } from './lib/index.ts'\nnew OriginPolicy({ ${names.map((name) => `${name}: undefined as never`).join(', ')} })\nfastifyIO(undefined as never, { cors: { maxAge: 1 } }, () => {})\n`
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config, ts.sys, root)
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => name === file ? ts.ScriptSnapshot.fromString(text) : ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(readFileSync(name, 'utf8')) : undefined,
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
})
