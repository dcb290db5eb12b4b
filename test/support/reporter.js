// JavaScript, because Node 20 loads reporters before it loads tsx.
import { relative } from 'node:path'
import { Readable } from 'node:stream'
import { spec as Spec, tap } from 'node:test/reporters'

/**
 * Node's own reports (spec for a terminal, TAP for a pipe), a list of the files that took longest, and one rule of
 * ours: with `CI` set, a test that was skipped or is still to do fails the run. A developer's machine may lack nginx or
 * Redis; the one that gates a change may not.
 *
 * @param {AsyncIterable<import('node:test/reporters').TestEvent>} source
 * @returns {AsyncGenerator<string>}
 */
export default async function * reporter (source) {
  const missing = []
  /** ms of each file's tests. @type {Map<string, number>} */
  const times = new Map()

  async function * watched () {
    for await (const event of source) {
      const line = missed(event)
      if (line !== undefined) missing.push(line)
      addTime(times, event)
      yield event
    }
  }

  yield * process.stdout.isTTY ? Readable.from(watched()).pipe(new Spec()) : tap(watched())

  yield slowest(times)
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

function missed ({ type, data }) {
  if (type !== 'test:pass' && type !== 'test:fail') return
  const why = data.skip ?? data.todo
  // Node reports `undefined` or `false` for a test that ran, `true` or the reason for one that did not.
  if (why === undefined || why === false) return
  return `#   ${data.name}${typeof why === 'string' ? `: ${why}` : ''} (${data.file ?? 'unknown file'})\n`
}
