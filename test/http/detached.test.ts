import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { endSoon } from '../../lib/http/detached.ts'

/** More than the kernel buffers on its own for a client that does not read. */
const MUCH = 16 * 1024 * 1024

async function pair (t: TestContext): Promise<{ server: Socket, client: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1')
  t.after(() => listener.close())
  await once(listener, 'listening')
  const accepted = once(listener, 'connection')
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1').pause()
  const [server] = await accepted
  return { server, client }
}

test('endSoon: a client that reads slowly gets all that was written before the end', async (t) => {
  const { server, client } = await pair(t)
  server.write(Buffer.alloc(MUCH))
  assert.ok(server.writableLength > 0, 'the kernel took all: write more')
  endSoon(server)
  let got = 0
  client.on('data', (chunk) => { got += chunk.length }).resume()
  await once(client, 'close')
  assert.equal(got, MUCH)
  assert.equal(server.destroyed, true)
})

test('endSoon: a socket that has written all is destroyed at once', async (t) => {
  const { server, client } = await pair(t)
  endSoon(server)
  assert.equal(server.destroyed, true)
  client.resume()
  await once(client, 'close')
})

test('endSoon: a stream without destroySoon() writes what it has, and is destroyed', async () => {
  const written: string[] = []
  const stream = new Duplex({
    read () {},
    write (chunk, _encoding, done) {
      written.push(String(chunk))
      setImmediate(done)
    }
  })
  stream.write('one')
  stream.write('two')
  endSoon(stream)
  await once(stream, 'close')
  assert.deepEqual(written, ['one', 'two'])
})
