import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, test } from 'node:test'
import ts from 'typescript'

const root = resolve(import.meta.dirname, '..')
const lib = join(root, 'lib')

/**
 * The rooms of lib/, from top to bottom. A file may import from its own room and from those below it. A room is the
 * folder that a file lies in, or one of these files by its name.
 */
const rooms: readonly string[] = [
  'cli',
  'cli/policy-source',
  'cli/doctor/command.ts',
  'cli/doctor/print',
  'cli/doctor/read-target.ts',
  'cli/doctor/examine.ts',
  'cli/doctor/attacks',
  'cli/doctor/probes',
  'cli/doctor/examination.ts',
  'cli/doctor/report',
  'cli/doctor/conversation',
  'cli/doctor/codes',
  'cli/doctor/target.ts',
  'cli/doctor/wire',
  'cli/shared',
  'index.ts',
  'nest.ts',
  'redis.ts',
  'redis',
  'plugin.ts',
  'narrow.ts',
  'sockets',
  'sockets/engine',
  'sockets/beginning',
  'sockets/session',
  'sockets/upgrades',
  'sockets/handshake',
  'sockets/upstream',
  'types.ts',
  'http',
  'log',
  'config.ts',
  'dependencies.ts',
  'options.ts',
  'policy/stores',
  'policy',
  'policy/explain',
  'policy/options',
  'policy/audit',
  'policy/audit/regexp',
  'policy/function',
  'policy/origin',
  'errors.ts',
  'issues.ts',
  'text.ts'
]

const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).sort()

/** Every specifier that a file imports or re-exports; `typesOnly` for those that leave no trace at run time. */
function importsOf (file: string): Array<{ specifier: string, typesOnly: boolean }> {
  const source = ts.createSourceFile(file, readFileSync(join(lib, file), 'utf8'), ts.ScriptTarget.ESNext, true)
  const found: Array<{ specifier: string, typesOnly: boolean }> = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      found.push({ specifier: textOf(node.moduleSpecifier), typesOnly: node.importClause?.isTypeOnly === true })
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      found.push({ specifier: textOf(node.moduleSpecifier), typesOnly: node.isTypeOnly })
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push({ specifier: textOf(node.argument.literal), typesOnly: true })
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      found.push({ specifier: textOf(node.arguments[0]), typesOnly: false })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function textOf (node: ts.Node | undefined): string {
  assert.ok(node !== undefined && ts.isStringLiteral(node), 'imports are literals')
  return node.text
}

/** `sockets/routes.ts` + `../rest.ts` -> `rest.ts`; `undefined` for a package. */
function localTarget (file: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? relative(lib, resolve(lib, dirname(file), specifier)) : undefined
}

function roomOf (file: string): number {
  const at = rooms.indexOf(file)
  return at === -1 ? rooms.indexOf(dirname(file)) : at
}

const graph = new Map(files.map((file) => [file, importsOf(file)]))
const edges = new Map(
  files.map((file) => [file, graph.get(file)!.flatMap(({ specifier }) => localTarget(file, specifier) ?? [])])
)

describe('architecture', () => {
  test('the walk sees the sources', () => {
    assert.ok(edges.get('index.ts')?.includes('plugin.ts'))
    assert.ok(edges.get('plugin.ts')?.includes('config.ts'))
    for (const [file, targets] of edges) {
      for (const target of targets) {
        assert.ok(edges.has(target), `${file} imports ${target}, which is no source file of lib/`)
      }
    }
  })

  test('every file has its room, and every room a file', () => {
    assert.deepEqual(files.filter((file) => roomOf(file) === -1), [])
    assert.deepEqual(rooms.filter((_, room) => !files.some((file) => roomOf(file) === room)), [])
  })

  test('CONTRIBUTING draws the same rooms in the same order, with a line for each', () => {
    const picture = /^```text\n([^]*?)\n```$/m.exec(readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8'))?.[1]
    const drawn = picture?.split('\n').map((line) => /^(\S+) +(\S.*)$/.exec(line)?.[1] ?? line)
    assert.deepEqual(drawn, rooms)
  })

  test('every file that CONTRIBUTING names is there', () => {
    const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
    const named = [...text.matchAll(/`((?:lib|test)\/[\w./-]*)`/g)].map(([, path]) => path!)
    assert.ok(named.length > 20)
    assert.deepEqual(named.filter((path) => !existsSync(join(root, path))), [])
  })

  test('imports point one way', () => {
    const upward = [...edges].flatMap(([file, targets]) => targets
      .filter((target) => roomOf(target) < roomOf(file))
      .map((target) => `${file} -> ${target}`))
    assert.deepEqual(upward, [])
  })

  test('policy/ imports only errors.ts, issues.ts and text.ts, and neither Fastify nor Socket.IO', () => {
    const foreign = files.filter((file) => file.startsWith('policy/')).flatMap((file) =>
      graph.get(file)!.filter(({ specifier }) => {
        const target = localTarget(file, specifier)
        if (target !== undefined) return !/^(policy\/.*|errors\.ts|issues\.ts|text\.ts)$/.test(target)
        return /^(fastify|@fastify\/|socket\.io|engine\.io|node:(http|https|http2|net)$)/.test(specifier)
      }).map(({ specifier }) => `${file} -> ${specifier}`)
    )
    assert.deepEqual(foreign, [])
  })

  test('fastify-io/redis is loaded by those alone who import it', () => {
    const importers = files.filter((file) => edges.get(file)!.some((target) => /^redis(\/|\.ts$)/.test(target)))
    assert.deepEqual(importers, ['redis.ts'])
  })

  test('no file has more than 200 lines', () => {
    const long = files.filter((file) => readFileSync(join(lib, file), 'utf8').split('\n').length > 201)
    assert.deepEqual(long, [])
  })

  test('no cycles', () => {
    const cycles: string[] = []
    const done = new Set<string>()
    const walk = (file: string, path: string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      if (done.has(file)) return
      done.add(file)
      for (const target of edges.get(file) ?? []) walk(target, [...path, file])
    }
    for (const file of files) walk(file, [])
    assert.deepEqual(cycles, [])
  })

  test('what lib/ imports at run time is a dependency or a peer, not a tool of ours', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies }
    const undeclared = [...graph].flatMap(([file, imports]) =>
      imports
        .filter(({ specifier, typesOnly }) => !typesOnly && !specifier.startsWith('.') && !specifier.startsWith('node:')
        )
        .map(({ specifier }) => ({
          file,
          name: specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
        }))
        .filter(({ name }) => !(name in declared))
        .map(({ file, name }) => `${file} -> ${name}`)
    )
    assert.deepEqual(undeclared, [])
  })
})
