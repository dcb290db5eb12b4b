/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startCluster } from '../../examples/cluster/start.ts'
import { launch } from '../browser/chromium.ts'
import { freePort, missing } from '../support/program.ts'
import { ask } from '../support/server.ts'
import { alive } from '../support/alive.ts'

const CLIENTS = 8

function clients (page: Page, state: string): Promise<unknown> {
  return page.waitForFunction(([name, count]) => document.querySelectorAll(`[data-state=${name}]`).length === count,
    [state, CLIENTS] as const, { timeout: 30_000 })
}

/** The processes that have answered the clients of a page. */
function answeredBy (page: Page): Promise<Set<string>> {
  return page.$$eval('#clients td:nth-child(3)', (cells) => cells.map(({ textContent }) => textContent))
    .then((names) => new Set(names))
}

test('examples/cluster: four processes answer, and a policy that is edited on one revokes on all', {
  skip: missing('nginx', 'redis-server')
}, async (t) => {
  const ports = [await freePort(), await freePort()] as const
  const cluster = await startCluster(ports)
  t.after(() => cluster.close())
  const browser = await launch()
  t.after(() => browser.close())
  const [own, visitors] = [await browser.newPage(), await browser.newPage()]
  await own.goto(cluster.server)
  await visitors.goto(cluster.visitors)
  await Promise.all([clients(own, 'connected'), clients(visitors, 'connected')])
  const processes = new Set([...await answeredBy(own), ...await answeredBy(visitors)])
  t.diagnostic(`processes that answered 16 clients: ${[...processes].sort().join(', ')}`)
  assert.ok(processes.size >= 3 && !processes.has(''))

  await own.waitForSelector('body[data-ready]')
  await own.fill('#origins', `${cluster.visitors}/`)
  await own.click('button')
  await own.waitForSelector('output.bad')
  assert.match((await own.textContent('#result'))!, /is not an origin as browsers send it: http/)
  assert.equal(await visitors.$$eval('[data-state=connected]', ({ length }) => length), CLIENTS)

  await own.fill('#origins', 'https://elsewhere.example')
  await own.click('button')
  // each client is told in the process that it is connected to
  await clients(visitors, 'revoked')
  assert.equal(await own.$$eval('[data-state=connected]', ({ length }) => length), CLIENTS, 'the own page stays')
  // the pages of other origins may not publish, allowed or not
  const headers = { origin: cluster.visitors, 'content-type': 'application/json', host: new URL(cluster.server).host }
  assert.equal((await ask(ports[0], '/policy', { method: 'PUT', headers, body: 'false' })).status, 403)
  await own.fill('#origins', cluster.visitors)
  await own.click('button')
  await clients(visitors, 'connected')
  assert.equal((await ask(ports[0], '/policy', { method: 'PUT', headers, body: 'false' })).status, 403)

  await browser.close()
  await cluster.close()
  assert.deepEqual(cluster.pids.filter(alive), [], 'nothing runs on')
})
