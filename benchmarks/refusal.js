// @ts-check
// What JavaScript a refused WebSocket upgrade takes, without a network: `npm run build`, then
// `node benchmarks/refusal.js ours`, or `stock`. Most of such a refusal is the kernel's, which hides what a line of
// code costs; here a tenth of a microsecond shows. Behind a network the same code has cold caches, and takes longer.
import { createServer, IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { setImmediate as tick } from 'node:timers/promises'
import { cors } from './contenders/settings.js'

const ROUNDS = 60
const PER_ROUND = 2000
/** Requests that come at once. */
const AT_ONCE = 20
const NOTHING = Buffer.alloc(0)
const HEAD = [
  'Host', '127.0.0.1:41234', 'Origin', 'https://evil.example.net', 'Connection', 'Upgrade', 'Upgrade', 'websocket',
  'Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='
]

/** Takes what is written, and has no client. */
class Silent extends Duplex {
  remoteAddress = '127.0.0.1'
  constructor () {
    super({ decodeStrings: false })
  }

  /** @override */
  _read () {}

  /**
   * @override
   * @param {string} chunk
   * @param {unknown} _encoding
   * @param {() => void} done
   */
  _write (chunk, _encoding, done) {
    if (chunk.startsWith(refusals[name])) refused++
    done()
  }
}

const refusals = { ours: 'HTTP/1.1 403 ', stock: 'HTTP/1.1 400 ' }
let refused = 0

const servers = {
  async ours () {
    const { default: Fastify } = await import('fastify')
    const { default: fastifyIO } = await import('../dist/index.js')
    const app = Fastify()
    await app.register(fastifyIO, { cors })
    await app.listen({ host: '127.0.0.1', port: 0 })
    return app.server
  },
  async stock () {
    const { Server } = await import('socket.io')
    const server = createServer()
    const io = new Server({
      cors,
      allowRequest: (req, done) => done(null, cors.origin.includes(req.headers.origin ?? ''))
    })
    io.attach(server)
    return server
  }
}

/** @param {import('node:http').Server} server */
function refuse (server) {
  const socket = /** @type {any} */ (new Silent())
  const request = /** @type {any} */ (new IncomingMessage(socket))
  Object.assign(request, { httpVersionMajor: 1, httpVersionMinor: 1, httpVersion: '1.1' })
  Object.assign(request, { method: 'GET', url: '/socket.io/?EIO=4&transport=websocket' })
  request._addHeaderLines(HEAD, HEAD.length)
  request.complete = true
  request.push(null)
  server.emit('upgrade', request, socket, NOTHING)
}

const name = process.argv[2] === 'stock' ? 'stock' : 'ours'
const server = await servers[name]()
const figures = []
for (let round = 0; round < ROUNDS; round++) {
  const begun = process.hrtime.bigint()
  for (let i = 0; i < PER_ROUND; i += AT_ONCE) {
    for (let j = 0; j < AT_ONCE; j++) refuse(server)
    await tick()
  }
  figures.push(Number(process.hrtime.bigint() - begun) / PER_ROUND / 1000)
}
if (refused !== ROUNDS * PER_ROUND) throw new Error(`${refused} of ${ROUNDS * PER_ROUND} upgrades were refused`)
console.log(`${name}: ${Math.min(...figures).toFixed(2)} µs`)
process.exit()
