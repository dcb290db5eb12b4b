// However a hook answers an upgrade, its client reads what it would have read without Upgrade, and all that waits for
// the answer's end is told.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import { suite, test } from 'node:test'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { WebSocket } from 'ws'
import { ORIGIN } from '../support/client.ts'
import { connections, exchange, sent, UPGRADE_LINES } from '../support/raw.ts'
import { POLLING, start, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const HEAD = `Host: x\r\nOrigin: ${ORIGIN}\r\n`
const UPGRADE = `GET ${WEBSOCKET} HTTP/1.1\r\n${HEAD}${UPGRADE_LINES}\r\n`
const PLAIN = `GET ${POLLING} HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`
const LONG = 'é'.repeat(1_000_000)

type Answer = (reply: FastifyReply) => void

const onTheReply: Record<string, Answer> = {
  text: (reply) => { reply.code(418).send('short and stout') },
  'text in UTF-8': (reply) => { reply.header('x-who', 'caf\xe9').code(403).send('"žluťoučký"') },
  'no text': (reply) => { reply.code(403).send('') },
  nothing: (reply) => { reply.code(403).send() },
  'a long text': (reply) => { reply.code(403).send(LONG) },
  bytes: (reply) => { reply.code(403).send(Buffer.from([0, 255, 128])) },
  JSON: (reply) => { reply.code(401).send({ error: 'who?' }) },
  'an error': (reply) => { reply.send(Object.assign(new Error('no'), { statusCode: 429 })) },
  'no content': (reply) => { reply.code(204).send() },
  'a status without a body, and text': (reply) => { reply.code(304).send('text') },
  'a stream': (reply) => { reply.code(403).send(Readable.from(['a', 'b'])) },
  'a stream that is long': (reply) => { reply.code(403).send(Readable.from(Array.from({ length: 20 }, () => LONG))) },
  'a redirect': (reply) => { reply.redirect('/login') },
  'a length that is wrong': (reply) => { reply.header('content-length', 3).code(403).send('longer') }
}

const onTheRawResponse: Record<string, Answer> = {
  'a head and an end': ({ raw }) => { raw.writeHead(403, { 'content-length': 2 }).end('no') },
  'a head without a length': ({ raw }) => { raw.writeHead(403).end('no') },
  'an end alone': ({ raw }) => { raw.end('no') },
  'an end without text': ({ raw }) => { raw.writeHead(403).end() },
  'an encoding': ({ raw }) => { raw.writeHead(403, { 'content-length': 3 }).end('bm8h', 'base64') },
  latin1: ({ raw }) => { raw.writeHead(403, { 'content-length': 1 }).end('\xe9', 'latin1') },
  'a callback': ({ raw }) => { raw.writeHead(403, { 'content-length': 2 }).end('no', () => { raw.emit('told') }) },
  pieces: ({ raw }) => {
    raw.writeHead(403, { 'content-length': 3 })
    raw.write('a')
    raw.write('b')
    raw.end('c')
  },
  'hints before the head': ({ raw }) => {
    raw.writeEarlyHints({ link: '</a.js>; rel=preload' }, () => {
      raw.writeHead(403, { 'content-length': 2 }).end('no')
    })
  },
  'hints, and text at once': ({ raw }) => {
    raw.writeEarlyHints({ link: '</a.js>; rel=preload' })
    raw.writeHead(403, { 'content-length': 2 }).end('no')
  },
  'a head that is flushed first': ({ raw }) => {
    raw.writeHead(403, { 'content-length': 2 }).flushHeaders()
    raw.end('no')
  }
}

const answers: Record<string, Answer> = { ...onTheReply }
for (const [what, answer] of Object.entries(onTheRawResponse)) {
  answers[`raw: ${what}`] = (reply) => {
    reply.hijack()
    answer(reply)
  }
}

/** All but the time, and header names as HTTP reads them. */
function comparable (answer: string): string {
  const [head = '', ...body] = answer.split('\r\n\r\n')
  const lines = head.split('\r\n').filter((line) => !/^date:/i.test(line))
  return [...lines.map((line) => line.replace(/^[^:]+:/, (name) => name.toLowerCase())), '', ...body].join('\r\n')
}

for (const late of [false, true]) {
  suite(`an upgrade that a hook answers ${late ? 'later' : 'at once'}`, () => {
    for (const [what, answer] of Object.entries(answers)) {
      test(what, async (t) => {
        const heard: string[] = []
        const { app, port } = await start(t, { cors: { origin: ORIGIN } }, (app) => {
          app.addHook('onRequest', (request, reply, _done) => {
            for (const event of ['finish', 'close'] as const) reply.raw.on(event, () => heard.push(event))
            request.raw.on('close', () => heard.push('end of the request'))
            if (late) setImmediate(answer, reply)
            else answer(reply)
          })
          app.addHook('onResponse', async () => { heard.push('onResponse') })
        })
        const expected = await exchange(port, PLAIN)
        await until(() => heard.length === 4, 'all is told of the plain request')
        const events = heard.splice(0)
        const found = await exchange(port, UPGRADE)
        await until(() => heard.length === 4, 'all is told of the upgrade')
        assert.equal(comparable(found), comparable(expected))
        assert.deepEqual(heard.toSorted(), events.toSorted())
        assert.deepEqual(heard.filter((event) => event === 'finish' || event === 'close'), ['finish', 'close'])
        await until(async () => await connections(app) === 0, 'the connection has ended')
        assert.equal(heard.length, 4)
      })
    }
  })
}

suite('an upgrade whose response is destroyed', () => {
  const destroyed: Record<string, Answer> = {
    'before its head': ({ raw }) => { raw.destroy() },
    'behind its head': ({ raw }) => { raw.writeHead(403).destroy() },
    'behind its head, and ended': ({ raw }) => { raw.writeHead(403).destroy().end('no') },
    'by a stream that fails': ({ raw }) => {
      raw.writeHead(200)
      pipeline(new Readable({ read () { this.destroy(new Error('no')) } }), raw, () => {})
    }
  }
  for (const [what, answer] of Object.entries(destroyed)) {
    test(what, async (t) => {
      let closed = 0
      const { app, port } = await start(t, { cors: { origin: ORIGIN } }, (app) => {
        app.addHook('onRequest', (_request, reply, _done) => {
          reply.hijack()
          reply.raw.on('error', () => {}).on('close', () => { closed++ })
          answer(reply)
        })
      })
      assert.equal(await exchange(port, UPGRADE), '')
      await until(async () => await connections(app) === 0, 'the connection has ended')
      assert.equal(closed, 1)
    })
  }
})

test('a response that is destroyed behind its 101 leaves the WebSocket open', async (t) => {
  const responses: ServerResponse[] = []
  const { port } = await start(t, { cors: { origin: ORIGIN } }, (app) => {
    app.addHook('onRequest', async (_request, { raw }) => { responses.push(raw) })
  })
  const client = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}`, { origin: ORIGIN })
  t.after(() => client.terminate())
  await once(client, 'message')
  responses[0]!.destroy()
  client.send('40')
  const [data] = await once(client, 'message')
  assert.match(String(data), /^40\{"sid":"/)
})

test('a long answer is finished when its client has read it', async (t) => {
  let finished: boolean | undefined
  const { port } = await start(t, { cors: { origin: ORIGIN } }, (app) => {
    app.addHook('onRequest', (_request, reply) => { reply.code(403).send(LONG.repeat(20)) })
    app.addHook('onResponse', async (_request, { raw }) => { finished = raw.writableFinished })
  })
  const client = await sent(t, port, UPGRADE)
  await once(client, 'readable')
  // what a socket holds, and the machine between the two, is less than the answer
  await turnOfTheLoop()
  assert.equal(finished, undefined)
  client.resume()
  await until(() => finished !== undefined, 'it is finished')
  assert.equal(finished, true)
})

test('a client that does not read a long answer, and leaves, holds nothing', async (t) => {
  const { app, port } = await start(t, { cors: { origin: ORIGIN } }, (app) => {
    app.addHook('onRequest', (_request, reply) => { reply.code(403).send(LONG.repeat(20)) })
  })
  const client = await sent(t, port, UPGRADE)
  client.pause()
  await until(async () => await connections(app) === 1, 'it is connected')
  client.resetAndDestroy()
  await until(async () => await connections(app) === 0, 'the connection has ended')
})
