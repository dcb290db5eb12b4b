import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { dirname } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startPlayground } from '../../playground/server/playground.ts'
import { ANY, wantedPorts } from '../../playground/server/ports.ts'
import { freePort } from '../support/program.ts'
import { until } from '../support/until.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

async function taken (t: TestContext): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

function answers (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => { socket.destroy(); resolve(true) })
    socket.on('error', () => resolve(false))
  })
}

interface Started {
  readonly npm: ChildProcess
  readonly text: string
  /** Where it says that it listens. */
  readonly ports: readonly number[]
}

/** `npm start`, once it has said where it listens. */
async function npmStart (t: TestContext, port: number | string): Promise<Started> {
  // npm as a user has it, not the one that runs the tests
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const npm = spawn('npm', ['start'], { cwd: root, env: { ...env, PORT: String(port) }, detached: true })
  t.after(() => { if (npm.exitCode === null && npm.signalCode === null) process.kill(-npm.pid!) })
  let text = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk: Buffer) => { text += chunk })
  await until(() => /Ctrl\+C/.test(text) || npm.exitCode !== null, 'the playground says where it listens')
  const ports = [...text.matchAll(/^ {4}http:\/\/localhost:(\d+)/gm)].map(([, port]) => Number(port))
  return { npm, text, ports }
}

suite('npm start', () => {
  test('the ports are four in a row, from PORT on', () => {
    assert.deepEqual(wantedPorts(''), { allowed: 3000, refused: 3001, backend: 3002, stock: 3003 })
    assert.deepEqual(wantedPorts('65532'), { allowed: 65532, refused: 65533, backend: 65534, stock: 65535 })
    for (const none of ['abc', '0', '-1', '65533', '3000.5', '99999999999']) {
      assert.throws(() => wantedPorts(none), /PORT must be a whole number from 1 to 65532/, none)
    }
  })

  test('a port that is taken leaves nothing behind', async (t) => {
    const stock = await taken(t)
    const [allowed, refused, backend] = [await freePort(), await freePort(), await freePort()]
    await assert.rejects(startPlayground({ allowed, refused, backend, stock }), { code: 'EADDRINUSE', port: stock })
    assert.deepEqual(await Promise.all([allowed, refused, backend].map(answers)), [false, false, false])
    await startPlayground({ ...ANY, allowed }).then((playground) => playground.close())
  })

  test('with a taken port it says so, and takes others; a PORT that is none ends it', async (t) => {
    const { text, ports } = await npmStart(t, await taken(t))
    assert.match(text, /Port \d+ is taken, so the playground uses free ports instead/)
    assert.equal(ports.length, 4)
    assert.deepEqual(await Promise.all(ports.map(answers)), [true, true, true, true])
    const { npm, text: refusal } = await npmStart(t, 'three')
    assert.equal(npm.exitCode, 2)
    assert.match(refusal, /PORT must be a whole number from 1 to 65532, not "three"/)
  })

  for (const signal of ['SIGTERM', 'SIGKILL', 'Ctrl+C'] as const) {
    test(`when npm gets ${signal}, nothing is left`, async (t) => {
      const { npm, ports } = await npmStart(t, await taken(t))
      // a terminal sends it to the whole group
      if (signal === 'Ctrl+C') process.kill(-npm.pid!, 'SIGINT')
      else npm.kill(signal)
      await once(npm, 'exit')
      await until(async () => !(await Promise.all(ports.map(answers))).includes(true), 'every port is free again')
    })
  }
})
