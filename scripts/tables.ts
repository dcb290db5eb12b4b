// Tables in Markdown files.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

/** @returns the file's text, with new tables between `<!-- table: name -->` and `<!-- end of table -->` */
export function fill (file: string, tables: Readonly<Record<string, string>>): string {
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

export function tableOf (head: readonly string[], rows: readonly (readonly string[])[]): string {
  const escape = (cell: string): string => cell.replaceAll('|', '\\|')
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(' | ')} |\n`
  return [line(head), `|${'---|'.repeat(head.length)}\n`, ...rows.map(line)].join('')
}
