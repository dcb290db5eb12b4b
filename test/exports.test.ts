import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import * as fastifyIO from '../lib/index.ts'
import { apiReport } from '../scripts/api-report.ts'

// The names and members are the contract with users: a line that changes there belongs in CHANGELOG.md.
const report = readFileSync(resolve(import.meta.dirname, 'api.txt'), 'utf8')

test('the values that the package exports', () => {
  const values = [...report.matchAll(/^value (\w+)/gm)].map(([, name]) => name)
  assert.deepEqual(Object.keys(fastifyIO).sort(), values)
  assert.equal(fastifyIO.default, fastifyIO.fastifyIO)
})

test('the names and members that the package exports are those in test/api.txt: `npm run api` rewrites it', () => {
  assert.equal(apiReport(), report)
})
