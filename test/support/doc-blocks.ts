// The code blocks of documents: compiled as their readers would, and run as they stand there.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(import.meta.dirname, '../..')
const requireHere = createRequire(import.meta.url)

export interface Block {
  /** `ts`, `js`, `sh`, … */
  readonly language: string
  /** The last heading before it. */
  readonly heading: string
  readonly code: string
}

/** @param file path from the root of the repository */
export function blocksOf (file: string): readonly Block[] {
  const blocks: Block[] = []
  let heading = ''
  const text = readFileSync(resolve(root, file), 'utf8')
  for (const [, title, language, code] of text.matchAll(/^#+ (.*)$|^```(\w*)\n([^]*?)^```$/gm)) {
    if (title !== undefined) heading = title
    else blocks.push({ language: language!, heading, code: code! })
  }
  return blocks
}

/** The headings of a page, as the forge makes anchors of them, and its explicit anchors. */
export function anchorsOf (path: string): string[] {
  const text = readFileSync(path, 'utf8').replace(/^```[^]*?^```$/gm, '')
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(' ', '-'))
  return [...headings, ...[...text.matchAll(/<a id="([^"]+)"/g)].map(([, id]) => id!)]
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  paths: Object.fromEntries(['index', 'redis', 'nest'].map((name) =>
    [name === 'index' ? 'fastify-io' : `fastify-io/${name}`, [`${root}/lib/${name}.ts`]]))
}

/**
 * Type-checks blocks as files of a project that uses the package, under `strict`.
 *
 * @param sources by the name of a file; they may import each other
 * @returns what the compiler says, a line each
 */
export function typeErrors (sources: Readonly<Record<string, string>>): readonly string[] {
  const files = new Map(Object.entries(sources).map(([name, code]) =>
    [resolve(root, 'test/docs', name), `${code}\nexport {}\n`]))
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => files.has(resolve(path)) || fileExists(path)
  host.readFile = (path) => files.get(resolve(path)) ?? readFile(path)
  host.getSourceFile = (path, ...rest) => {
    const code = files.get(resolve(path))
    return code === undefined
      ? getSourceFile.call(host, path, ...rest)
      : ts.createSourceFile(path, code, ts.ScriptTarget.ES2022, true)
  }
  const program = ts.createProgram([...files.keys(), resolve(root, 'types/fastify.d.ts')], OPTIONS, host)
  return [...files.keys()].flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path))
    .map(({ file, start, messageText }) => {
      const line = file!.getLineAndCharacterOfPosition(start!).line
      const text = ts.flattenDiagnosticMessageText(messageText, '\n')
      return `${basename(path)}: ${file!.text.split('\n')[line]!.trim()}: ${text}`
    }))
}

type Main = (...args: unknown[]) => Promise<unknown>
const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => Main

/**
 * Runs a block.
 *
 * @param result an expression that the block's names are in: what to hand back
 * @param modules what `import` and `require` find by these names
 * @param names variables that the block reads, and does not make
 */
export async function run<Result> (
  code: string, result: string, modules: Readonly<Record<string, unknown>> = {},
  names: Readonly<Record<string, unknown>> = {}
): Promise<Result> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      esModuleInterop: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true
    }
  })
  const find = (name: string): unknown => modules[name] ?? requireHere(name)
  const main = new AsyncFunction('require', 'exports', ...Object.keys(names), `${outputText}\nreturn ${result}`)
  return await main(find, {}, ...Object.values(names)) as Result
}
