// The very file that we ship (examples/proxies/Caddyfile), with other ports: TLS, four processes, sticky by sid.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect as connectTls } from 'node:tls'
import { test, type TestContext } from 'node:test'
import type { Socket } from 'socket.io-client'
import { startCaddy } from '../support/caddy.ts'
import { connect } from '../support/client.ts'
import { load } from '../support/loads.ts'
import { CERT } from '../support/nginx.ts'
import type { Deployed } from '../support/processes.ts'
import { missing } from '../support/program.ts'
import { ask, POLLING } from '../support/server.ts'
import { until } from '../support/until.ts'
import { provesProxy } from './proxy.ts'

const ca = readFileSync(CERT, 'utf8')

// Caddy 2.6, which Debian has, ends all WebSockets with each reload
provesProxy('Caddy', startCaddy, missing('caddy'), { keepsWebSockets: false, more })

function more (processes: () => Deployed[]): void {
  const start = (t: TestContext): ReturnType<typeof startCaddy> => startCaddy(t, processes().map(({ port }) => port))

  test('attack: a client cannot choose its process by the header that the hash goes by', async (t) => {
    const { url } = await start(t)
    const headers = { 'x-socketio-sid': 'mine' }
    const pids = await Promise.all(Array.from({ length: 40 }, async () => (await get(`${url}/api`, headers)).body))
    assert.equal(new Set(pids).size, 3, 'without a sid any process answers, whatever the header says')
    // each in another process than its handshake, with the same header
    const clients = load(t, { url, transports: ['polling'], clients: 40, messages: 2, extraHeaders: headers })
    await clients.settled
    const { connected, failures } = await clients.until((now) => now.acknowledged === 2 * now.connected)
    assert.deepEqual([connected, failures], [40, {}])
  })

  test('attack: requests that fail on purpose take no process from the others', async (t) => {
    const { url, port } = await start(t)
    for (let at = 0; at < 40; at++) {
      const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca })
      socket.on('error', () => {}).resume()
      socket.write('POST /api HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n' +
        'Content-Type: text/plain\r\n\r\n1\r\na\r\nno chunk\r\n')
      await once(socket, 'close')
    }
    const pids = await Promise.all(Array.from({ length: 40 }, async () => (await get(`${url}/api`)).body))
    assert.equal(new Set(pids).size, 3, JSON.stringify([...new Set(pids)]))
  })

  test('a process that closes keeps its sessions, and others take its handshakes', async (t) => {
    const [closes] = processes() as [Deployed]
    const { url } = await start(t)
    const sockets: Socket[] = []
    const { connections } = await closes.look()
    while ((await closes.look()).connections < connections + 2) {
      assert.ok(sockets.length < 100, 'the hash spreads')
      sockets.push(await connect(t, url, { ca, transports: ['polling'], extraHeaders: { origin: url } }))
    }
    closes.child.send('close')
    await until(async () => (await ask(closes.port, POLLING)).status === 503, 'it closes')
    const { checks } = await closes.look()
    const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await get(url + POLLING)).status))
    const refused = statuses.filter((status) => status !== 200).length
    // three tries, each by chance: 1 of 27 on average, and 33 of 100 without them
    assert.ok(refused < 16, `${refused} of 100 handshakes were refused`)
    await until(async () => (await closes.look()).checks! >= checks! + 2, 'Caddy has looked twice')
    for (const socket of sockets) assert.equal(await socket.timeout(10_000).emitWithAck('echo', 7), 7)
    assert.ok(sockets.every(({ connected }) => connected))
  })
}

function get (url: string, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number, body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { ca, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text })
        .on('end', () => resolve({ status: response.statusCode!, body }))
    }).on('error', reject).end()
  })
}
