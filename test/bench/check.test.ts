import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check, type Floor, readFloors } from '../../benchmarks/check.ts'
import { memoryContenders } from '../../benchmarks/memory.ts'
import { failuresOf, rowsOf, workloadOf } from '../../benchmarks/results.ts'
import { starters } from '../../benchmarks/startup.ts'
import { cell, resultsOf } from './fixture.ts'

const handshake = (cpu: number, changes = {}) => resultsOf({
  workloads: { handshake: { http: [cell(10)], socketio: [cell(80)], ours: [cell(cpu, changes)] } }
})
const verdict = (results = resultsOf(), floor: Floor) => check(results, [floor])[0]?.verdict

test('a ratio of CPU is reached, held or missed', () => {
  const floor: Floor = { workload: 'handshake', metric: 'cpu', against: 'socketio', atLeast: 3.5, aim: 4.5 }
  assert.equal(verdict(handshake(16), floor), 'reached')
  assert.equal(verdict(handshake(20), floor), 'floor held')
  assert.equal(verdict(handshake(40), floor), 'MISSED')
})

test('whoever takes part can be held against, ourselves in another setting too', () => {
  const results = resultsOf({ workloads: { 'polling-cycle': { 'ours-stateful': [cell(200)], ours: [cell(250)] } } })
  const floor: Floor = { workload: 'polling-cycle', metric: 'cpu', against: 'ours-stateful', atLeast: 1 }
  assert.equal(check(results, [floor])[0]?.measured?.figure, 0.8)
  assert.equal(verdict(results, floor), 'MISSED')
})

test('a throughput that the driver limited is not believed', () => {
  const floor: Floor = { workload: 'handshake', metric: 'throughput', against: 'http', atLeast: 0.6, aim: 0.75 }
  // By throughput it would be 4 times the floor.
  const [finding] = check(handshake(20, { throughput: 400_000, serverBusy: 0.5 }), [floor])
  assert.equal(finding?.verdict, 'MISSED')
  assert.equal(finding?.measured?.figure, 0.5)
  assert.match(finding?.remark ?? '', /by CPU/)
  assert.equal(verdict(handshake(20, { throughput: 400_000 }), floor), 'reached')
})

test('sessions are held against a ceiling', () => {
  const floor: Floor = { workload: 'handshake', metric: 'sessions', atMost: 0, aim: 0 }
  assert.equal(verdict(handshake(20), floor), 'reached')
  assert.equal(verdict(handshake(20, { sessions: 0.01 }), floor), 'MISSED')
})

test('memory is held against a ceiling, in bytes or as a part of stock\'s', () => {
  assert.equal(verdict(resultsOf(), { workload: 'memory', metric: 'perHandshake', atMost: 100, aim: 0 }), 'reached')
  const floor: Floor = { workload: 'memory', metric: 'heapPerClient', against: 'socketio', atMost: 1, aim: 0.7 }
  assert.equal(check(resultsOf(), [floor])[0]?.measured?.figure, 0.7)
  const memory = { ...resultsOf().memory, ours: [{ perHandshake: 0, heapPerClient: 10_001, rssPerClient: 0 }] }
  assert.equal(verdict(resultsOf({ memory }), floor), 'MISSED')
})

test('a start is held against a ceiling, as a part of another\'s in the same round', () => {
  const floor: Floor = { workload: 'startup', metric: 'startup', against: 'fastify-socketio', atMost: 1.75, aim: 1.4 }
  assert.equal(check(resultsOf(), [floor])[0]?.measured?.figure, 1.75)
  assert.equal(verdict(resultsOf(), floor), 'floor held')
  assert.equal(verdict(resultsOf(), { ...floor, atMost: 1.4 }), 'MISSED')
})

test('what was not run is not measured', () => {
  const nothing = resultsOf({ workloads: {}, memory: {}, startup: {} })
  assert.deepEqual(new Set(check(nothing, readFloors()).map((finding) => finding.verdict)), new Set(['not measured']))
  const alone = resultsOf({ workloads: { handshake: { ours: [cell(20)] } } })
  assert.equal(
    verdict(alone, { workload: 'handshake', metric: 'cpu', against: 'socketio', atLeast: 1 }),
    'not measured'
  )
})

test('every floor names things that exist, and asks for one thing', () => {
  for (const floor of readFloors()) {
    const partakers = { memory: memoryContenders, startup: starters }[floor.workload] ??
      workloadOf(floor.workload)?.contenders
    assert.ok(partakers?.includes('ours'), floor.workload)
    if (floor.against !== undefined) assert.ok(partakers?.includes(floor.against), `${floor.workload} ${floor.against}`)
    assert.notEqual(floor.atLeast === undefined, floor.atMost === undefined)
  }
})

test('a ratio of CPU is the median of the rounds, with their spread; failures are of the whole run', () => {
  const socketio = [cell(100), cell(300), cell(80)]
  const results = resultsOf({
    workloads: { handshake: { socketio, ours: [cell(20), cell(50, { failures: 2 }), cell(10)] } }
  })
  const row = rowsOf(results, workloadOf('handshake')!).find(({ contender }) => contender === 'ours')
  assert.deepEqual(row?.stock?.cpu, { figure: 6, min: 5, max: 8 })
  assert.equal(row?.floor, undefined)
  assert.equal(failuresOf(results), 2)
})
