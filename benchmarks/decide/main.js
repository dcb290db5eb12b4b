// @ts-check
// Times one decider in a new process: node main.js <decider> <ms per case>. Reports by IPC.
import { performance } from 'node:perf_hooks'
import { deciders } from './deciders.js'

const [name = '', budget = ''] = process.argv.slice(2)
const load = deciders[name]
if (load === undefined) throw new Error(`no decider is called ${name}`)
const compile = await load()

const SIZES = [3, 1_000, 100_000]
const MAX_BATCH = 1 << 14
// Node takes 16 kB of headers: this is as hostile as an Origin can be.
const HOSTILE = `https://${'a.'.repeat(4_000)}example.com`

/** @type {Record<number, { compile: number, hit: number, miss: number, hostile: number }>} */
const result = {}
for (const size of SIZES) {
  const origins = Array.from({ length: size }, (_, i) => `https://tenant-${i}.example.com`)
  const begun = performance.now()
  const decide = compile(origins)
  result[size] = {
    compile: performance.now() - begun,
    // Spread over the list, so that a linear search is charged for the average, not for its best or its worst.
    hit: time(decide, true, (i) => `https://tenant-${(i * 7919) % size}.example.com`, MAX_BATCH),
    miss: time(decide, false, (i) => `https://tenant-${i % 1000}.example.org`, MAX_BATCH),
    hostile: time(decide, false, () => HOSTILE, 1 << 10)
  }
}
process.send?.(result)
process.disconnect?.()

/**
 * @param {import('./deciders.js').Decide} decide
 * @param {boolean} expected
 * @param {(i: number) => string} origin
 * @param {number} maxBatch
 * @returns {number} ns per decision
 */
function time (decide, expected, origin, maxBatch) {
  // A batch long enough to be timed, yet short enough for several; finding it is part of the warm-up. Where making the
  // strings takes longer than deciding about them, that is bounded too.
  let batch = 16
  let spent = 0
  const end = performance.now() + Number(budget) * 5
  for (let elapsed = 0; spent < Number(budget) / 2 && (batch < maxBatch || performance.now() < end);) {
    elapsed = run(decide, expected, origin, batch)
    spent += elapsed
    if (elapsed < Number(budget) / 10 && batch < maxBatch) batch *= 2
  }
  const times = Array.from({ length: 5 }, () => run(decide, expected, origin, batch) / batch)
  return /** @type {number} */ (times.sort((a, b) => a - b)[2]) * 1e6
}

/**
 * @param {import('./deciders.js').Decide} decide
 * @param {boolean} expected
 * @param {(i: number) => string} origin
 * @param {number} batch
 * @returns {number} ms
 */
function run (decide, expected, origin, batch) {
  // Fresh strings, as each request brings its own: no hash is cached in them, and none is the list's own string.
  const asked = Array.from({ length: batch }, (_, i) => Buffer.from(origin(i)).toString('latin1'))
  let right = 0
  const begun = performance.now()
  for (let i = 0; i < batch; i++) {
    if (decide(/** @type {string} */ (asked[i])) === expected) right++
  }
  const elapsed = performance.now() - begun
  if (right !== batch) throw new Error(`${name}: ${batch - right} of ${batch} decisions were wrong`)
  return elapsed
}
