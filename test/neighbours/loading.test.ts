// What loads this plugin from a file.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import fastifyAutoload from '@fastify/autoload'
import Fastify from 'fastify'
import { converses, echoes, refusesStrangers } from '../support/beside.ts'
import { connect, ORIGIN } from '../support/client.ts'
import { freePort, run } from '../support/program.ts'
import { ask, POLLING } from '../support/server.ts'
import { loaders } from './table.ts'

const root = join(import.meta.dirname, '../..')

test(`${loaders.autoload.name}: from a folder of plugins, before the routes`, async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  for (const folder of ['plugins', 'routes']) {
    app.register(fastifyAutoload, { dir: join(root, 'test/fixtures/autoload', folder) })
  }
  app.after(() => echoes(app))
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  const running = { own, port: Number(new URL(own).port), origin: ORIGIN }
  await converses(t, running)
  await refusesStrangers(running)
  assert.match((await ask(running.port, '/api')).body, /^\d+ clients$/, 'routes find app.io')
})

test(`${loaders.autoload.name}: a folder below is the prefix, of Socket.IO too`, async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  app.register(fastifyAutoload, { dir: join(root, 'test/fixtures/autoload'), ignorePattern: /routes/ })
  const own = await app.listen({ port: 0, host: '127.0.0.1' })
  const statusOf = async (path: string): Promise<number> => (await ask(Number(new URL(own).port), path)).status
  assert.deepEqual([await statusOf(`/plugins${POLLING}`), await statusOf(POLLING)], [200, 404])
})

test(`${loaders.cli.name} starts an app with it, and SIGTERM closes it`, async (t) => {
  const port = await freePort()
  const cli = join(root, 'node_modules/fastify-cli/cli.js')
  const app = join(root, 'test/fixtures/fastify-cli-app.ts')
  const args = ['--import', 'tsx', cli, 'start', '--port', String(port), '--address', '127.0.0.1', app]
  const program = await run(t, process.execPath, args, port)
  const running = { own: `http://127.0.0.1:${port}`, port, origin: ORIGIN }
  assert.equal((await ask(port, '/api')).body, 'ok')
  await converses(t, running)
  await refusesStrangers(running)
  const socket = await connect(t, running.own, { transports: ['websocket'] })
  program.signal('SIGTERM')
  assert.deepEqual(await once(socket as never, 'disconnect').then(([reason]) => reason), 'transport close')
})
