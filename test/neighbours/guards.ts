// Plugins that turn requests away.
import assert from 'node:assert/strict'
import circuitBreaker from '@fastify/circuit-breaker'
import fastifyRateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import type { FastifyRequest } from 'fastify'
import { beside, type Beside, type Neighbour } from '../support/beside.ts'
import { connect } from '../support/client.ts'
import { joined } from '../support/raw.ts'
import { ask, askBoth, POLLING } from '../support/server.ts'
import { until } from '../support/until.ts'

/** Two requests for one visitor, and as many as they like for the others. */
const limits = {
  max: (_request: FastifyRequest, key: string) => key === 'greedy' ? 2 : 10_000,
  keyGenerator: ({ headers }: FastifyRequest) => String(headers['x-visitor'])
}

async function turnsGreedyAway ({ port, origin }: Beside): Promise<void> {
  const greedy = { origin, 'x-visitor': 'greedy' }
  assert.deepEqual((await askBoth(port, greedy)).map(({ status }) => status), [200, 101])
  for (const { status, headers } of await askBoth(port, greedy)) {
    assert.equal(status, 429)
    assert.ok(Number(headers['retry-after']) > 0)
    assert.equal(headers['access-control-allow-origin'], origin, 'the page can read why')
  }
  assert.deepEqual((await askBoth(port, { origin })).map(({ status }) => status), [200, 101])
}

const limit: Neighbour['register'] = async (app) => { await app.register(fastifyRateLimit, limits) }

export const guards: readonly Neighbour[] = [{
  name: '@fastify/rate-limit',
  orders: ['before'],
  note: 'Handshakes and upgrades over the limit get 429. It counts each poll and each POST too: a client that stays ' +
    'on polling needs a high `max`.',
  register: limit,
  otherwise: {
    seen: 'It limits only routes that come after it: Socket.IO\'s path has no limit. Add the hook of the next row.',
    async happens (t, order) {
      const { port } = await beside(t, order, { register: limit })
      for (let at = 0; at < 3; at++) {
        assert.deepEqual((await askBoth(port, { 'x-visitor': 'greedy' })).map(({ status }) => status), [200, 101])
      }
    }
  },
  works: turnsGreedyAway
}, {
  name: '@fastify/rate-limit, as a hook',
  note: '`app.addHook(\'onRequest\', app.rateLimit())` limits every route, Socket.IO\'s too, in each order.',
  async register (app) {
    await app.register(fastifyRateLimit, { ...limits, global: false })
    app.addHook('onRequest', app.rateLimit())
  },
  works: turnsGreedyAway
}, {
  name: '@fastify/under-pressure',
  note: 'Under pressure, handshakes, polls and upgrades get its 503. Live WebSockets stay.',
  register: (app) => app.register(underPressure, {
    maxRssBytes: 1,
    sampleInterval: 1,
    // this process always has more than that
    async pressureHandler ({ headers }, reply) {
      if (headers['x-pressed'] === undefined) return
      reply.header('retry-after', 10)
      throw Object.assign(new Error('under pressure'), { statusCode: 503 })
    }
  }),
  async works ({ app, port, own, origin }, t) {
    await until(() => app.isUnderPressure(), 'it has measured')
    const pressed = { origin, 'x-pressed': '1' }
    const live = await connect(t, own, { transports: ['websocket'], extraHeaders: { origin } })
    for (const { status, headers } of await askBoth(port, pressed)) {
      assert.deepEqual([status, headers['retry-after']], [503, '10'])
    }
    const poll = `${POLLING}&sid=${await joined(port)}`
    assert.equal((await ask(port, poll, { headers: { 'x-pressed': '1' } })).status, 503)
    assert.equal(await live.emitWithAck('echo', 'still here'), 'still here')
  }
}, {
  name: '@fastify/circuit-breaker',
  note: 'It guards routes that have it as their `preHandler`.',
  async register (app) {
    await app.register(circuitBreaker, { threshold: 2, resetTimeout: 3000 })
    app.after(() => {
      app.get('/fails', { preHandler: app.circuitBreaker() }, async () => { throw new Error('broken') })
    })
    await app.after()
  },
  async works ({ port }) {
    const answers = [await ask(port, '/fails'), await ask(port, '/fails'), await ask(port, '/fails')]
    assert.deepEqual(answers.map(({ status }) => status), [500, 503, 503])
    assert.equal(JSON.parse(answers[2]!.body).code, 'FST_ERR_CIRCUIT_BREAKER_OPEN')
  }
}]
