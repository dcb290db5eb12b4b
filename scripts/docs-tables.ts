// Writes the tables of README.md and of some files in docs/: `npm run docs:tables`. A test holds the files to them.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { rows } from '../test/neighbours/table.ts'
import { MISTAKES, WARNINGS } from '../lib/issues.ts'
import { readResults, scaleTable } from './scale.ts'
import { literalOf, type OptionDoc, optionDocs } from './option-docs.ts'

const root = resolve(import.meta.dirname, '..')

/** @returns the files as they should be, by their names */
export function documents ({ cors, plugin } = optionDocs()): ReadonlyMap<string, string> {
  return new Map([
    ['README.md', fill('README.md', { mistakes: issueTable(MISTAKES), warnings: issueTable(WARNINGS) })],
    ['docs/options.md', fill('docs/options.md', {
      plugin: optionTable(plugin.filter(({ own }) => own)),
      'socket.io': optionTable(plugin.filter(({ own }) => !own)),
      cors: optionTable(cors),
      dangerously: optionTable(cors.find(({ name }) => name === 'dangerously')!.members)
    })],
    ['docs/neighbours.md', fill('docs/neighbours.md', { neighbours: neighbourTable() })],
    ['docs/several-processes.md', fill('docs/several-processes.md', { scale: scaleTable(readResults()) })]
  ])
}

/** Replaces what stands between `<!-- table: name -->` and `<!-- end of table -->`. */
function fill (file: string, tables: Readonly<Record<string, string>>): string {
  let text = readFileSync(resolve(root, file), 'utf8')
  for (const [name, table] of Object.entries(tables)) {
    const begin = `<!-- table: ${name} -->\n`
    const from = text.indexOf(begin) + begin.length
    const to = text.indexOf('<!-- end of table -->', from)
    if (from < begin.length || to === -1) throw new Error(`${file} has no place for the table "${name}"`)
    text = text.slice(0, from) + table + text.slice(to)
  }
  return text
}

function issueTable (issues: Readonly<Record<string, { readonly when: string }>>): string {
  return tableOf(['code', 'when'], Object.entries(issues).map(([code, { when }]) => [`\`${code}\``, when]))
}

function neighbourTable (): string {
  return tableOf(['plugin', 'register it', 'what to know', 'test'], rows())
}

function optionTable (options: readonly OptionDoc[]): string {
  const isAnyByDefault = options.some((option) => option.default !== undefined)
  const rows = options.map(({ name, text, members, default: value = 'none' }) => {
    const fields = members.length === 0 ? '' : ` Takes \`{ ${members.map(({ name }) => name).join(', ')} }\`.`
    const byDefault = literalOf(value) === undefined ? value : `\`${value}\``
    return [`\`${name}\``, ...isAnyByDefault ? [byDefault] : [], text + fields]
  })
  return tableOf(['option', ...isAnyByDefault ? ['default'] : [], 'what it does'], rows)
}

function tableOf (head: readonly string[], rows: readonly (readonly string[])[]): string {
  const escape = (cell: string): string => cell.replaceAll('|', '\\|')
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(' | ')} |\n`
  return [line(head), `|${'---|'.repeat(head.length)}\n`, ...rows.map(line)].join('')
}

if (process.argv[1] === import.meta.filename) {
  for (const [file, text] of documents()) writeFileSync(resolve(root, file), text)
}
