import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recorder } from '../../benchmarks/drivers/recorder.ts'
import { leastOf, median, percentile, ratios, summarize } from '../../benchmarks/stats.ts'

test('percentile takes the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  assert.equal(percentile(hundred, 50), 50)
  assert.equal(percentile(hundred, 97.5), 98)
  assert.equal(percentile(hundred, 99), 99)
  assert.equal(percentile(hundred, 99.9), 100)
  assert.equal(percentile(hundred, 0), 1)
  assert.equal(percentile([7], 99.9), 7)
  assert.ok(Number.isNaN(percentile([], 50)))
})

test('median sorts numbers as numbers, and leaves its argument alone', () => {
  const values = [100, 9, 20]
  assert.equal(median(values), 20)
  assert.deepEqual(values, [100, 9, 20])
  assert.equal(median([1, 2, 3, 10]), 2.5)
  assert.ok(Number.isNaN(median([])))
})

test('summarize keeps the whole spread', () => {
  assert.deepEqual(summarize([3, 1, 2]), { figure: 2, min: 1, max: 3 })
})

test('of CPU the least counts', () => {
  assert.deepEqual(leastOf([3, 1, 2]), { figure: 1, min: 1, max: 3 })
})

test('ratios pair the rounds, and drop one that only one side has', () => {
  assert.deepEqual(ratios([10, 30, 50], [5, 10]), [2, 3])
})

test('operations that end at once are one latency', () => {
  const recorder = new Recorder()
  recorder.success(5, 100)
  recorder.success(7)
  assert.equal(recorder.ops, 101)
  assert.deepEqual(recorder.latency(), { p50: 5, p97_5: 7, p99: 7, p99_9: 7 })
})

test('a recorder that is reset forgets what it counted, but not what failed', () => {
  const recorder = new Recorder()
  recorder.success(5)
  recorder.failure('first')
  recorder.failure('second')
  recorder.reset()
  for (let i = 1000; i > 0; i--) recorder.success(i)
  assert.equal(recorder.ops, 1000)
  assert.equal(recorder.failures, 2)
  assert.equal(recorder.firstFailure, 'first')
  assert.deepEqual(recorder.latency(), { p50: 500, p97_5: 975, p99: 990, p99_9: 999 })
})
