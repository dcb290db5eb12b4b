import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, count, nanoseconds, percent, spread, times } from '../../benchmarks/format.ts'
import { Progress } from '../../benchmarks/progress.ts'
import { checkReport, report } from '../../benchmarks/report.ts'
import { check, readFloors } from '../../benchmarks/check.ts'
import type { StormCell } from '../../benchmarks/storm.ts'
import { table } from '../../benchmarks/table.ts'
import { cell, resultsOf } from './fixture.ts'

test('a table is as wide as its widest cells, whatever they are made of', () => {
  assert.equal(table([{ head: 'who', align: 'left' }, { head: 'µs' }], [['ours', '9'], ['…', '1,234']]), [
    '┌──────┬───────┐', '│ who  │    µs │', '├──────┼───────┤', '│ ours │     9 │', '│ …    │ 1,234 │',
    '└──────┴───────┘'
  ].join('\n'))
})

test('numbers are written with three digits or so', () => {
  assert.deepEqual([12_345.6, 123.4, 12.34, 1.234, 0].map(count), ['12,346', '123', '12.3', '1.23', '0.00'])
  assert.deepEqual([70, 1500, 145e6].map(nanoseconds), ['70 ns', '1.50 µs', '145 ms'])
  assert.deepEqual([undefined, -8, 999, 5200].map(bytes), ['–', '-8 B', '999 B', '5.2 kB'])
  assert.equal(percent(0.874), '87 %')
  assert.equal(times(3.456), '3.46×')
  assert.equal(times(undefined), '–')
  assert.equal(spread({ figure: 100, min: 90, max: 110 }), '±10 %')
  assert.equal(spread({ figure: 100, min: 100, max: 100 }), '')
})

test('the report has a row per contender, with ratios', () => {
  const text = report(resultsOf())
  const ours = text.split('\n').find((line) => line.startsWith('│ ours '))
  // 80, 90 and 100 µs against 20 µs, and 10 µs against 20 µs.
  assert.match(ours ?? '', /│ +50,000 │.* 20\.0 │ +│ +4\.50× │ +4\.50× │ +0\.50× │ +0\.50× │ +99 % │$/)
  assert.match(text, /handshake: GET, polling, allowed Origin \(stock: socketio, floor: http; windows of 4\.80 s\)/)
  assert.match(text, /│ cors +│ +3 │ 100 ns │ +200 ns │ +1\.50 µs │ 10\.0 µs │/)
  assert.match(text, /│ socketio +│ +6\.0 kB │ +10\.0 kB │ +15\.0 kB │/)
  assert.match(text, /│ ours +│ +300 ms │ +±50 % │ +1\.75× │ +550 ms │/)
  assert.doesNotMatch(text, /NaN|undefined/)
})

test('the report says what must be known to read a row', () => {
  const text = report(resultsOf({
    workloads: {
      handshake: {
        socketio: [cell(80, { sessions: 1 })],
        ours: [cell(20, { serverBusy: 0.6, failures: 3, firstFailure: 'status 500 instead of 200' })]
      }
    }
  }))
  assert.match(text, /│ ours +│ 50,000 \* │/)
  assert.match(text, /\* ours was busy 60 % of the time only/)
  assert.match(text, /! ours gave 3 wrong answers: status 500 instead of 200/)
  assert.match(text, /socketio holds 1\.00 sessions per operation/)
})

test('a storm is reported against stock, round by round', () => {
  const storm = (most: number, cpu: number): StormCell =>
    ({ clients: 5000, half: 2, most, all: most + 1, cpu, failed: 3, rest: 40, driverBusy: 0.5 })
  const text = report(resultsOf({
    storm: { 'fastify-socketio': [storm(6, 4), storm(8, 4)], ours: [storm(3, 2), storm(2, 1)] }
  }))
  assert.match(text, /storm: 5000 clients/)
  const ours = text.split('\n').find((line) => line.startsWith('│ ours') && line.includes('2.50 s'))
  assert.deepEqual(ours?.split('│').map((field) => field.trim()).slice(2, -1), [
    '2.00 s', '2.50 s ±20 %', '3.50 s ±14 %', '3.00×', '1.50 s ±33 %', '3.00×', '3', '40.0 ms', '50 %'
  ])
})

test('the check is reported floor by floor', () => {
  const text = checkReport(check(resultsOf(), readFloors()))
  assert.match(text, /│ handshake +│ cpu +│ socketio +│ ≥ 3\.5 +│ 4\.5 +│ 4\.50 +│ 4\.00…5\.00 +│ reached/)
  assert.match(text, /│ memory +│ perHandshake +│ +│ ≤ 100 +│ 0 +│ -8\.00 +│ -8\.00…-8\.00 +│ reached/)
})

test('progress is redrawn on a terminal and repeated per section in a log', () => {
  const drawn = (isTTY: boolean): string => {
    let text = ''
    let now = 0
    const progress = new Progress(
      {
        isTTY,
        write: (chunk: Uint8Array | string) => {
          text += String(chunk)
          return true
        }
      },
      4,
      () => now
    )
    for (const [section, step] of [['a', 'x'], ['a', 'y'], ['b', 'x']] as const) {
      progress.begin(section, step)
      progress.end(1)
      now += 10_000
    }
    progress.close()
    return text
  }
  assert.equal(drawn(false), '  0 %        a\n 50 % -0:20  b\n')
  const lines = drawn(true).split('\r\x1b[2K')
  assert.equal(lines.length, 5)
  assert.match(lines[2] ?? '', /^██████░{18} {2}25 % -0:30 {2}a {2}y$/)
  assert.equal(lines[4], '')
})
