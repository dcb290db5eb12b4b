// Plugins that change answers, or give their own.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyCompress from '@fastify/compress'
import fastifyEtag from '@fastify/etag'
import fastifyHelmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { Neighbour } from '../support/beside.ts'
import { folder } from '../support/program.ts'
import { joined } from '../support/raw.ts'
import { ask, askBoth, POLLING } from '../support/server.ts'

const LONG = 'text '.repeat(1000)

const addText = (app: FastifyInstance): unknown => app.get('/text', async () => LONG)

export const answers: readonly Neighbour[] = [{
  name: '@fastify/helmet',
  note: 'Its headers are on polling answers and on the 101; on a stranger\'s 403 too, when it is registered before. ' +
    'Its Content-Security-Policy lets a page of this server open sockets to this server only: set `connectSrc` for ' +
    'others.',
  async register (app) {
    await app.register(fastifyHelmet)
    addText(app)
  },
  async works ({ port, origin }, _t, order) {
    const strangers = order === 'before' ? await askBoth(port, { origin: 'https://attacker.example' }) : []
    for (const { status, headers } of [...await askBoth(port, { origin }), ...strangers, await ask(port, '/text')]) {
      assert.equal(headers['x-content-type-options'], 'nosniff', `on ${status}`)
      assert.match(String(headers['content-security-policy']), /default-src 'self'/)
    }
  }
}, {
  name: '@fastify/static',
  note: 'A page of the same origin needs no `cors`. `prefix: \'/\'` leaves Socket.IO\'s path alone.',
  options: {},
  async register (app, t) {
    const root = folder(t)
    writeFileSync(join(root, 'index.html'), '<script src="/socket.io/socket.io.js"></script>')
    await app.register(fastifyStatic, { root })
  },
  async works ({ port }) {
    const page = await ask(port, '/')
    assert.deepEqual([page.status, page.headers['content-type']], [200, 'text/html; charset=utf-8'])
    const [, script] = /src="(.+)"/.exec(page.body)!
    assert.match((await ask(port, script!)).body, /Socket\.IO v4/, 'the page loads the client from here')
    assert.equal((await ask(port, '/nothing.html')).status, 404)
  }
}, {
  name: '@fastify/compress',
  note: 'It leaves polling alone. Socket.IO\'s `httpCompression` compresses that, from 1024 bytes on.',
  async register (app) {
    await app.register(fastifyCompress)
    addText(app)
  },
  async works ({ app, port }) {
    const headers = { 'accept-encoding': 'gzip' }
    assert.equal((await ask(port, '/text', { headers })).headers['content-encoding'], 'gzip')
    const { status, headers: { 'content-encoding': encoding } } = await ask(port, POLLING, { headers })
    assert.deepEqual([status, encoding], [200, undefined])
    const poll = `${POLLING}&sid=${await joined(port)}`
    app.io.emit('text', LONG)
    assert.equal((await ask(port, poll, { headers })).headers['content-encoding'], 'gzip', 'by Socket.IO')
  }
}, {
  name: '@fastify/etag',
  note: 'Nothing. A handshake is `no-store`.',
  async register (app) {
    await app.register(fastifyEtag)
    addText(app)
  },
  async works ({ port }) {
    const { headers: { etag } } = await ask(port, '/text')
    assert.equal((await ask(port, '/text', { headers: { 'if-none-match': etag } })).status, 304)
    assert.equal((await ask(port, POLLING)).headers['cache-control'], 'no-store')
  }
}]
