// JSONP answers any page through a script tag: off by default, however the query is written, and served where it is on.
import assert from 'node:assert/strict'
import { parse } from 'node:querystring'
import { suite, test } from 'node:test'
import { ORIGIN } from '../support/client.ts'
import { logging } from '../support/log.ts'
import { ask, POLLING, start } from '../support/server.ts'

const EVIL = 'https://attacker.example'
const cors = { origin: ORIGIN, credentials: true }
const script = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }
const JSONP = '/socket.io/?EIO=3&transport=polling&j=0'

/** What JSONP puts around a packet: `___eio[0]("…");`. */
function packet (body: string): { sid: string } {
  const text = /^___eio\[0\]\((".*")\);$/.exec(body)?.[1]
  assert.ok(text, body)
  return JSON.parse((JSON.parse(text) as string).replace(/^\d+:0/, '').replace(/\d+:40$/, '')) as { sid: string }
}

suite('jsonp: false', () => {
  test('400, and the reason, to script tags as well', async (t) => {
    const { port, lines } = await logging(t, { cors, allowEIO3: true })
    for (const headers of [{}, { origin: ORIGIN }, script, { ...script, 'sec-fetch-site': 'same-site' }]) {
      const answer = await ask(port, JSONP, { headers })
      assert.deepEqual([answer.status, JSON.parse(answer.body)], [400, {
        code: 3,
        message: 'Bad request',
        reason: 'jsonp'
      }])
    }
    assert.deepEqual([...new Set(lines.map(({ reason }) => reason))], ['jsonp'])
    assert.equal(
      (await ask(port, JSONP, { headers: { origin: EVIL } })).status,
      403,
      'a refused origin is a refused origin'
    )
    assert.equal((await ask(port, POLLING, { headers: script })).status, 403, 'without j it is no JSONP')
  })

  const queries: Record<string, { url: string, server?: object }> = {
    'a name that is repeated': { url: `${JSONP}&a=1&a=2` },
    'j twice': { url: `${JSONP}&j=1` },
    'a semicolon as the delimiter': {
      url: '/socket.io/;a=1&a=2?j=0&EIO=3&transport=polling',
      server: { useSemicolonDelimiter: true }
    },
    'a parser that drops what is beyond its limit': {
      url: `/socket.io/?EIO=3&transport=polling${'&a=1'.repeat(20)}&j=0`,
      server: { querystringParser: (text: string) => parse(text, undefined, undefined, { maxKeys: 10 }) }
    },
    'a parser that gives objects': {
      url: JSONP,
      server: { querystringParser: (text: string) => ({ nested: {}, ...parse(text.replace('&j=0', '')) }) }
    },
    'a parser that gives nothing': { url: JSONP, server: { querystringParser: () => undefined } }
  }
  for (const [name, { url, server = {} }] of Object.entries(queries)) {
    for (const statelessHandshake of [true, false]) {
      test(`${name}, statelessHandshake: ${statelessHandshake}`, async (t) => {
        const { app, port } = await start(t, { cors, allowEIO3: true, statelessHandshake }, () => {}, {
          routerOptions: server
        })
        const answer = await ask(port, url)
        assert.equal(answer.status, 400, answer.body)
        assert.doesNotMatch(answer.body, /___eio/)
        assert.equal(app.io.engine.clientsCount, 0)
      })
    }
  }
})

suite('jsonp: true', () => {
  test('a script tag\'s session: polls without an Origin, and a form\'s posts with one', async (t) => {
    const { app, port } = await start(t, { cors, jsonp: true, allowEIO3: true })
    const opened = await ask(port, JSONP, { headers: script })
    assert.equal(opened.status, 200, opened.body)
    const { sid } = packet(opened.body)
    const heard = new Promise((resolve) => {
      for (const socket of app.io.sockets.sockets.values()) socket.once('hello', resolve)
    })
    // the client puts it into a form whose target is a frame
    const form = {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'iframe'
    }
    const packets = '42["hello","world"]'
    const body = `d=${encodeURIComponent(`${packets.length}:${packets}`)}`
    const posted = await ask(port, `${JSONP}&sid=${sid}`, {
      method: 'POST',
      headers: { ...form, origin: ORIGIN },
      body
    })
    assert.deepEqual([posted.status, posted.body], [200, 'ok'])
    assert.equal(await heard, 'world')
    assert.equal(
      (await ask(port, `${JSONP}&sid=${sid}`, { method: 'POST', headers: { ...form, origin: EVIL }, body })).status,
      403
    )
  })

  test('only what a script tag sends: no other mode or method, and not with missingOrigin: refuse', async (t) => {
    const { port } = await start(t, { cors, jsonp: true, allowEIO3: true })
    for (const mode of ['cors', 'navigate', 'websocket']) {
      assert.equal((await ask(port, JSONP, { headers: { ...script, 'sec-fetch-mode': mode } })).status, 403, mode)
    }
    assert.equal((await ask(port, JSONP, { method: 'POST', headers: script, body: 'd=1:2' })).status, 403)
    assert.equal((await ask(port, POLLING, { headers: script })).status, 403, 'an image is no script tag')
    const wary = await start(t, { cors: { ...cors, missingOrigin: 'refuse' }, jsonp: true, allowEIO3: true })
    assert.equal((await ask(wary.port, JSONP, { headers: script })).status, 403)
  })
})
