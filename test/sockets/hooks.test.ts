import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import fastifyCookie from '@fastify/cookie'
import fastifyHelmet from '@fastify/helmet'
import fastifyRateLimit from '@fastify/rate-limit'
import fastifySecureSession from '@fastify/secure-session'
import fastifySession from '@fastify/session'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyIO, { type FastifyIOOptions } from '../../lib/index.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { ask, askBoth, POLLING, sidOf, start, UPGRADE, WEBSOCKET } from '../support/server.ts'

const cors = { origin: ORIGIN, credentials: true }

/** With plugins registered before ours. */
async function startAfter (
  t: Parameters<typeof start>[0], before: (app: FastifyInstance) => Promise<unknown>, options: FastifyIOOptions
): Promise<{ app: FastifyInstance; port: number; own: string }> {
  const app = Fastify()
  t.after(() => app.close())
  await before(app)
  await app.register(fastifyIO, options)
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, own, port: Number(new URL(own).port) }
}

for (const statelessHandshake of [true, false]) {
  suite(`hooks, statelessHandshake: ${statelessHandshake}`, () => {
    test('a hook that sets Content-Type: the answer has that of Engine.IO, once', async (t) => {
      const { port } = await start(t, { cors, statelessHandshake }, (app) => {
        app.addHook('onRequest', async (_request, reply) => { reply.type('application/json') })
      })
      const handshake = await ask(port, POLLING)
      const path = `${POLLING}&sid=${sidOf(handshake)}`
      const post = await ask(port, path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '40' })
      const poll = await ask(port, path)
      const types = [handshake, post, poll].map(({ headers }) => headers['content-type']!.toLowerCase())
      assert.deepEqual(types, ['text/plain; charset=utf-8', 'text/html', 'text/plain; charset=utf-8'])
    })

    for (const hook of ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const) {
      test(`an ${hook} hook that answers 401, added after the plugin`, async (t) => {
        const { app, port } = await start(t, { cors, statelessHandshake }, (app) => {
          app.addHook(hook as 'onRequest', async (request, reply) => {
            if (request.headers.authorization === undefined) return reply.code(401).send({ error: 'who are you?' })
          })
        })
        for (const answer of await askBoth(port, { origin: ORIGIN })) {
          assert.equal(answer.status, 401)
          assert.match(answer.body, /who are you/)
          assert.equal(answer.headers['access-control-allow-origin'], ORIGIN, 'the page may read why')
        }
        assert.deepEqual((await askBoth(port, { authorization: 'x' })).map(({ status }) => status), [200, 101])
        assert.equal(app.io.engine.clientsCount <= 2, true)
      })
    }

    test('a hook that throws', async (t) => {
      const { port } = await start(t, { cors, statelessHandshake }, (app) =>
        app.addHook('onRequest', async () => { throw Object.assign(new Error('teapot'), { statusCode: 418 }) }))
      assert.deepEqual((await askBoth(port)).map(({ status }) => status), [418, 418])
    })

    test('the origin is refused before later hooks run', async (t) => {
      let ran = 0
      const { port } = await start(t, { cors, statelessHandshake }, (app) =>
        app.addHook('onRequest', async () => { ran++ }))
      assert.deepEqual((await askBoth(port, { origin: 'https://attacker.example' })).map(({ status }) => status), [
        403,
        403
      ])
      assert.equal(ran, 0)
    })

    test('@fastify/rate-limit', async (t) => {
      const { port } = await startAfter(t, async (app) => app.register(fastifyRateLimit, { max: 2 }), {
        cors,
        statelessHandshake
      })
      assert.deepEqual((await askBoth(port)).map(({ status }) => status), [200, 101])
      assert.deepEqual((await askBoth(port)).map(({ status }) => status), [429, 429])
    })

    test('@fastify/helmet\'s headers, on the polling answer and on the 101', async (t) => {
      const { port } = await startAfter(t, async (app) => app.register(fastifyHelmet), { cors, statelessHandshake })
      for (const { headers } of await askBoth(port, { origin: ORIGIN })) {
        assert.equal(headers['x-content-type-options'], 'nosniff')
        assert.equal(headers['access-control-allow-origin'], ORIGIN)
      }
    })

    test('@fastify/cookie: set in a hook, on both; several at once', async (t) => {
      const { port, app } = await startAfter(t, async (app) => {
        await app.register(fastifyCookie)
        app.addHook('onRequest', async (_request, reply) => { reply.setCookie('a', '1').setCookie('b', '2') })
      }, { cors, statelessHandshake })
      for (const { headers } of await askBoth(port)) {
        assert.deepEqual(headers['set-cookie'], ['a=1; SameSite=Lax', 'b=2; SameSite=Lax'])
      }
      const accepted = once(app.io, 'connection')
      await connect(t, `http://127.0.0.1:${port}`, { extraHeaders: { cookie: 'visitor=bob' } })
      const [socket] = await accepted
      assert.deepEqual({ ...socket.request.cookies }, { visitor: 'bob' })
    })

    test('@fastify/session is at socket.request.session, and its cookie on both answers', async (t) => {
      const { app, own, port } = await startAfter(t, async (app) => {
        await app.register(fastifyCookie)
        await app.register(fastifySession, { secret: 's'.repeat(32), cookie: { secure: false } })
        app.addHook('onRequest', async (request) => { (request.session as unknown as { user: string }).user ??= 'bob' })
      }, { cors, statelessHandshake })
      for (const answer of await askBoth(port)) assert.match(String(answer.headers['set-cookie']), /^sessionId=/)
      for (const transports of [['polling'], ['websocket']]) {
        const accepted = once(app.io, 'connection')
        await connect(t, own, { transports })
        const [socket] = await accepted
        assert.equal(socket.request.session.user, 'bob')
        assert.equal(socket.request.fastifyRequest.session, socket.request.session)
      }
    })

    test('@fastify/secure-session too', async (t) => {
      const { app, own, port } = await startAfter(t, async (app) => {
        await app.register(fastifySecureSession, { key: Buffer.alloc(32, 1), cookie: { path: '/' } })
        app.addHook('onRequest', async (request) => {
          ;(request.session as unknown as { set(name: string, value: string): void }).set('user', 'bob')
        })
      }, { cors, statelessHandshake })
      for (const answer of await askBoth(port)) assert.match(String(answer.headers['set-cookie']), /^session=/)
      const accepted = once(app.io, 'connection')
      await connect(t, own)
      const [socket] = await accepted
      assert.equal(socket.request.session.get('user'), 'bob')
    })

    test('a user that a hook decorates is at socket.request.user', async (t) => {
      const { app, own } = await start(t, { cors, statelessHandshake }, (app) => {
        app.decorateRequest('user', '')
        app.addHook('onRequest', async (request) => { (request as unknown as { user: string }).user = 'alice' })
      })
      const accepted = once(app.io, 'connection')
      await connect(t, own)
      const [socket] = await accepted
      assert.equal(socket.request.user, 'alice')
    })

    test('onSend hooks that fail or answer otherwise are the answer', async (t) => {
      const failing = await start(t, { cors, statelessHandshake }, (app) =>
        app.addHook('onSend', async () => { throw new Error('disk full') }))
      assert.deepEqual((await askBoth(failing.port)).map(({ status }) => status), [500, 500])
      const other = await start(
        t,
        { cors, statelessHandshake },
        (app) => app.addHook('onSend', async (_request, reply) => { reply.code(503) })
      )
      assert.deepEqual((await askBoth(other.port)).map(({ status }) => status), [503, 503])
      assert.equal(other.app.io.engine.clientsCount, 0)
    })

    test('onResponse runs once for each, with the status', async (t) => {
      const seen: number[] = []
      const { port } = await start(
        t,
        { cors, statelessHandshake },
        (app) => app.addHook('onResponse', async (_request, reply) => { seen.push(reply.statusCode) })
      )
      const [polling] = await askBoth(port)
      assert.equal(polling.status, 200)
      await ask(port, `${POLLING}&sid=${sidOf(polling)}`, { method: 'POST', body: '40' })
      await ask(port, WEBSOCKET, { headers: { ...UPGRADE, origin: 'https://attacker.example' } })
      assert.deepEqual(seen, [200, 101, 200, 403])
    })
  })
}
