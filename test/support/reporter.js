// JavaScript, because Node 20 loads reporters before it loads tsx.
import { Readable } from 'node:stream'
import { spec as Spec, tap } from 'node:test/reporters'

/**
 * Node's own reports (spec for a terminal, TAP for a pipe), and one rule of ours: with `CI` set, a test that was
 * skipped or is still to do fails the run. A developer's machine may lack nginx or Redis; the one that gates a change
 * may not.
 *
 * @param {AsyncIterable<import('node:test/reporters').TestEvent>} source
 * @returns {AsyncGenerator<string>}
 */
export default async function * reporter (source) {
  const missing = []

  async function * watched () {
    for await (const event of source) {
      const line = missed(event)
      if (line !== undefined) missing.push(line)
      yield event
    }
  }

  yield * process.stdout.isTTY ? Readable.from(watched()).pipe(new Spec()) : tap(watched())

  if (missing.length === 0 || !process.env.CI) return
  process.exitCode = 1
  yield `# with CI set every test must run; ${missing.length} did not:\n${missing.join('')}`
}

function missed ({ type, data }) {
  if (type !== 'test:pass' && type !== 'test:fail') return
  const why = data.skip ?? data.todo
  // Node reports `undefined` or `false` for a test that ran, `true` or the reason for one that did not.
  if (why === undefined || why === false) return
  return `#   ${data.name}${typeof why === 'string' ? `: ${why}` : ''} (${data.file ?? 'unknown file'})\n`
}
