// docs/several-processes.md quotes the log for each wrong set-up: each is made here, and its line must stand there.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { client } from '../support/client.ts'
import { balancer, roundRobin } from '../support/fleet.ts'
import { type Line, logging } from '../support/log.ts'
import { SECRET } from '../support/processes.ts'
import { ask, POLLING, WEBSOCKET } from '../support/server.ts'
import { until } from '../support/until.ts'

const page = readFileSync(new URL('../../docs/several-processes.md', import.meta.url), 'utf8')

/** Waits for the line of this reason, and looks for its sentence. */
async function isQuoted (lines: readonly Line[], reason: string): Promise<void> {
  const line = (): Line | undefined => lines.find((one) => one.reason === reason)
  await until(line, `a line of the reason ${reason}`)
  const { msg } = line()!
  assert.ok(page.includes(`\`${msg}\``), `docs/several-processes.md does not quote: ${msg}`)
}

test('no stickiness, no handshakeSecret', async (t) => {
  const { port, lines } = await logging(t, {})
  await ask(port, `${POLLING}&sid=of-another-process`)
  await isQuoted(lines, 'session-unknown')
})

test('a handshakeSecret, and no stickiness', async (t) => {
  const servers = await Promise.all([1, 2].map(() => logging(t, { handshakeSecret: SECRET })))
  const url = await balancer(t, servers.map(({ port }) => port), roundRobin())
  for (let at = 0; at < 3; at++) client(t, url, { transports: ['polling'], extraHeaders: {}, reconnection: true })
  const lines = (): Line[] => servers.flatMap(({ lines }) => lines)
  await until(() => lines().some(({ reason }) => reason === 'foreign-session'), 'the log says so')
  await isQuoted(lines(), 'foreign-session')
})

test('a proxy that drops Upgrade', async (t) => {
  const { port, lines } = await logging(t, {})
  await ask(port, WEBSOCKET)
  await isQuoted(lines, 'upgrade')
})

test('a health check on /socket.io/', async (t) => {
  const { port, lines } = await logging(t, {})
  await ask(port, '/socket.io/')
  await isQuoted(lines, 'transport')
})

const forwarded = { host: 'app.example.com', origin: 'https://app.example.com' }

test('a proxy that does not say https', async (t) => {
  const { port, lines } = await logging(t, {}, () => {}, { trustProxy: '127.0.0.1' })
  await ask(port, POLLING, { headers: forwarded })
  await isQuoted(lines, 'not-listed')
})

test('trustProxy is not set', async (t) => {
  const { port, lines } = await logging(t, {})
  const headers = { ...forwarded, 'x-forwarded-proto': 'https', 'x-forwarded-host': forwarded.host }
  await ask(port, POLLING, { headers })
  await isQuoted(lines, 'not-listed')
})
