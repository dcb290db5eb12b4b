// The code blocks of documents: found, and run as they stand there. `doc-types.ts` compiles them.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(import.meta.dirname, '../..')
const requireHere = createRequire(import.meta.url)

/** Made by `npm run docs`. */
const GENERATED = /^docs\/(?:api|\.vitepress)\//

/** Paths from the root of the repository: README.md and the other pages beside it, and those of docs/. */
export const PAGES: readonly string[] = [
  ...readdirSync(root),
  ...readdirSync(resolve(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
].filter((file) => file.endsWith('.md') && !GENERATED.test(file))

export interface Block {
  readonly file: string
  /** Of its first line of code, from 1. */
  readonly line: number
  /** `ts`, `js`, `sh`, …; empty where the page names none. */
  readonly language: string
  /** The last heading before it. */
  readonly heading: string
  /** The HTML comment in the line before it, which readers do not see; empty where there is none. */
  readonly note: string
  readonly code: string
}

/**
 * @param file path from the root of the repository
 * @throws Error when a block does not end
 */
export function blocksOf (file: string): readonly Block[] {
  const blocks: Block[] = []
  const lines = readFileSync(resolve(root, file), 'utf8').split('\n')
  let heading = ''
  for (let at = 0; at < lines.length; at++) {
    heading = /^#+ (.*)$/.exec(lines[at]!)?.[1] ?? heading
    const fence = /^([\s>]*)(`{3,}|~{3,})\s*(\S*)/.exec(lines[at]!)
    if (fence === null) continue
    const [, indent, marks, language] = fence as unknown as [string, string, string, string]
    const note = /^<!-- (.*) -->$/.exec(lines[at - 1]?.trim() ?? '')?.[1] ?? ''
    const line = at + 2
    const code: string[] = []
    while (lines[++at]?.trim() !== marks) {
      if (at >= lines.length) throw new Error(`${file}:${line - 1}: the block does not end`)
      code.push(lines[at]!.slice(indent.length))
    }
    blocks.push({ file, line, language, heading, note, code: code.map((text) => `${text}\n`).join('') })
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
