// npm run bench: see README.md beside this file, or --help.
import { readFileSync, writeFileSync } from 'node:fs'
import { UsageError, help, parse } from './args.ts'
import type { Options } from './args.ts'
import { chart } from './chart.ts'
import { check, readFloors } from './check.ts'
import { measure } from './plan.ts'
import { checkReport, report } from './report.ts'
import { failuresOf } from './results.ts'
import type { Results } from './results.ts'

const argv = process.argv.slice(2)
try {
  const options = parse(argv)
  if (options.help) console.log(help)
  else await main(options)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${help}`)
  process.exitCode = 2
}

async function main (options: Options): Promise<void> {
  const command = ['npm run bench', ...argv.length === 0 ? [] : ['--', ...argv]].join(' ')
  const results = options.from === undefined
    ? await measure(options, command, process.stderr)
    : JSON.parse(readFileSync(options.from, 'utf8')) as Results

  console.log(report(results))
  save(options.json, 'results.json', options.complete, JSON.stringify(results, null, 1) + '\n')
  save(options.svg, '../docs/benchmarks.svg', options.complete, chart(results))

  if (failuresOf(results) > 0) fail('\nthere were wrong answers: the figures are worth nothing')
  if (options.check) verify(results)
}

function verify (results: Results): void {
  const findings = check(results, readFloors())
  console.log('\n' + checkReport(findings))
  if (results.rounds < 5) console.log('fewer than five rounds: an indication, no verdict')
  if (findings.every(({ verdict }) => verdict === 'not measured')) fail('nothing that has a floor was measured')
  if (findings.some(({ verdict }) => verdict === 'MISSED')) fail('a floor was missed')
}

/** Partial runs must not overwrite the published figures, unless told where to write. */
function save (wanted: string | undefined, standard: string, complete: boolean, text: string): void {
  const file = wanted ?? (complete ? new URL(standard, import.meta.url) : undefined)
  if (file !== undefined) writeFileSync(file, text)
}

function fail (why: string): void {
  console.error(why)
  process.exitCode = 1
}
