import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

const reporter = resolve(import.meta.dirname, '../support/reporter.js')

function runTests (t: TestContext, source: string, ci: string | undefined): { status: number | null, output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-io-reporter-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.test.mjs')
  writeFileSync(file, `import { test } from 'node:test'\n${source}`)
  // NODE_TEST_CONTEXT would make the runner report to ours instead of directly
  const { NODE_TEST_CONTEXT: _, CI: __, ...env } = process.env
  const { status, stdout } = spawnSync(process.execPath, ['--test', `--test-reporter=${reporter}`, file], {
    env: { ...env, ...(ci !== undefined && { CI: ci }) },
    encoding: 'utf8'
  })
  return { status, output: stdout }
}

test('the files that took longest are listed, with their seconds', (t) => {
  const slow = "test('runs', async () => { await new Promise((resolve) => setTimeout(resolve, 60)) })"
  const { output } = runTests(t, slow, undefined)
  assert.match(output, /^# {4}0\.[1-9] s .*a\.test\.mjs$/m)
})

describe('with CI set, a skipped test fails the run', () => {
  const skips = "test('runs', () => {})\ntest('needs nginx', { skip: 'nginx is not installed' }, () => {})"

  test('a skip with CI', (t) => {
    const { status, output } = runTests(t, skips, 'true')
    assert.equal(status, 1)
    assert.match(output, /^# skipped 1$/m)
    assert.match(output, /^# {3}needs nginx: nginx is not installed/m)
  })

  test('a test still to do, with CI', (t) => {
    assert.equal(runTests(t, "test('later', { todo: true }, () => {})", 'true').status, 1)
  })

  test('a skip without CI', (t) => {
    const { status, output } = runTests(t, skips, undefined)
    assert.equal(status, 0)
    assert.match(output, /^# pass 1$/m)
  })

  test('no skip, with CI', (t) => {
    assert.equal(runTests(t, "test('runs', { skip: false }, () => {})", 'true').status, 0)
  })

  test('a failure stays one', (t) => {
    assert.equal(runTests(t, "test('fails', () => { throw new Error() })", undefined).status, 1)
  })
})

test('the failures come last, each with its file, its line and its message', (t) => {
  const fails = [
    "import { describe } from 'node:test'",
    "describe('all', () => test('fails', () => { throw new Error('one\\ntwo') }))"
  ].join('\n')
  const { output } = runTests(t, fails, undefined)
  assert.match(output, /\n# 1 failed:\n# {3}fails \(.*a\.test\.mjs:3\)\n# {7}one\n# {7}two\n$/)
})
