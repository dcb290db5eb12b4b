// The texts of the options, read from their JSDoc: each option is described once, at its type.
import { resolve } from 'node:path'
import ts from 'typescript'

export interface OptionDoc {
  readonly name: string
  /** On one line. */
  readonly text: string
  /** As `@default` has it. */
  readonly default: string | undefined
  /** Of an option that takes an object of ours. */
  readonly members: readonly OptionDoc[]
  /** Whether it is declared in lib/. */
  readonly own: boolean
}

const lib = resolve(import.meta.dirname, '../lib')

/** @returns the options of CorsOptions and of FastifyIOOptions, in the order of their types */
export function optionDocs (): { readonly cors: readonly OptionDoc[], readonly plugin: readonly OptionDoc[] } {
  const entry = resolve(lib, 'index.ts')
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(resolve(lib, '../tsconfig.json'), ts.sys.readFile).config, ts.sys, resolve(lib, '..')
  )
  const program = ts.createProgram([entry], options)
  const checker = program.getTypeChecker()
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)
  const of = (name: string): readonly OptionDoc[] => {
    const symbol = exported.find((symbol) => symbol.name === name)!
    return checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(symbol)).getProperties().map(docOf)
  }
  const docOf = (symbol: ts.Symbol): OptionDoc => {
    const tag = symbol.getJsDocTags(checker).find(({ name }) => name === 'default')
    const type = checker.getNonNullableType(checker.getTypeOfSymbol(symbol))
    return {
      name: symbol.name,
      text: oneLine(symbol.getDocumentationComment(checker)),
      default: tag && oneLine(tag.text),
      members: type.isClassOrInterface() && isOwn(type.symbol) ? type.getProperties().map(docOf) : [],
      own: isOwn(symbol)
    }
  }
  return { cors: of('CorsOptions'), plugin: of('FastifyIOOptions') }
}

function isOwn (symbol: ts.Symbol): boolean {
  return symbol.declarations?.[0]?.getSourceFile().fileName.startsWith(`${lib}/`) === true
}

function oneLine (parts: readonly ts.SymbolDisplayPart[] | undefined): string {
  return ts.displayPartsToString(parts?.slice()).replace(/\s+/g, ' ').trim()
}

/** @returns the value that a `@default` is the source text of; `undefined` where it is a word for people */
export function literalOf (text: string | undefined): unknown {
  try {
    return JSON.parse((text ?? '').replaceAll("'", '"'))
  } catch {
    return undefined
  }
}
