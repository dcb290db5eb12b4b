// DEBUG=engine,engine:* shows the work of our transports as it shows that of Engine.IO's.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { suite, test } from 'node:test'
import { WebSocket } from 'ws'
import { ask, POLLING, sidOf, WEBSOCKET } from '../support/server.ts'

const SERVER = fileURLToPath(new URL('../fixtures/debug-server.ts', import.meta.url))

/** Sessions by polling, by WebSocket, and by an upgrade, and two refusals. */
async function converse (port: number): Promise<void> {
  const polling = `${POLLING}&sid=${sidOf(await ask(port, POLLING))}`
  await ask(port, polling, { method: 'POST', body: '40' })
  await ask(port, polling)
  await ask(port, polling, { method: 'POST', body: '42["echo",1]' })
  await ask(port, polling)
  await ask(port, polling, { method: 'POST', body: '1' })

  const url = `ws://127.0.0.1:${port}${WEBSOCKET}`
  const websocket = new WebSocket(url)
  await once(websocket, 'message')
  for (const message of ['40', '42["echo",1]']) {
    websocket.send(message)
    await once(websocket, 'message')
  }
  websocket.close()
  await once(websocket, 'close')

  const sid = sidOf(await ask(port, POLLING))
  const before = `${POLLING}&sid=${sid}`
  await ask(port, before, { method: 'POST', body: '40' })
  await ask(port, before)
  const held = ask(port, before)
  const upgrade = new WebSocket(`${url}&sid=${sid}`)
  await once(upgrade, 'open')
  upgrade.send('2probe')
  await once(upgrade, 'message')
  await held
  upgrade.send('5')
  upgrade.send('42["echo",1]')
  await once(upgrade, 'message')
  upgrade.close()
  await once(upgrade, 'close')

  await ask(port, `${POLLING}&sid=none`)
  await ask(port, POLLING.replace('polling', 'pigeon'))
}

/** @returns what a server writes to stderr while it serves the conversation, and until it has closed */
async function written (kind: string, DEBUG: string | undefined): Promise<string[]> {
  const { DEBUG: _, ...env } = process.env
  const child = fork(SERVER, [kind], {
    execArgv: ['--import', import.meta.resolve('tsx')],
    env: { ...env, ...(DEBUG !== undefined && { DEBUG, DEBUG_HIDE_DATE: '1', DEBUG_COLORS: '0' }) },
    silent: true
  })
  let text = ''
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  const gone = Promise.all([once(child, 'exit'), once(child.stderr!, 'end')])
  try {
    const [port] = await Promise.race([once(child, 'message'), gone])
    assert.ok(child.connected, `the server has not started: ${text}`)
    await converse(port as number)
  } finally {
    if (child.connected) child.disconnect()
    await gone
  }
  // IDs of sessions and sockets are random
  return text.split('\n').filter((line) => line !== '').map((line) => line
    .replace(/"sid":"[\w-]+"/g, '"sid":"…"')
    .replace(/sid=[\w-]{20,}/g, 'sid=…')
    .replace(/client "[\w-]+"/, 'client "…"')
    .replace(/id [\w-]{20,}$/, 'id …'))
}

/** Lines of `attach()`, which the plugin does not use. */
const OF_STOCK_ALONE = /intercepting request for path|creating engine\.io instance|attaching client/

function counted (lines: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const line of lines) {
    if (OF_STOCK_ALONE.test(line)) continue
    // the policy has headers there
    const said = line.replace(/writing headers: .*/, 'writing headers')
    counts[said] = (counts[said] ?? 0) + 1
  }
  // stock's closes the engine twice: with the server, and before it
  for (const twice of ['engine closing all open clients', 'engine closing webSocketServer']) {
    if (counts[twice] !== undefined) counts[twice] = 1
  }
  return counts
}

const NAMES = 'engine,engine:*,socket.io:server'

suite('DEBUG', { concurrency: false }, () => {
  test('with Engine.IO\'s handshakes, each line of stock\'s, and no other', async () => {
    const stock = counted(await written('stock', NAMES))
    const ours = counted(await written('{"statelessHandshake":false,"serveClient":false}', NAMES))
    assert.deepEqual(ours, stock)
    assert.ok(Object.keys(stock).length > 25, 'stock has said something')
  })

  test('a stateless handshake is shown, and what follows is shown like any other', async () => {
    const lines = await written('{}', NAMES)
    const text = lines.join('\n')
    assert.match(text, /engine handling "GET" http request "\/socket\.io\/\?EIO=4&transport=polling"/)
    assert.match(text, /engine handshaking client without a session: "0\{"sid":"…"/)
    assert.match(text, /engine:polling writing "0\{"sid":"…"/)
    assert.match(text, /engine:socket readyState updated from opening to open/)
    for (const line of [
      'engine:polling setting request', 'engine:polling received "40"', 'engine:ws received "42["echo",1]"',
      'engine:ws received "5"', 'engine upgrading existing transport', 'engine unknown sid "none"'
    ]) assert.ok(lines.includes(line), line)
  })

  test('nothing without DEBUG', async () => {
    assert.deepEqual(await written('{}', undefined), [])
  })
})
