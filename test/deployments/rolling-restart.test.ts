// Both processes behind nginx are restarted, one after the other, while 500 clients send orders.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { CustomersOptions, Report } from '../support/customers.ts'
import { CERT, shippedSite, startNginx } from '../support/nginx.ts'
import { SECRET } from '../support/processes.ts'
import { freePort, missing } from '../support/program.ts'

const CUSTOMERS = 500
const SPREAD = 3000
const ca = readFileSync(CERT)
const execArgv = process.execArgv

/** Stores each order once, whichever process brings it and how often. */
class Orders {
  readonly stored = new Set<string>()
  broughtAgain = 0

  serve (child: ChildProcess): void {
    child.on('message', (message: { order?: string, id: number }) => {
      if (message.order === undefined) return
      if (this.stored.has(message.order)) this.broughtAgain++
      this.stored.add(message.order)
      if (child.connected) child.send({ stored: message.id })
    })
  }
}

async function startShop (t: TestContext, orders: Orders, port: number): Promise<ChildProcess> {
  const options = { port, handshakeSecret: SECRET, closeSpread: SPREAD }
  const child = fork(new URL('../fixtures/order-process.ts', import.meta.url), [JSON.stringify(options)], { execArgv })
  t.after(() => child.kill('SIGKILL'))
  await once(child, 'message')
  orders.serve(child)
  return child
}

async function close (child: ChildProcess): Promise<number> {
  const begin = performance.now()
  const exit = once(child, 'exit')
  child.send('close')
  await exit
  return Math.round(performance.now() - begin)
}

test(`a rolling restart: ${CUSTOMERS} clients are back, and no acknowledged message is lost or doubled`, {
  skip: missing('nginx')
}, async (t) => {
  const orders = new Orders()
  const ports = [await freePort(), await freePort()] as const
  const processes = await Promise.all(ports.map((port) => startShop(t, orders, port)))
  const { url } = await startNginx(t, shippedSite, ports)
  const rest = watchRest(`${url}/api`)
  t.after(rest.stop)

  const options: CustomersOptions = { url, customers: CUSTOMERS, every: 1000 }
  const customers = fork(new URL('../support/customers.ts', import.meta.url), [JSON.stringify(options)], { execArgv })
  t.after(() => customers.kill('SIGKILL'))
  await once(customers, 'message')

  const took: number[] = []
  for (const [at, port] of ports.entries()) {
    took.push(await close(processes[at]!))
    await startShop(t, orders, port)
  }
  customers.send('stop')
  const [report] = await once(customers, 'message') as [Report]
  const { connected, acknowledged, failed, disconnects, attemptsFailed } = report
  const { served, others } = rest.stop()

  const lost = acknowledged.filter((offset) => !orders.stored.has(offset))
  t.diagnostic(`each process closed in ${took.join(' and ')} ms; disconnects: ${JSON.stringify(disconnects)}; ` +
    `${connected} of ${CUSTOMERS} are back; attempts that failed: ${attemptsFailed}`)
  t.diagnostic(`orders acknowledged: ${acknowledged.length}; stored: ${orders.stored.size}; lost: ${lost.length}; ` +
    `brought again, and stored once: ${orders.broughtAgain}`)
  t.diagnostic(`REST meanwhile: ${served} of ${served + others.length} served`)
  assert.equal(connected, CUSTOMERS)
  assert.deepEqual([failed, lost], [0, []])
  assert.equal(new Set(acknowledged).size, acknowledged.length)
  assert.deepEqual([...orders.stored].sort(), [...acknowledged].sort())
  assert.deepEqual(Object.keys(disconnects).filter((reason) => !/^transport (close|error)$/.test(reason)), [])
  // both processes were restarted, so every client was cut off at least once
  assert.ok(Object.values(disconnects).reduce((sum, some) => sum + some, 0) >= CUSTOMERS)
  assert.ok(took.every((ms) => ms > SPREAD / 2), 'the ends were spread')
  assert.deepEqual(others, [])
})

/** Asks a REST route again and again. */
function watchRest (url: string): { stop: () => { served: number, others: unknown[] } } {
  const going = { on: true }
  let served = 0
  const others: unknown[] = []
  const ask = (): Promise<void> => new Promise((resolve) => {
    request(url, { ca, agent: false }, (response) => {
      if (response.statusCode === 200) served++
      else others.push(response.statusCode)
      response.resume().on('close', resolve)
    }).on('error', (error) => { others.push(error.message); resolve() }).end()
  })
  const go = async (): Promise<void> => {
    while (going.on) {
      await ask()
      await delay(20)
    }
  }
  go()
  return { stop () { going.on = false; return { served, others } } }
}
