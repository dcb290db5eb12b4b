// Plugins that watch.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { INVALID_SPAN_CONTEXT, type Span, trace, type TracerProvider } from '@opentelemetry/api'
import { instrument } from '@socket.io/admin-ui'
import type { FastifyInstance } from 'fastify'
import { beside, type Neighbour } from '../support/beside.ts'
import { client, connect } from '../support/client.ts'
import { joined } from '../support/raw.ts'
import { ask, askBoth, POLLING } from '../support/server.ts'
import { sessionOf } from '../support/sessions.ts'
import { until } from '../support/until.ts'

interface Recorded {
  readonly name: string
  readonly attributes: Record<string, unknown>
  ended: boolean
}

/** bcrypt's hash of `secret`, with few rounds. */
const SECRET = '$2a$04$Z1l.Uxx8bD57ouR5VfHe1OsRfwMcNbcDQcn1yk4QUbcliHvFxYIeW'

/** The spans of an app. */
const spans: WeakMap<FastifyInstance, Recorded[]> = new WeakMap()

/** A tracer that keeps what it is told. */
function recorder (list: Recorded[]): TracerProvider {
  const startSpan = (name: string, options: { attributes?: object } = {}): Span => {
    const recorded: Recorded = { name, attributes: { ...options.attributes }, ended: false }
    list.push(recorded)
    return Object.assign(trace.wrapSpanContext(INVALID_SPAN_CONTEXT), {
      setAttributes (this: Span, attributes: object) {
        Object.assign(recorded.attributes, attributes)
        return this
      },
      end () { recorded.ended = true }
    })
  }
  return { getTracer: () => ({ startSpan }) } as unknown as TracerProvider
}

function showAdmin (app: FastifyInstance): void {
  instrument(app.io, { auth: { type: 'basic', username: 'admin', password: SECRET } })
}

export const watchers: readonly Neighbour[] = [{
  name: '@fastify/otel',
  note: 'Each handshake, poll and upgrade has a span, with its route and status. Registered before, its span ends ' +
    'when Socket.IO takes the request over. Registered after, it ends with the answer: a poll that is held counts ' +
    'as slow.',
  async register (app) {
    const list: Recorded[] = []
    spans.set(app, list)
    const otel = new FastifyOtelInstrumentation()
    otel.setTracerProvider(recorder(list))
    await app.register(otel.plugin())
    app.get('/api', async () => 'ok')
  },
  async works ({ app, port, origin }, _t, order) {
    const list = spans.get(app)!
    list.length = 0
    await askBoth(port, { origin })
    await ask(port, '/api')
    const requests = (): Recorded[] => list.filter(({ name }) => name === 'request')
    await until(() => requests().length === 3 && list.every(({ ended }) => ended), 'all spans have ended')
    assert.deepEqual(
      requests().map(({ attributes }) => [attributes['http.route'], attributes['http.response.status_code']]),
      [['/socket.io/', 200], ['/socket.io/', 101], ['/api', 200]]
    )

    const sid = await joined(port)
    list.length = 0
    const poll = ask(port, `${POLLING}&sid=${sid}`)
    await until(() => sessionOf(app, sid)?.transport.writable, 'the poll is held')
    assert.deepEqual(requests().map(({ ended }) => ended), [order === 'before'])
    app.io.emit('news')
    await poll
    await until(() => requests().every(({ ended }) => ended), 'its span has ended')
  }
}, {
  name: '@socket.io/admin-ui',
  orders: ['after'],
  note: '`instrument(app.io, …)` with a password, never with `auth: false`. List the page of the user interface in ' +
    '`cors.origin`, as `https://admin.socket.io`; that page can then open sockets of your users too, so serve your ' +
    'own copy on this origin where you can.',
  otherwise: {
    seen: 'There is no `app.io` yet: a TypeError.',
    happens: (t, order) => assert.rejects(beside(t, order, { register: showAdmin }), TypeError)
  },
  register: showAdmin,
  async works ({ own }, t) {
    const refused = client(t, `${own}/admin`, { auth: { username: 'admin', password: 'wrong' } })
    const [error] = await once(refused as never, 'connect_error')
    assert.equal((error as Error).message, 'invalid credentials')
    const admin = client(t, `${own}/admin`, { auth: { username: 'admin', password: 'secret' } })
    const joins: string[] = []
    admin.on('socket_connected', ({ id }: { id: string }) => { joins.push(id) })
    await once(admin as never, 'connect')
    const { id } = await connect(t, own)
    await until(() => joins.includes(id!), 'the user interface sees the new socket')
  }
}]
