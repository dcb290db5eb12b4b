import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import * as fastifyIO from '../lib/index.ts'

const root = resolve(import.meta.dirname, '..')

// The names are the contract with users: a line that changes here belongs in CHANGELOG.md.
const values = [
  'ConfigError',
  'OriginPolicy',
  'PolicyConflictError',
  'corsSchema',
  'default',
  'fastifyIO',
  'loadPolicy',
  'optionsSchema',
  'policyFromEnv',
  'storedPolicy'
]
const types = [
  'ConfigIssue',
  'CorsOptions',
  'Decision',
  'FastifyIOOptions',
  'FastifyIOServer',
  'FastifyIOSocket',
  'IssueCode',
  'LoadOptions',
  'NarrowedOrigin',
  'OriginAnswer',
  'OriginCallback',
  'OriginFunction',
  'PolicyLog',
  'PolicyOptions',
  'PolicyRequest',
  'PolicyStore',
  'Reason',
  'Refusal',
  'SocketTypes',
  'StoredPolicy',
  'StoredPolicyOptions',
  'StoredText'
]

/** Members of OriginPolicy; all others are `@internal`, and stripped from the package's types. */
const members = ['decide', 'explain', 'onChange', 'onError', 'options', 'snapshot', 'update', 'warnings']

test('the values that the package exports', () => {
  assert.deepEqual(Object.keys(fastifyIO).sort(), values)
  assert.equal(fastifyIO.default, fastifyIO.fastifyIO)
})

test('the values and types that the package exports, and the members of OriginPolicy', () => {
  const config = ts.getParsedCommandLineOfConfigFile(resolve(root, 'tsconfig.build.json'), {}, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => assert.fail(String(messageText))
  })
  assert.ok(config)
  const program = ts.createProgram([resolve(root, 'lib/index.ts')], config.options)
  const checker = program.getTypeChecker()
  const module = checker.getSymbolAtLocation(program.getSourceFile(resolve(root, 'lib/index.ts'))!)
  const exported = checker.getExportsOfModule(module!)
  assert.deepEqual(exported.map(({ name }) => name).sort(), [...values, ...types].sort())

  const policy = exported.find(({ name }) => name === 'OriginPolicy')!
  const shown = checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(policy)).getProperties()
    .filter((member) =>
      !member.name.startsWith('#') && !member.getJsDocTags(checker).some(({ name }) => name === 'internal')
    )
  assert.deepEqual(shown.map(({ name }) => name).sort(), members)
})
