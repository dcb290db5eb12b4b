// Writes test/api.txt, the exported names and the members that users meet: `npm run api`. A test holds the file to it.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(import.meta.dirname, '..')

/** Types whose members are listed; of the others, the name is. */
const LISTED = new Set([
  'ConfigError', 'ConfigIssue', 'CorsOptions', 'Count', 'Decision', 'LoadOptions', 'NarrowedOrigin', 'OriginPolicy',
  'PolicyOptions', 'PolicyRequest', 'Refusal', 'Stats', 'TrialDifference', 'TrialResult'
])
/** Types whose text is listed. */
const SPELT_OUT = new Set([
  'IssueCode', 'OriginAnswer', 'OriginCallback', 'OriginFunction', 'Reason', 'RefusalReason', 'TokenOutcome'
])

const FLAGS = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope

/** What the package exports, by name; what is `@internal` is stripped from the package. */
export function apiReport (): string {
  const entry = resolve(root, 'lib/index.ts')
  const config = ts.readConfigFile(resolve(root, 'tsconfig.json'), ts.sys.readFile).config
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram([entry], options)
  const checker = program.getTypeChecker()
  const textOf = (type: ts.Type, flags = FLAGS): string => sorted(checker.typeToString(type, undefined, flags))

  const describe = (symbol: ts.Symbol): string[] => {
    const target = checker.getAliasedSymbol(symbol)
    const isValue = (target.flags & ts.SymbolFlags.Value) !== 0
    const head = `${isValue ? 'value' : 'type'} ${symbol.name}`
    const declared = checker.getDeclaredTypeOfSymbol(target)
    if (LISTED.has(symbol.name)) {
      return [head, ...constructorsOf(target), ...declared.getProperties().filter(isPublic).map(memberOf).sort()]
    }
    if (SPELT_OUT.has(symbol.name)) return [`${head}: ${textOf(declared, FLAGS | ts.TypeFormatFlags.InTypeAlias)}`]
    return [isValue ? `${head}: ${textOf(checker.getTypeOfSymbol(target))}` : head]
  }
  const constructorsOf = (target: ts.Symbol): string[] => {
    if ((target.flags & ts.SymbolFlags.Class) === 0) return []
    const signatures = checker.getTypeOfSymbol(target).getConstructSignatures()
    return signatures.map((signature) => `new ${checker.signatureToString(signature, undefined, FLAGS)}`)
  }
  const memberOf = (member: ts.Symbol): string => {
    const mark = (member.flags & ts.SymbolFlags.Optional) === 0 ? '' : '?'
    return `${member.name}${mark}: ${textOf(checker.getTypeOfSymbol(member))}`
  }
  /** Nor what every Error has. */
  const isPublic = (member: ts.Symbol): boolean => !/^(#|__)/.test(member.name) &&
    !member.getJsDocTags(checker).some(({ name }) => name === 'internal') &&
    member.declarations?.some((node) => node.getSourceFile().fileName.startsWith(`${root}/lib/`)) === true

  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)
  const byName = exported.toSorted((a, b) => a.name < b.name ? -1 : 1)
  return byName.map((symbol) => describe(symbol).join('\n  ') + '\n').join('')
}

/** The compiler's order of a union depends on what it has read before. */
function sorted (text: string): string {
  return /[(<{]/.test(text) ? text : text.split(' | ').sort().join(' | ')
}

if (process.argv[1] === import.meta.filename) writeFileSync(resolve(root, 'test/api.txt'), apiReport())
