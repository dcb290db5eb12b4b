import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from
  '@opentelemetry/sdk-metrics'
import type { FastifyInstance } from 'fastify'
import { createObservedServer } from '../../examples/opentelemetry.ts'
import { createPrometheusServer } from '../../examples/prometheus.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { ask, POLLING, start } from '../support/server.ts'
import { until } from '../support/until.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const docs = read('docs/metrics.md')
const EVIL = { origin: 'https://attacker.example' }

/** A refusal, a REST request, and a client that polls for a while. */
async function use (t: Parameters<typeof start>[0], app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => app.close())
  const { port } = app.server.address() as AddressInfo
  await ask(port, POLLING, { headers: EVIL })
  await ask(port, '/api', {})
  const socket = await connect(t, `http://127.0.0.1:${port}`, { transports: ['polling'] })
  app.io.emit('hello')
  await new Promise((resolve) => { socket.once('hello', resolve) })
  return port
}

for (const example of ['examples/prometheus.ts', 'examples/opentelemetry.ts']) {
  test(`docs/metrics.md shows ${example}`, () => {
    const shown = docs.split(`<!-- ${example} -->\n\`\`\`ts\n`)[1]!.split('```\n')[0]
    assert.equal(shown, read(example).replace("'../lib/index.ts'", "'fastify-io'"))
  })
}

test('docs/metrics.md names each number', async (t) => {
  const { app } = await start(t)
  for (const [group, numbers] of Object.entries(app.io.stats())) {
    if (typeof numbers === 'number' || Object.keys(numbers).length === 0 || group === 'sessions') {
      assert.ok(docs.includes(`| \`${group}\` |`), group)
    } else {
      for (const name of Object.keys(numbers)) assert.ok(docs.includes(`| \`${group}.${name}\` |`), `${group}.${name}`)
    }
  }
})

test('docs/metrics.md shows what stats() returns', async (t) => {
  const [, comment] = /^app\.io\.stats\(\)\n((?:\/\/.*\n)+)/m.exec(docs)!
  const shown = runInNewContext(`(${comment!.replaceAll(/^\/\/ /gm, '')})`)
  const { refusals, reported, ...stats } = (await start(t)).app.io.stats()
  // these two have the reasons that came up
  assert.deepEqual([refusals, reported], [{}, {}])
  const names = (value: object): unknown => Object.entries(value).map(([name, inner]) =>
    typeof inner === 'object' ? [name, names(inner)] : name).sort()
  assert.deepEqual(names({ ...shown, refusals, reported }), names({ ...stats, refusals, reported }))
})

test('prom-client', async (t) => {
  const app = await createPrometheusServer({ origin: ORIGIN })
  app.get('/api', async () => 'ok')
  const port = await use(t, app)
  const text = (await ask(port, '/metrics')).body
  assert.match(text, /^socketio_refusals_total\{reason="not-listed"\} 1$/m)
  assert.match(text, /^socketio_handshakes_total\{outcome="answered"\} 1$/m)
  assert.match(text, /^socketio_handshakes_total\{outcome="refused"\} 1$/m)
  assert.match(text, /^socketio_tokens_total\{outcome="redeemed"\} 1$/m)
  assert.match(text, /^socketio_revoked_total\{by="update"\} 0$/m)
  assert.match(text, /^socketio_sessions\{transport="polling"\} 1$/m)
  assert.match(text, /^# TYPE socketio_sessions gauge$/m)
  assert.match(text, /^http_request_duration_seconds_count\{method="GET",route="\/api",status="200"\} 1$/m)
  assert.doesNotMatch(text, /route="\/socket\.io/)
  // a second look counts nothing twice
  assert.match((await ask(port, '/metrics')).body, /^socketio_refusals_total\{reason="not-listed"\} 1$/m)
})

suite('OpenTelemetry', () => {
  test('observes all of it, and no long poll', async (t) => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({ readers: [reader] })
    t.after(() => provider.shutdown())
    const app = await createObservedServer({ origin: ORIGIN }, provider.getMeter('test'))
    app.get('/api', async () => 'ok')
    await use(t, app)
    await until(() => app.io.stats().sessions.polling === 1, 'the session is open')
    await provider.forceFlush()
    const metrics = exporter.getMetrics().at(-1)!.scopeMetrics[0]!.metrics
    const points = (name: string): unknown[] => metrics.find(({ descriptor }) => descriptor.name === name)!
      .dataPoints.map(({ attributes, value }) => [Object.values(attributes)[0], value])
    assert.deepEqual(points('socketio.handshakes'), [['answered', 1], ['opened', 0], ['refused', 1]])
    assert.deepEqual(points('socketio.refusals'), [['not-listed', 1]])
    assert.deepEqual(points('socketio.sessions'), [['polling', 1], ['websocket', 0]])
    assert.deepEqual(points('socketio.revoked'), [[undefined, 0]])
    assert.equal(points('socketio.tokens').length, 5)
    const latency = metrics.find(({ descriptor }) => descriptor.name === 'http.server.request.duration')!.dataPoints
    assert.deepEqual(latency.map(({ attributes }) => attributes['http.route']), ['/api'])
  })
})

test('polls do reach onResponse, so the recipes must leave them out', async (t) => {
  const urls: (string | undefined)[] = []
  const { app } = await start(t, { cors: { origin: ORIGIN } }, (app) => {
    app.addHook('onResponse', async (request) => { urls.push(request.routeOptions.url) })
  })
  const { port } = app.server.address() as AddressInfo
  await connect(t, `http://127.0.0.1:${port}`, { transports: ['polling'] })
  assert.ok(urls.every((url) => url!.startsWith(app.io.path())) && urls.length > 1)
})

test('docs/report-only.md: its log line is what pino writes', async (t) => {
  const sample = /^\{"level":40,.*\}$/m.exec(read('docs/report-only.md'))![0]
  const { logging } = await import('../support/log.ts')
  const cors = { origin: 'https://app.example.com', enforce: 'report' } as const
  const { port, lines } = await logging(t, { cors })
  await ask(port, POLLING, { headers: { origin: 'http://app.example.com', 'sec-fetch-site': 'cross-site' } })
  const { time, pid, hostname, ...line } = lines.find(({ transport }) => transport === 'polling')!
  assert.equal(JSON.stringify(line), sample)
})
