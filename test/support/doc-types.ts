// Type-checks code blocks as files of a project that uses the package.
import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(import.meta.dirname, '../..')
const PREAMBLE = resolve(import.meta.dirname, 'doc-preamble.ts')

/** What readers have who are strict, and whose editor checks JavaScript. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  jsx: ts.JsxEmit.ReactJSX,
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  paths: Object.fromEntries(['index', 'redis', 'nest'].map((name) =>
    [name === 'index' ? 'fastify-io' : `fastify-io/${name}`, [`${root}/lib/${name}.ts`]]))
}

/** The files of packages, of TypeScript and of lib/: the same for all programs. */
const parsed = new Map<string, ts.SourceFile | undefined>()

/**
 * Type-checks blocks, all of them in one program.
 *
 * @param sources by the name of a file; they may import each other
 * @returns what the compiler says, a line each
 */
export function typeErrors (sources: Readonly<Record<string, string>>): readonly string[] {
  const files = new Map(Object.entries(sources).map(([name, code]) => [resolve(root, 'test/docs', name), code]))
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => files.has(resolve(path)) || fileExists(path)
  host.readFile = (path) => files.get(resolve(path)) ?? readFile(path)
  host.getSourceFile = (path, options, ...rest) => {
    const code = files.get(resolve(path))
    if (code !== undefined) return ts.createSourceFile(path, code, options, true)
    if (!parsed.has(path)) parsed.set(path, getSourceFile.call(host, path, options, ...rest))
    return parsed.get(path)
  }
  const program = ts.createProgram([...files.keys(), resolve(root, 'types/fastify.d.ts')], OPTIONS, host)
  return [...files.keys()].flatMap((path) => {
    const source = program.getSourceFile(path)!
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
      .map(({ start, messageText }) => {
        const { line } = source.getLineAndCharacterOfPosition(start!)
        const text = ts.flattenDiagnosticMessageText(messageText, '\n')
        return `${basename(path)}: ${source.text.split('\n')[line]!.trim()}: ${text}`
      })
  })
}

const given: readonly string[] = [...readFileSync(PREAMBLE, 'utf8').matchAll(/^export declare const (\w+)/gm)]
  .map(([, name]) => name!)

/** A block that goes on where its page began, with an import of what it reads from the preamble and does not make. */
export function withPreamble (code: string): string {
  const made = new Set<string>()
  const read = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) read.add(node.text)
    ts.forEachChild(node, visit)
  }
  const source = ts.createSourceFile('block.ts', code, ts.ScriptTarget.ES2022, true)
  visit(source)
  for (const statement of source.statements) {
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations
      : ts.isImportDeclaration(statement) && statement.importClause
        ? [statement.importClause, ...importsOf(statement.importClause)]
        : [statement]
    for (const { name } of names as readonly { name?: ts.Node }[]) if (name) collect(name, made)
  }
  const taken = given.filter((name) => read.has(name) && !made.has(name))
  return `import { ${taken.join(', ')} } from '../support/doc-preamble.ts'; ${code}`
}

function importsOf ({ namedBindings }: ts.ImportClause): readonly ts.Node[] {
  if (namedBindings === undefined) return []
  return ts.isNamedImports(namedBindings) ? namedBindings.elements : [namedBindings]
}

/** The names that a pattern binds. */
function collect (name: ts.Node, names: Set<string>): void {
  if (ts.isIdentifier(name)) names.add(name.text)
  else if (ts.isBindingElement(name)) collect(name.name, names)
  else ts.forEachChild(name, (child) => collect(child, names))
}
