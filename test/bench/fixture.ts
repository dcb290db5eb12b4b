// A run that never was, with figures that are easy to divide.
import type { Cell } from '../../benchmarks/cell.ts'
import type { Results } from '../../benchmarks/results.ts'

/** A cell that a saturated server gave; `cpu` in µs, throughput follows from it. */
export function cell (cpu: number, changes: Partial<Cell> = {}): Cell {
  return {
    ops: 1000,
    throughput: 1e6 / cpu,
    cpu,
    latency: { p50: 1, p97_5: 2, p99: 3, p99_9: 4 },
    serverBusy: 0.99,
    sessions: 0,
    failures: 0,
    firstFailure: undefined,
    ...changes
  }
}

export function resultsOf (changes: Partial<Results> = {}): Results {
  return {
    command: 'npm run bench',
    date: '2026-01-02T03:04:05.000Z',
    machine: {
      cpu: 'A <fast> & "good" CPU',
      cores: 2,
      memory: 8,
      os: 'Linux 6',
      node: 'v20.19.0',
      load: 0.1,
      packages: { ws: '8.0.0' }
    },
    rounds: 3,
    duration: 1.2,
    connections: 50,
    workloads: {
      handshake: {
        http: [cell(10), cell(10), cell(10)],
        socketio: [cell(80), cell(90), cell(100)],
        ours: [cell(20), cell(20), cell(20)]
      }
    },
    decide: {
      cors: [{ 3: { compile: 0.01, hit: 100, miss: 200, hostile: 1500 } }],
      ours: [{ 3: { compile: 2, hit: 50, miss: 60, hostile: 70 } }]
    },
    memory: {
      socketio: [{ perHandshake: 6000, heapPerClient: 10_000, rssPerClient: 15_000 }],
      ours: [{ perHandshake: -8, heapPerClient: 7000, rssPerClient: 12_000 }]
    },
    startup: {
      'fastify-socketio': [{ startup: 200, wall: 250 }, { startup: 300, wall: 350 }],
      ours: [{ startup: 300, wall: 400 }, { startup: 600, wall: 700 }]
    },
    ...changes
  }
}
