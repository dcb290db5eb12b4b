// The numbers of app.io.stats() for OpenTelemetry: observable instruments, read when the SDK collects.
import type { Meter } from '@opentelemetry/api'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { type CorsOptions } from '../lib/index.ts'

export async function createObservedServer (cors: CorsOptions, meter: Meter): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyIO, { cors })

  const handshakes = meter.createObservableCounter('socketio.handshakes')
  const refusals = meter.createObservableCounter('socketio.refusals')
  const tokens = meter.createObservableCounter('socketio.tokens')
  const revoked = meter.createObservableCounter('socketio.revoked')
  const sessions = meter.createObservableUpDownCounter('socketio.sessions')
  const instruments = [handshakes, refusals, tokens, revoked, sessions]
  // one look at the numbers for all of them
  const observe: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
    const stats = app.io.stats()
    for (const [outcome, count] of Object.entries(stats.handshakes)) result.observe(handshakes, count, { outcome })
    for (const [reason, count] of Object.entries(stats.refusals)) result.observe(refusals, count, { reason })
    for (const [outcome, count] of Object.entries(stats.tokens)) result.observe(tokens, count, { outcome })
    for (const [transport, count] of Object.entries(stats.sessions)) result.observe(sessions, count, { transport })
    result.observe(revoked, stats.revoked)
  }
  meter.addBatchObservableCallback(observe, instruments)
  app.addHook('onClose', async () => meter.removeBatchObservableCallback(observe, instruments))

  const latency = meter.createHistogram('http.server.request.duration', { unit: 's' })
  app.addHook('onResponse', async (request, reply) => {
    const { url = 'none' } = request.routeOptions
    // a poll waits for a message for up to 25 s, and a WebSocket is answered once
    if (url.startsWith(app.io.path())) return
    latency.record(reply.elapsedTime / 1000, {
      'http.request.method': request.method,
      'http.route': url,
      'http.response.status_code': reply.statusCode
    })
  })
  return app
}
