// Writes the tables of README.md and of some files in docs/: `npm run docs:tables`. A test holds the files to them.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { rows } from '../test/neighbours/table.ts'
import { MISTAKES, WARNINGS } from '../lib/issues.ts'
import { readResults, scaleTable } from './scale.ts'
import { fill, tableOf } from './tables.ts'
import { speedSummary, speedTable } from './speed.ts'
import { literalOf, type OptionDoc, optionDocs } from './option-docs.ts'

const root = resolve(import.meta.dirname, '..')

/** @returns the files as they should be, by their names */
export function documents ({ cors, plugin } = optionDocs()): ReadonlyMap<string, string> {
  return new Map([
    ['README.md', fill('README.md', {
      mistakes: issueTable(MISTAKES), warnings: issueTable(WARNINGS), speed: speedSummary()
    })],
    ['docs/speed.md', fill('docs/speed.md', { speed: speedTable() })],
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

if (process.argv[1] === import.meta.filename) {
  for (const [file, text] of documents()) writeFileSync(resolve(root, file), text)
}
