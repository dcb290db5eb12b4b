// The real thing, in small: real processes, real load. Without ours, which needs a build; CI runs that.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Results } from '../../benchmarks/results.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

const workloads = [
  'handshake', 'refused-upgrade', 'ws-cycle', 'polling-cycle', 'upgrade-cycle',
  'echo', 'echo-binary', 'polling-echo', 'broadcast', 'broadcast-100', 'startup'
]

async function bench (...argv: string[]): Promise<{ stdout: string, stderr: string }> {
  return await run(process.execPath, ['--import', 'tsx', 'benchmarks/run.ts', ...argv], { cwd: root })
}

test('a small run measures, prints, saves, and can be read again', { timeout: 120_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fastify-io-bench-'))
  t.after(() => rm(folder, { recursive: true }))
  const json = join(folder, 'results.json')
  const svg = join(folder, 'chart.svg')

  const { stdout, stderr } = await bench(
    '--workloads', workloads.join(','), '--contenders', 'http,ws,socketio,socketio-allowrequest,fastify-socketio',
    '--rounds', '1', '--duration', '0.2', '--connections', '8', '--json', json, '--svg', svg)
  assert.match(stderr, /round 1\/1 {2}handshake/)
  assert.match(stdout, /│ socketio +│/)

  const results = JSON.parse(await readFile(json, 'utf8')) as Results
  const measured = Object.entries(results.workloads).map(([workload, rounds]) => [workload, Object.keys(rounds)])
  assert.deepEqual(measured, [
    ['handshake', ['http', 'socketio']],
    ['refused-upgrade', ['ws', 'socketio', 'socketio-allowrequest']],
    ['ws-cycle', ['ws', 'socketio']],
    ['polling-cycle', ['socketio']],
    ['upgrade-cycle', ['socketio']],
    ['echo', ['ws', 'socketio']],
    ['echo-binary', ['ws', 'socketio']],
    ['polling-echo', ['http', 'socketio']],
    ['broadcast', ['ws', 'socketio']],
    ['broadcast-100', ['socketio']]
  ])
  for (const cell of Object.values(results.workloads).flatMap((rounds) => Object.values(rounds).flat())) {
    assert.equal(cell.failures, 0, cell.firstFailure)
    assert.ok(cell.ops > 0 && cell.cpu > 0 && cell.latency.p50 > 0 && cell.latency.p50 <= cell.latency.p99_9)
    assert.ok(cell.serverBusy > 0 && cell.serverBusy <= 1)
  }
  const [start] = results.startup!['fastify-socketio']!
  assert.ok(start!.startup > 0 && start!.wall > 0)
  // Nobody came back for the sessions that stock made.
  assert.ok(results.workloads.handshake!.socketio![0]!.sessions > 0.9)
  assert.match(await readFile(svg, 'utf8'), /<\/svg>\n$/)

  const again = await bench('--from', json)
  assert.equal(again.stdout, stdout)
})

test('--check without anything that has a floor fails', { timeout: 60_000 }, async () => {
  await assert.rejects(
    bench('--workloads', 'rest', '--contenders', 'fastify', '--rounds', '1', '--duration', '0.1', '--check'),
    (error: { code: number; stderr: string }) =>
      error.code === 1 && /nothing that has a floor was measured/.test(error.stderr)
  )
})

test('a mistyped flag explains itself', { timeout: 60_000 }, async () => {
  await assert.rejects(
    bench('--workload', 'rest'),
    (error: { code: number, stderr: string }) => error.code === 2 && /Usage: npm run bench/.test(error.stderr))
})
