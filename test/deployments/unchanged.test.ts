// What people run already: node:cluster with @socket.io/sticky, PM2, stickiness by cookie and by address.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite, test, type TestContext } from 'node:test'
import { alive } from '../support/alive.ts'
import { connect } from '../support/client.ts'
import { configWith, startHaproxy } from '../support/haproxy.ts'
import { load, type LoadOptions, TRANSPORTS } from '../support/loads.ts'
import { shippedSite, siteWith, startNginx } from '../support/nginx.ts'
import { deploy, deployAll, SECRET } from '../support/processes.ts'
import { freePort, missing } from '../support/program.ts'
import { ask } from '../support/server.ts'
import { until } from '../support/until.ts'

const CLIENTS = 12

/** 12 clients of each kind connect, and each has its messages acknowledged. */
async function allConnect (
  t: TestContext,
  options: Omit<LoadOptions, 'transports' | 'clients' | 'messages'>,
  kinds: readonly (readonly string[])[] = TRANSPORTS
): Promise<void> {
  const all = kinds.length * CLIENTS
  const clients = load(t, { ...options, transports: kinds, clients: all, messages: 3 })
  await clients.settled
  const { connected, failures, disconnects, transports } = await clients.until(
    (now) => Object.keys(now.failures).length > 0 || now.acknowledged === 3 * now.connected
  )
  t.diagnostic(`${connected} of ${all} connected: ${kinds.map((kind) => kind.join(' and then ')).join('; ')}`)
  assert.deepEqual([connected, failures, disconnects], [all, {}, {}])
  const ends = kinds.map((kind) => kind.at(-1))
  const count = (name: string): number => CLIENTS * ends.filter((end) => end === name).length
  assert.deepEqual([transports.polling ?? 0, transports.websocket ?? 0], [count('polling'), count('websocket')])
}

suite('what people run works unchanged', () => {
  test('@socket.io/sticky and @socket.io/cluster-adapter', async (t) => {
    const primary = await deploy(t, {}, 'sticky-cluster')
    const url = `http://127.0.0.1:${primary.port}`
    await allConnect(t, { url })
    const { connections: workers, lines } = await primary.look()
    assert.equal(workers, 3, 'each worker served some')
    // once in each: no other worker could go on with a handshake that holds no memory
    assert.deepEqual(lines.map((line) => JSON.parse(line).msg), Array(3).fill(
      'statelessHandshake is off: this is a node:cluster worker without a handshakeSecret'
    ))
    const sockets = await Promise.all(Array.from({ length: 6 }, () => connect(t, url, { extraHeaders: {} })))
    const heard = Promise.all(sockets.map((socket) => once(socket as never, 'all')))
    sockets[0]!.emit('all')
    assert.equal(new Set((await heard).map(([pid]) => pid)).size, 1, 'one worker reaches the clients of all')
  })

  test('PM2 in cluster mode: WebSocket on a port that all share, and any transport behind nginx by sid', {
    skip: missing('nginx')
  }, async (t) => {
    const home = mkdtempSync(join(tmpdir(), 'fastify-io-pm2-'))
    const pm2 = createRequire(import.meta.url).resolve('pm2/bin/pm2')
    const ports = [await freePort(), await freePort(), await freePort()]
    const env = { ...process.env, PM2_HOME: home, PORTS: ports.join(), SECRET }
    const script = fileURLToPath(new URL('../fixtures/pm2-process.mjs', import.meta.url))
    t.after(async () => {
      const daemon = Number(readFileSync(join(home, 'pm2.pid'), 'utf8'))
      process.kill(daemon)
      await until(() => !alive(daemon), 'the daemon has ended')
      rmSync(home, { recursive: true, force: true })
    })
    await promisify(execFile)(process.execPath, [pm2, 'start', script, '-i', '2', '--name', 'app'], { env })
    const pids = await Promise.all(ports.map((port) => pidAt(port)))
    assert.notEqual(pids[0], pids[1], 'two processes')
    await allConnect(t, { url: `http://127.0.0.1:${ports[2]}` }, [['websocket']])
    const { url } = await startNginx(t, shippedSite, ports.slice(0, 2))
    await allConnect(t, { url })
  })

  test('stickiness by cookie: HAProxy, without a shared secret', { skip: missing('haproxy') }, async (t) => {
    const processes = await deployAll(t, 3, {})
    const byCookie = configWith({
      'balance url_param sid\n  hash-type consistent\n':
        'balance roundrobin\n  cookie SERVERID insert indirect nocache\n'
    }, (id) => ` cookie ${id}`)
    const { url } = await startHaproxy(t, byCookie, processes.map(({ port }) => port))
    await allConnect(t, { url, withCredentials: true })
    await spread(processes)
  })

  test('stickiness by address: nginx, without a shared secret', { skip: missing('nginx') }, async (t) => {
    const processes = await deployAll(t, 3, {})
    const byAddress = siteWith({ 'hash $socketio_key consistent;': 'ip_hash;' })
    const { url } = await startNginx(t, byAddress, processes.map(({ port }) => port))
    await allConnect(t, { url, addresses: true })
    await spread(processes)
  })
})

/** All had a part: a proxy that sends everybody to one process is sticky, too. */
async function spread (processes: Awaited<ReturnType<typeof deployAll>>): Promise<void> {
  const seen = await Promise.all(processes.map(({ look }) => look()))
  assert.equal(seen.reduce((sum, { connections }) => sum + connections, 0), 3 * CLIENTS)
  assert.ok(seen.every(({ connections }) => connections > 0), JSON.stringify(seen))
  assert.deepEqual(seen.flatMap(({ lines }) => lines), [])
}

/** The pid of the process that answers at this port. */
function pidAt (port: number): Promise<string> {
  return until(() => ask(port, '/pid').then(({ body }) => body, () => ''), 'the process listens')
}
