import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { after, before, suite, test, type TestContext } from 'node:test'
import { load, lostOf, TRANSPORTS } from '../support/loads.ts'
import { type Nginx, CERT } from '../support/nginx.ts'
import { slowdown } from '../support/pace.ts'
import { type Deployed, deploy, deployAll, SECRET } from '../support/processes.ts'
import { client } from '../support/client.ts'

const CLIENTS = 200
const MESSAGES = 3
/** ms within which a client knows that its session is lost; HAProxy takes 1.2 s to find out that a process is gone. */
const NOTICE = 3000
/**
 * Heartbeats shorter than the default of 45 s: when the proxy changes its servers between a client's CONNECT and its
 * poll, that client may hear of it by the missing heartbeat only (docs/several-processes.md, "Limits"). A process that
 * closes keeps its sessions for longer than a test takes.
 */
const OPTIONS = { handshakeSecret: SECRET, pingInterval: 8000, pingTimeout: 4000, closeSpread: 600_000 }
const ca = readFileSync(CERT, 'utf8')

export interface Differences {
  /** Whether a reload of the proxy leaves them where they are. */
  readonly keepsWebSockets?: boolean
  /** Adds tests, which have three of the processes. */
  readonly more?: (processes: () => Deployed[]) => void
}

/** What a proxy must do with the configuration that we ship, whichever proxy it is. */
export function provesProxy (
  name: string,
  start: (t: Pick<TestContext, 'after'>, ports: readonly number[]) => Promise<Nginx>,
  skip: string | false,
  { keepsWebSockets = true, more = () => {} }: Differences = {}
): void {
  suite(`${name} as we ship it, four processes`, { skip }, () => {
    const ends: (() => unknown)[] = []
    let processes: Deployed[]
    before(async () => {
      processes = await deployAll({ after: (end) => { ends.push(end as () => unknown) } }, 4, OPTIONS)
    })
    after(() => { for (const end of ends) end() })

    test(`${CLIENTS} clients of each transport connect, and every message is acknowledged`, async (t) => {
      const { url } = await start(t, portsOf(processes))
      for (const transports of TRANSPORTS) {
        const clients = load(t, { url, transports, clients: CLIENTS, messages: MESSAGES })
        await clients.settled
        const counts = await clients.until((now) =>
          Object.keys(now.failures).length > 0 || now.acknowledged + now.unanswered === CLIENTS * MESSAGES)
        t.diagnostic(`${name}, ${transports.join(', ')}: ${counts.connected} of ${CLIENTS} connected`)
        assert.deepEqual(counts.failures, {})
        assert.deepEqual([counts.connected, counts.acknowledged], [CLIENTS, CLIENTS * MESSAGES])
        assert.deepEqual(counts.disconnects, {})
        assert.deepEqual(counts.transports, { [transports.at(-1)!]: CLIENTS })
      }
      const seen = await Promise.all(processes.map(({ look }) => look()))
      assert.deepEqual(seen.flatMap(({ lines }) => lines), [])
      assert.equal(seen.reduce((sum, { connections }) => sum + connections, 0), 3 * CLIENTS)
      const shares = seen.map(({ connections }) => connections)
      t.diagnostic(`connections of each process: ${shares.join(', ')}`)
      // a process that has no part, or nearly all, would mean that the hash does not spread
      assert.ok(Math.min(...shares) > 0.3 * 3 * CLIENTS / 4, `spread evenly: ${shares}`)
    })

    test('against stock Socket.IO: 60 polling clients, their first try', async (t) => {
      const stock = await Promise.all([1, 2, 3, 4].map(() => deploy(t, {}, 'stock-process')))
      const connected: number[] = []
      for (const fleet of [stock, processes]) {
        const { url } = await start(t, portsOf(fleet))
        const clients = load(t, { url, transports: ['polling'], clients: 60, messages: 1 })
        await clients.settled
        connected.push((await clients.ask()).connected)
      }
      t.diagnostic(`${name}: stock Socket.IO connects ${connected[0]} of 60, fastify-io ${connected[1]} of 60`)
      assert.equal(connected[1], 60)
      assert.ok(connected[0]! < 40, 'stock makes the session where the handshake was, and its sid hashes elsewhere')
    })

    test('a client cannot say who it is, and by which name it came: the proxy overwrites X-Forwarded-*', async (t) => {
      const [process] = processes as [Deployed]
      const { url, port } = await start(t, [process.port])
      const claims = {
        'x-forwarded-for': '8.8.8.8', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http'
      }
      const own = { host: `localhost:${port}`, protocol: 'https', ip: '127.0.0.1' }
      const { pid, ...answer } = JSON.parse(await get(`${url}/api`, claims))
      assert.deepEqual([pid, answer], [process.child.pid, own])
      for (const transports of TRANSPORTS) {
        const socket = client(t, url, { ca, transports: [...transports], extraHeaders: { ...claims, origin: url } })
        await new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve)
          socket.once('connect_error', reject)
        })
        assert.deepEqual((await process.look()).seen, own)
        socket.close()
        // evil.example is not the server's own name, whatever the header says
        const evil = client(t, url, {
          ca, transports: [...transports], extraHeaders: { ...claims, origin: 'https://evil.example' }
        })
        await new Promise((resolve) => { evil.once('connect_error', resolve) })
      }
    })

    test('a process that dies, and one that comes, lose only what they must, and at once', async (t) => {
      const proxy = await start(t, portsOf(processes))
      const each = 40
      const crowds = TRANSPORTS.map((transports) => ({
        transports,
        clients: load(t, { url: proxy.url, transports, clients: each, messages: 1, every: 500 })
      }))
      await Promise.all(crowds.map(({ clients }) => clients.settled))

      const watch = async (what: string, change: () => Promise<number>): Promise<number[]> => {
        for (const { clients } of crowds) await clients.ask('reset')
        const before = slowdown()
        const mayBeLost = await change()
        const lost: number[] = []
        for (const { transports, clients } of crowds) {
          // some rounds of messages have been answered since, and who was lost is back
          const counts = await clients.until((now) => now.acknowledged > 6 * each && now.back === lostOf(now))
          const gone = lostOf(counts)
          t.diagnostic(`${name}, ${what}; ${transports.join(', ')}: ${gone} of ${each} lost their session and are ` +
            `back: ${JSON.stringify(counts.disconnects)}; they knew within ${Math.round(counts.slowestNotice)} ms`)
          lost.push(gone)
          assert.equal(counts.unanswered, 0, 'no client waits for an answer that cannot come')
          assert.deepEqual(Object.keys(counts.disconnects).filter((why) => !/^transport (error|close)$/.test(why)), [])
          assert.ok(counts.slowestNotice < NOTICE * Math.max(before, slowdown()), `${counts.slowestNotice} ms`)
        }
        const sum = lost.reduce((all, one) => all + one, 0)
        assert.ok(sum <= mayBeLost, `${sum} lost, where at most ${mayBeLost} had to be`)
        return lost
      }

      const [goes, ...stay] = processes as [Deployed, ...Deployed[]]
      // the proxy is not told; some clients fail once more before it has found out
      await watch('a process dies', async () => {
        const { sessions } = await goes.look()
        goes.child.kill('SIGKILL')
        return 2 * sessions
      })

      const comes = await deploy(t, OPTIONS)
      const [polling, websocket, both] = await watch('a process comes', async () => {
        await proxy.reload(portsOf([...stay, comes]))
        return 3 * each
      })
      // a quarter of the polling sessions belongs to the new process; twice that allows for an uneven hash
      assert.ok(polling! <= each / 2, `${polling} polling sessions moved`)
      if (keepsWebSockets) assert.deepEqual([websocket, both], [0, 0], 'WebSockets stay where they are')
      const { lines } = await comes.look()
      assert.ok(polling === 0 || lines.some((line) => line.includes('"reason":"session-unknown"')), 'the log says so')
    })

    more(() => processes.slice(1))
  })
}

function portsOf (processes: readonly Deployed[]): number[] {
  return processes.map(({ port }) => port)
}

function get (url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { ca, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text }).on('end', () => resolve(body))
    }).on('error', reject).end()
  })
}
