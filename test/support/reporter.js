// JavaScript, because Node 20 loads reporters before it loads tsx.
import { relative } from 'node:path'
import { Readable } from 'node:stream'
import { spec as Spec, tap } from 'node:test/reporters'

/**
 * Node's own reports (spec for a terminal, TAP for a pipe), a list of the files that took longest, the failures once
 * more, because some logs show only their end, and one rule of ours: with `CI` set, a test that was skipped or is still
 * to do fails the run. A developer's machine may lack nginx or Redis; the one that gates a change may not.
 *
 * @param {AsyncIterable<import('node:test/reporters').TestEvent>} source
 * @returns {AsyncGenerator<string>}
 */
export default async function * reporter (source) {
  const missing = []
  const failures = []
  /** ms of each file's tests. @type {Map<string, number>} */
  const times = new Map()

  async function * watched () {
    for await (const event of source) {
      const line = missed(event)
      if (line !== undefined) missing.push(line)
      if (failed(event)) failures.push(failureText(event.data))
      addTime(times, event)
      yield event
    }
  }

  yield * process.stdout.isTTY ? Readable.from(watched()).pipe(new Spec()) : tap(watched())

  yield slowest(times)
  if (failures.length > 0) yield `# ${failures.length} failed:\n${failures.join('')}`
  if (missing.length === 0 || !process.env.CI) return
  process.exitCode = 1
  yield `# with CI set every test must run; ${missing.length} did not:\n${missing.join('')}`
}

function addTime (times, { type, data }) {
  if ((type !== 'test:pass' && type !== 'test:fail') || data.nesting !== 0 || data.file === undefined) return
  times.set(data.file, (times.get(data.file) ?? 0) + data.details.duration_ms)
}

/** @returns the ten files that took longest, each with its seconds */
function slowest (times) {
  return [...times].sort(([, one], [, other]) => other - one).slice(0, 10)
    .map(([file, ms]) => `# ${(ms / 1000).toFixed(1).padStart(6)} s ${relative('', file)}\n`).join('')
}

/** @returns whether a test failed: not a suite, which fails with each of its tests */
function failed ({ type, data }) {
  return type === 'test:fail' && data.details.error?.failureType !== 'subtestsFailed'
}

function failureText ({ name, file, line, details: { error } }) {
  const why = String(error?.cause?.message ?? error?.message).replaceAll('\n', '\n#       ')
  return `#   ${name} (${relative('', file ?? 'unknown file')}:${line})\n#       ${why}\n`
}

function missed ({ type, data }) {
  if (type !== 'test:pass' && type !== 'test:fail') return
  const why = data.skip ?? data.todo
  // Node reports `undefined` or `false` for a test that ran, `true` or the reason for one that did not.
  if (why === undefined || why === false) return
  return `#   ${data.name}${typeof why === 'string' ? `: ${why}` : ''} (${data.file ?? 'unknown file'})\n`
}
