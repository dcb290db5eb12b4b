import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError, help, parse } from '../../benchmarks/args.ts'
import { contenders, fileOf } from '../../benchmarks/contenders.ts'
import { memoryContenders } from '../../benchmarks/memory.ts'
import { plan } from '../../benchmarks/plan.ts'
import { rotate } from '../../benchmarks/stats.ts'
import { starters } from '../../benchmarks/startup.ts'
import { workloads } from '../../benchmarks/workloads.ts'
import { access } from 'node:fs/promises'

test('without flags everything runs, five times, and is worth publishing', () => {
  const options = parse([])
  assert.equal(options.rounds, 5)
  assert.equal(options.complete, true)
  assert.equal(options.workloads.length, 16)
  assert.equal(options.contenders.length, contenders.length)
})

test('flags change what they name', () => {
  const options = parse([
    '--workloads', 'rest, handshake', '--contenders=ours,http', '--rounds', '7', '--duration', '0.5', '--connections',
    '9', '--check', '--json', 'a', '--svg', 'b'
  ])
  assert.deepEqual(options.workloads, ['handshake', 'rest'])
  assert.deepEqual(options.contenders, ['http', 'ours'])
  assert.deepEqual([options.rounds, options.specialRounds, options.duration, options.connections], [7, 2, 0.5, 9])
  assert.deepEqual([options.check, options.json, options.svg, options.complete], [true, 'a', 'b', false])
})

test('a storm comes when it is called only', () => {
  assert.ok(!parse([]).workloads.includes('storm'))
  const options = parse(['--workloads', 'storm,rest', '--rounds', '1', '--contenders', 'fastify,ours'])
  assert.deepEqual(options.workloads, ['rest', 'storm'])
  const steps = plan(options, { cells: {}, decide: {}, memory: {}, startup: {}, storm: {} })
  assert.deepEqual(steps.map(({ section, name }) => `${section} ${name}`).at(-1), 'round 1/1  storm ours')
  assert.ok(help.includes('storm'))
})

test('--quick is short and publishes nothing, and flags go before it', () => {
  const options = parse(['--quick', '--rounds', '2'])
  assert.equal(options.complete, false)
  assert.equal(options.rounds, 2)
  assert.ok(options.duration < parse([]).duration)
})

for (const [why, argv] of [
  ['an unknown flag', ['--fast']],
  ['an unknown workload', ['--workloads', 'handshake,handshakes']],
  ['an empty list', ['--contenders', ' , ']],
  ['no rounds', ['--rounds', '0']],
  ['half a round', ['--rounds', '1.5']],
  ['a negative duration', ['--duration=-1']],
  ['no number', ['--connections', '1e999']],
  ['a flag without its value', ['--json']],
  ['a stray word', ['handshake']]
] as const) {
  test(`${why} is a usage error`, () => assert.throws(() => parse(argv), UsageError))
}

test('--help names every flag, workload and contender', () => {
  for (const { id } of [...workloads, ...contenders]) assert.ok(help.includes(id), id)
  const flags = [
    'contenders', 'workloads', 'rounds', 'duration', 'connections', 'quick', 'check', 'json', 'svg', 'from'
  ]
  for (const flag of flags) {
    assert.ok(help.includes(`--${flag} `), flag)
  }
})

test('every contender that is named has a file', async () => {
  const named = new Set([
    ...contenders.map(({ id }) => id),
    ...memoryContenders,
    ...starters,
    ...workloads.flatMap((workload) => [...workload.contenders, workload.stock])
  ])
  for (const id of named) {
    await access(fileOf(id))
    assert.ok(contenders.some((contender) => contender.id === id), id)
  }
})

test('each round begins with another contender', () => {
  assert.deepEqual(rotate([1, 2, 3], 4), [2, 3, 1])
  assert.deepEqual(rotate([], 4), [])
  const options = parse([
    '--workloads', 'rest,memory,startup', '--contenders', 'fastify,fastify-cors,ws', '--rounds', '4'
  ])
  const steps = plan(options, { cells: {}, decide: {}, memory: {}, startup: {}, storm: {} })
  assert.deepEqual(steps.map(({ section, name }) => `${section} ${name}`), [
    'round 1/4  rest fastify, fastify-cors', 'round 1/4  memory ws', 'round 2/4  rest fastify-cors, fastify',
    'round 2/4  memory ws', 'round 3/4  rest fastify, fastify-cors', 'round 4/4  rest fastify-cors, fastify'
  ])
})

test('a run of everything is planned to fit in ten minutes, a quick one in one', () => {
  const seconds = (argv: string[]): number =>
    plan(parse(argv), { cells: {}, decide: {}, memory: {}, startup: {}, storm: {} }).reduce(
      (sum, { cost }) => sum + cost,
      0
    )
  assert.ok(seconds([]) < 570, `${seconds([])} s`)
  assert.ok(seconds(['--quick']) < 57, `${seconds(['--quick'])} s`)
})
