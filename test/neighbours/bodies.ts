// Plugins that read the bodies of requests.
import assert from 'node:assert/strict'
import fastifyMultipart from '@fastify/multipart'
import rawBody from 'fastify-raw-body'
import type { Neighbour } from '../support/beside.ts'
import { ask, POLLING, sidOf } from '../support/server.ts'

export const bodies: readonly Neighbour[] = [{
  name: '@fastify/multipart',
  note: 'It reads no body on Socket.IO\'s path, also with `attachFieldsToBody`.',
  async register (app) {
    await app.register(fastifyMultipart, { attachFieldsToBody: true })
    app.post('/upload', async (request) => {
      const { file } = request.body as { file: { filename: string, toBuffer (): Promise<Buffer> } }
      return `${file.filename}: ${String(await file.toBuffer())}`
    })
  },
  async works ({ own, port, origin }) {
    const form = new FormData()
    form.set('file', new Blob(['content']), 'name.txt')
    assert.equal(await (await fetch(`${own}/upload`, { method: 'POST', body: form })).text(), 'name.txt: content')
    const sid = sidOf(await ask(port, POLLING, { headers: { origin } }))
    const headers = { origin, 'content-type': 'multipart/form-data; boundary=x' }
    assert.equal((await ask(port, `${POLLING}&sid=${sid}`, { method: 'POST', headers, body: '40' })).body, 'ok')
  }
}, {
  name: 'fastify-raw-body',
  note: 'With `global: true` too, it leaves the bodies of Socket.IO\'s path to Socket.IO: the routes of this plugin ' +
    'have `config: { rawBody: false }`.',
  async register (app) {
    await app.register(rawBody, { global: true, runFirst: true })
    app.post('/webhook', async (request) => ({ raw: request.rawBody }))
  },
  async works ({ port }) {
    const body = '{ "a":  1 }'
    const headers = { 'content-type': 'application/json' }
    assert.deepEqual(JSON.parse((await ask(port, '/webhook', { method: 'POST', headers, body })).body), { raw: body })
  }
}]
