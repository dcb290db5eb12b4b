// The numbers of app.io.stats() for Prometheus, with prom-client: they are read when Prometheus asks.
import Fastify, { type FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import fastifyIO, { type CorsOptions } from '../lib/index.ts'

export async function createPrometheusServer (cors: CorsOptions): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyIO, { cors })
  const registry = new Registry()

  /** A metric with one label, whose values are read from the plugin. */
  function expose (Metric: typeof Counter | typeof Gauge, name: string, help: string, label: string,
    read: () => object): void {
    registry.registerMetric(new Metric({
      name,
      help,
      labelNames: [label],
      registers: [],
      collect () {
        this.reset()
        for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count)
      }
    }))
  }
  const { io } = app
  expose(Counter, 'socketio_handshakes_total', 'Handshakes, by outcome', 'outcome', () => io.stats().handshakes)
  expose(Counter, 'socketio_refusals_total', 'Refused requests, by reason', 'reason', () => io.stats().refusals)
  expose(Counter, 'socketio_tokens_total', 'Handshake tokens, by outcome', 'outcome', () => io.stats().tokens)
  expose(Counter, 'socketio_revoked_total', 'Sessions ended by an update', 'by', () => ({ update: io.stats().revoked }))
  expose(Gauge, 'socketio_sessions', 'Open sessions, by transport', 'transport', () => io.stats().sessions)

  const latency = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer a request',
    labelNames: ['method', 'route', 'status'],
    registers: [registry]
  })
  app.addHook('onResponse', async (request, reply) => {
    const { url = 'none' } = request.routeOptions
    // a poll waits for a message for up to 25 s, and a WebSocket is answered once
    if (url.startsWith(io.path())) return
    latency.observe({ method: request.method, route: url, status: reply.statusCode }, reply.elapsedTime / 1000)
  })
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
  return app
}
