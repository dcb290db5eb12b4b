/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import type { Socket } from 'socket.io-client'
import { type IceServer, readSignal } from '../../examples/webrtc/messages.ts'
import { createSignallingServer, type Joined } from '../../examples/webrtc/signalling.ts'
import { startWebRtc } from '../../examples/webrtc/start.ts'
import { turnServer } from '../../examples/webrtc/turn.ts'
import { launch } from '../browser/chromium.ts'
import { client, ORIGIN } from '../support/client.ts'
import { freePort } from '../support/program.ts'
import { until } from '../support/until.ts'

const OFFER = { type: 'offer', sdp: 'v=0' }
const room = (): string => randomBytes(16).toString('hex')
const shows = (page: Page, status: string): Promise<unknown> => page.waitForSelector(`[data-status=${status}]`)

test('two pages open a data channel; a third page, in another room, sees nothing', async (t) => {
  const ports = { signalling: await freePort(), page: await freePort() }
  const example = await startWebRtc(ports)
  t.after(() => example.close())
  // without the flag candidates are names of multicast DNS, which test machines do not answer
  const browser = await launch(['--disable-features=WebRtcHideLocalIpsWithMdns'])
  t.after(() => browser.close())
  const [first, second, other] = [await browser.newPage(), await browser.newPage(), await browser.newPage()]
  await first.goto(example.page)
  await shows(first, 'connected')
  await second.goto(first.url())
  await other.goto(example.page)
  assert.notEqual(other.url(), first.url(), 'each visit without a room makes one')
  await Promise.all([shows(first, 'open'), shows(second, 'open'), shows(other, 'connected')])

  const throughServer: unknown[] = []
  for (const socket of example.app.io.of('/').sockets.values()) socket.onAny((...args) => throughServer.push(args))
  await first.fill('input', '<b>hello</b>')
  await first.click('button')
  await second.waitForSelector('li:text-is("them: <b>hello</b>")')
  assert.equal(await other.locator('li').count(), 0)
  assert.ok(!JSON.stringify(throughServer).includes('hello'), 'it went from page to page')
  // a page that is closed between two polls would leave its session until the ping timeout, 45 s
  await until(() => [...example.app.io.of('/').sockets.values()]
    .every(({ conn }) => conn.transport.name === 'websocket'), 'all have upgraded')
  await second.close()
  await first.waitForSelector('[data-status=connected]')
})

test('a page of another origin gets no signalling', async (t) => {
  const ports = { signalling: await freePort(), page: await freePort() }
  const example = await startWebRtc(ports, { pageOrigin: 'https://app.example.com' })
  t.after(() => example.close())
  const browser = await launch()
  t.after(() => browser.close())
  const page = await browser.newPage()
  await page.goto(example.page)
  await shows(page, 'failed')
  assert.equal(example.app.io.engine.clientsCount, 0)
})

suite('the signalling server', () => {
  const servers: readonly IceServer[] = [{ urls: 'stun:stun.example.com' }]

  async function server (t: TestContext): Promise<string> {
    const app = await createSignallingServer({ origin: ORIGIN }, () => servers)
    t.after(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  }

  interface Peer { readonly socket: Socket, readonly heard: unknown[][] }

  /** A client that has the ICE servers; what it hears is kept. */
  async function peer (t: TestContext, url: string): Promise<Peer> {
    const socket = client(t, url, { transports: ['websocket'] })
    const heard: unknown[][] = []
    socket.on('signal', (...args) => heard.push(args))
    const given = await new Promise((resolve, reject) => {
      socket.once('ice-servers', resolve)
      socket.once('connect_error', reject)
    })
    assert.deepEqual(given, servers)
    return { socket, heard }
  }
  const join = ({ socket }: Peer, name: unknown): Promise<Joined> => socket.emitWithAck('join', name)
  const signal = ({ socket }: Peer, to: unknown, what: unknown, ...more: unknown[]): Promise<boolean> =>
    socket.emitWithAck('signal', to, what, ...more)

  test('relays in a room that both have joined, from the sender as the server knows it', async (t) => {
    const url = await server(t)
    const [ann, bob] = [await peer(t, url), await peer(t, url)]
    const name = room()
    assert.deepEqual(await join(ann, name), { peers: [] })
    assert.deepEqual(await join(bob, name), { peers: [ann.socket.id] })
    assert.equal(await signal(bob, ann.socket.id, { ...OFFER, from: 'somebody else', more: 'x' }), true)
    // an answer of Ann's comes after what was sent to her before
    assert.equal(await signal(ann, bob.socket.id, { type: 'answer', sdp: 'v=0' }), true)
    assert.deepEqual(ann.heard, [[bob.socket.id, OFFER]])
  })

  test('an attacker that is not in the room, or in another, reaches nobody', async (t) => {
    const url = await server(t)
    const [ann, bob, eve] = [await peer(t, url), await peer(t, url), await peer(t, url)]
    const name = room()
    await join(ann, name)
    await join(bob, name)
    assert.equal(await signal(eve, ann.socket.id, OFFER), false, 'in no room')
    // the rooms that Socket.IO makes: of a socket, and of the call as the server names it
    for (const wanted of [ann.socket.id, `call:${name}`, '', 'x'.repeat(1000), [name], { toString: name }, null]) {
      assert.deepEqual(await join(eve, wanted), { error: 'room-invalid' })
    }
    assert.deepEqual(await join(eve, room()), { peers: [] })
    assert.deepEqual(await join(eve, name), { error: 'room-invalid' }, 'one room for a connection')
    for (const to of [ann.socket.id, name, `call:${name}`, [ann.socket.id], eve.socket.id, '__proto__', null]) {
      assert.equal(await signal(eve, to, OFFER), false)
    }
    assert.equal(await signal(bob, ann.socket.id, { type: 'answer', sdp: 'of Bob' }), true)
    assert.equal(await signal(ann, bob.socket.id, OFFER), true)
    assert.deepEqual([ann.heard, eve.heard], [[[bob.socket.id, { type: 'answer', sdp: 'of Bob' }]], []])
  })

  test('what is no signal, or too long, is not relayed', async (t) => {
    const url = await server(t)
    const [ann, bob] = [await peer(t, url), await peer(t, url)]
    const name = room()
    await join(ann, name)
    await join(bob, name)
    const candidate = { type: 'candidate', candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 }
    const bad = [
      null, 'offer', [], {}, { type: 'offer' }, { type: 'offer', sdp: 1 }, { type: 'rollback', sdp: '' },
      { type: 'offer', sdp: 'x'.repeat(32_769) }, { ...candidate, candidate: 'x'.repeat(1_025) },
      { ...candidate, sdpMid: {} }, { ...candidate, sdpMLineIndex: -1 }, { ...candidate, sdpMLineIndex: '0' }
    ]
    for (const one of bad) assert.equal(await signal(ann, bob.socket.id, one), false, JSON.stringify(one).slice(0, 60))
    assert.equal(await signal(ann, bob.socket.id, candidate), true)
    assert.deepEqual(readSignal({ ...candidate, usernameFragment: 'x' }), candidate)
    const outcome = new Promise((resolve) => {
      ann.socket.once('disconnect', resolve)
      ann.socket.emit('signal', bob.socket.id, { type: 'offer', sdp: 'x'.repeat(70_000) }, () => resolve('answered'))
    })
    assert.notEqual(await outcome, 'answered', 'a message beyond the limit ends the connection')
  })

  test('a ninth peer is not let in, and a peer that leaves is told of', async (t) => {
    const url = await server(t)
    const name = room()
    const peers = await Promise.all(Array.from({ length: 9 }, () => peer(t, url)))
    for (const one of peers.slice(0, 8)) assert.ok('peers' in await join(one, name))
    assert.deepEqual(await join(peers[8]!, name), { error: 'room-full' })
    const { id } = peers[0]!.socket
    const left = new Promise((resolve) => peers[1]!.socket.once('left', resolve))
    peers[0]!.socket.close()
    assert.equal(await left, id)
  })
})

test('credentials for TURN expire, and are of the secret', () => {
  const { username, credential } = turnServer('turn:turn.example.com', 'secret', 60, 1_000_000)
  assert.equal(username, '1060')
  assert.equal(credential, createHmac('sha1', 'secret').update('1060').digest('base64'))
})
