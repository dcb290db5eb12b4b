import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createHttps } from 'node:https'
import { createRequire } from 'node:module'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { attach } from 'engine.io'
import { Server } from 'socket.io'
import { WebSocketServer } from 'ws'
import { examine } from '../../lib/cli/doctor/examine.ts'
import { readTarget } from '../../lib/cli/doctor/read-target.ts'
import { Wire } from '../../lib/cli/doctor/wire/wire.ts'
import { readOptions } from '../../lib/cli/shared/options.ts'
import { doctor } from '../../lib/cli/doctor/command.ts'
import { cli, diagnose, http, PAGE, stock, tcp } from '../support/doctor.ts'
import { start } from '../support/server.ts'

const pem = (file: string): Buffer => readFileSync(new URL(`../fixtures/tls/${file}.pem`, import.meta.url))

suite('a sound server', () => {
  test('ours: no finding, exit 0, and no session is left behind', async (t) => {
    const { app, own } = await start(t, { cors: { origin: PAGE, credentials: true } })
    const { codes, code, server, probes } = await diagnose(own, '--credentials')
    assert.deepEqual([codes, code], [[], 0])
    assert.deepEqual(server, { kind: 'socket.io', path: '/socket.io/', protocols: [4] })
    assert.ok(probes.every(({ ok }) => ok))
    assert.equal(app.io.engine.clientsCount, 0)
  })

  test('ours, from its own page', async (t) => {
    const { own } = await start(t)
    assert.deepEqual((await diagnose(own, '--origin', own)).codes, [])
  })

  test('stock Socket.IO that checks Origin and refuses JSONP: no session is left behind', async (t) => {
    const { io, url } = await stock(t, { cors: { origin: PAGE } })
    io.engine.use((req: IncomingMessage, _res: unknown, next: (error?: Error) => void) => {
      const { searchParams } = new URL(req.url!, 'http://localhost')
      const allowed = (req.headers.origin ?? PAGE) === PAGE && !searchParams.has('j')
      next(allowed ? undefined : new Error('refused'))
    })
    assert.deepEqual((await diagnose(url)).codes, [])
    assert.equal(io.engine.clientsCount, 0)
  })

  test('a server that is open to attacks: no session is left behind either', async (t) => {
    const { io, url } = await stock(t, { cors: { origin: true } })
    assert.equal((await diagnose(url)).code, 1)
    assert.equal(io.engine.clientsCount, 0)
  })

  test('stateless handshakes or not, over polling alone or WebSocket alone', async (t) => {
    const { own } = await start(t, { cors: { origin: PAGE }, statelessHandshake: false })
    assert.deepEqual((await diagnose(own)).codes, [])
    const polling = await start(t, { cors: { origin: PAGE }, transports: ['polling'] })
    const { codes, findings, code } = await diagnose(polling.own)
    assert.deepEqual([codes, findings[0]?.severity, code], [['UPGRADE_REFUSED'], 'info', 0])
    const webSocket = await start(t, { cors: { origin: PAGE }, transports: ['websocket'] })
    assert.deepEqual((await diagnose(webSocket.own)).codes, [])
  })

  test('it says who asks', async (t) => {
    const agents = new Set<string | undefined>()
    const { url } = await http(t, (request, response) => {
      agents.add(request.headers['user-agent'])
      response.writeHead(404).end()
    })
    await diagnose(url)
    assert.deepEqual([...agents], ['fastify-io-doctor/0.1.0'])
  })

  test('a slow answer to CONNECT is no buffering', async (t) => {
    const { io, url } = await stock(t, { cors: { origin: PAGE } })
    io.use((_socket, next) => { t.after(() => next()) })
    const { faults } = await diagnose(url, '--timeout', '1000', '--no-attack')
    assert.deepEqual(faults, [])
  })
})

suite('how much it asks', () => {
  const args = ['--rest', 'PUT /api/note', '--credentials', '--header', 'x-token: 1']

  /** Everybody but one stranger is welcome: then each lookalike opens a session and a WebSocket. */
  const open = {
    path: '/engine.io/',
    cors: { origin: true, credentials: true },
    allowRequest: ({ headers }: IncomingMessage, done: (error: null, allowed: boolean) => void) =>
      done(null, headers.origin !== 'https://attacker.example')
  }
  const forbidden = (_request: unknown, response: ServerResponse): void => { response.writeHead(403).end() }

  test('every request that reaches the server is counted, those that close sessions too', async (t) => {
    const ours = await start(t, { cors: { origin: PAGE, credentials: true } }, (app) => {
      app.put('/api/note', async () => ({}))
    })
    const lenient = await stock(t, open, forbidden)
    const runs = [
      [ours.own, ours.app.server, []],
      [ours.own, ours.app.server, args],
      [ours.own, ours.app.server, [...args, '--requests', '30']],
      [lenient.url, lenient.server, []]
    ] as const
    for (const [url, server, more] of runs) {
      let count = 0
      const onConnection = (): void => { count++ }
      server.on('connection', onConnection)
      const { out, err } = await cli(['doctor', url, '--origin', PAGE, ...more])
      server.off('connection', onConnection)
      assert.equal(err, '')
      assert.equal(Number(/ (\d+) requests in /.exec(out)![1]), count)
      assert.ok(count <= (more.length > args.length ? 82 : 60), `${count} requests`)
    }
  })

  test('the bound holds, and leaves room to close every session', async (t) => {
    for (const [most, hasFindings] of [[4, false], [9, false], [33, true]] as const) {
      const { io, url, server } = await stock(t, open, forbidden)
      let count = 0
      server.on('connection', () => { count++ })
      const target = readTarget(readOptions([url, '--origin', PAGE, '--path', '/engine.io/'], doctor.options))
      const bounds = { timeout: 2000, total: 20_000, most, insecure: false }
      const wire = new Wire({ url: target.url, ...bounds, userAgent: 'test' })
      const hasReport = await examine(target, wire).then(() => true, () => false)
      assert.equal(wire.stopped, `the server was not examined within ${most} requests`)
      assert.ok(count <= most && count >= most - 2, `${count} of ${most}`)
      assert.equal(wire.sent, count)
      assert.equal(io.engine.clientsCount, 0)
      // findings that were made before stand
      assert.equal(hasReport, hasFindings)
    }
  })
})

suite('no server', () => {
  test('UNREACHABLE: nothing listens', async () => {
    const { codes, server, findings } = await diagnose('http://127.0.0.1:1')
    assert.deepEqual([codes, server.kind], [['UNREACHABLE'], 'none'])
    assert.match(findings[0]!.evidence[0]!.response, /connection was refused/)
    assert.match(findings[0]!.browser!, /ERR_CONNECTION_REFUSED$/)
  })

  test('UNREACHABLE: no such host', async () => {
    const { codes, findings } = await diagnose('http://nowhere.invalid')
    assert.deepEqual(codes, ['UNREACHABLE'])
    assert.match(findings[0]!.browser!, /ERR_NAME_NOT_RESOLVED$/)
  })

  test('UNREACHABLE: it takes connections and says nothing', async (t) => {
    const { url } = await tcp(t, () => {})
    const begun = performance.now()
    const { codes, findings } = await diagnose(url, '--timeout', '200')
    assert.deepEqual(codes, ['UNREACHABLE'])
    assert.match(findings[0]!.evidence[0]!.response, /no answer came within 200 ms/)
    assert.ok(performance.now() - begun < 5000)
  })

  test('UNREACHABLE: it ends every connection', async (t) => {
    const { url } = await tcp(t, (socket) => socket.once('data', () => socket.destroy()))
    assert.deepEqual((await diagnose(url)).codes, ['UNREACHABLE'])
  })

  test('UNREACHABLE: a gateway whose server is down', async (t) => {
    const { url } = await http(t, (_request, response) => { response.writeHead(502).end('<h1>Bad Gateway</h1>') })
    assert.deepEqual((await diagnose(url)).codes, ['UNREACHABLE'])
  })

  test('TLS_INVALID: a self-signed certificate; --insecure goes on', async (t) => {
    const server = createHttps({ key: pem('key'), cert: pem('cert') })
    const io = new Server(server, { cors: { origin: PAGE } })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => io.close())
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { codes, findings } = await diagnose(url)
    assert.deepEqual(codes, ['TLS_INVALID'])
    assert.match(findings[0]!.evidence[0]!.response, /self-signed/)
    assert.match(findings[0]!.browser!, /ERR_CERT_AUTHORITY_INVALID$/)
    const { faults, server: found } = await diagnose(url, '--insecure')
    assert.deepEqual([faults, found.kind], [[], 'socket.io'])
  })

  test('TLS_INVALID: the port speaks plain HTTP', async (t) => {
    const { port } = await stock(t)
    const { codes, findings } = await diagnose(`https://127.0.0.1:${port}`)
    assert.deepEqual(codes, ['TLS_INVALID'])
    assert.match(findings[0]!.evidence[0]!.response, /speaks plain HTTP/)
  })

  test('REDIRECTED', async (t) => {
    const { url } = await http(t, (request, response) => {
      response.writeHead(301, { location: `https://other.example${request.url}` }).end()
    })
    const { codes, findings } = await diagnose(url)
    assert.deepEqual(codes, ['REDIRECTED'])
    assert.match(findings[0]!.title, /redirects to https:\/\/other\.example\/socket\.io\//)
  })
})

suite('another server', () => {
  const others: ReadonlyArray<readonly [string, Parameters<typeof http>[1]]> = [
    ['a page for every path', (_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><title>App</title>')
    }],
    ['404', (_request, response) => { response.writeHead(404).end('{"error":"Not Found"}') }],
    ['a body without end', (_request, response) => {
      response.writeHead(200)
      const more = (): void => { while (!response.destroyed && response.write('x'.repeat(10_000))); }
      response.on('drain', more)
      more()
    }],
    ['a body that drips', (_request, response) => {
      response.writeHead(200).write('0{"sid":')
    }],
    ['an open packet that is none', (_request, response) => { response.end('0{"sid":{"evil":true}}') }],
    ['other JSON errors', (_request, response) => { response.writeHead(400).end('{"code":400,"message":"no"}') }]
  ]
  for (const [what, listener] of others) {
    test(`NOT_SOCKET_IO: ${what}`, async (t) => {
      const { url } = await http(t, listener)
      const begun = performance.now()
      const { codes, server } = await diagnose(url, '--timeout', '300')
      assert.deepEqual([codes, server.kind], [['NOT_SOCKET_IO'], 'none'])
      assert.ok(performance.now() - begun < 10_000)
    })
  }

  test('NOT_SOCKET_IO: a head without end', async (t) => {
    const { url } = await tcp(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const more = (): void => { while (!socket.destroyed && socket.write(`x-filler: ${'x'.repeat(1000)}\r\n`)); }
      socket.on('drain', more)
      more()
    })
    const { codes, findings } = await diagnose(url)
    assert.deepEqual(codes, ['NOT_SOCKET_IO'])
    assert.match(findings[0]!.evidence[0]!.response, /longer than 16 KiB/)
  })

  test('NOT_SOCKET_IO: no HTTP', async (t) => {
    const { url } = await tcp(t, (socket) => { socket.write('SSH-2.0-OpenSSH_9.2\r\n') })
    assert.deepEqual((await diagnose(url)).codes, ['NOT_SOCKET_IO'])
  })

  test('could not run: a server that wants to know who asks', async (t) => {
    const { url } = await http(t, (_request, response) => { response.writeHead(401).end() })
    const { code, out, err } = await cli(['doctor', url])
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /asks for authentication \(401 at \/socket\.io\/\): give it with --cookie/)
  })

  test('could not run: a rate limit, at once or on the way', async (t) => {
    for (const limit of [0, 3, 6]) {
      let count = 0
      const { own } = await start(t, { cors: { origin: PAGE } }, (app) => {
        app.addHook('onRequest', async (_request, reply) => { if (count++ >= limit) return reply.code(429).send() })
      })
      const { code, out, err } = await cli(['doctor', own, '--origin', PAGE])
      assert.deepEqual([code, out, err], [
        2,
        '',
        'fastify-io: the server limits requests (429): raise the limit for this run, or wait\n'
      ], `after ${limit} requests`)
    }
  })

  test('findings before a rate limit stand, and the report says that not all was examined', async (t) => {
    let count = 0
    const { url } = await stock(t, { cors: { origin: 'https://other.example' } })
    const { port } = new URL(url)
    const limited = await http(t, (request, response) => {
      if (count++ >= 4) return response.writeHead(429).end()
      const onwards = httpRequest({ host: '127.0.0.1', port, path: request.url!, headers: request.headers })
      onwards.on('response', (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      }).end()
    })
    const { code, out, err } = await cli(['doctor', limited.url, '--origin', PAGE])
    assert.equal(code, 1)
    assert.match(out, /ACAO_MISMATCH/)
    assert.equal(err, 'fastify-io: not all was examined: ' +
      'the server limits requests (429): raise the limit for this run, or wait\n')
  })

  test('could not run: a server that is too slow', async (t) => {
    const { url } = await http(t, (_request, response) => {
      const timer = setTimeout(() => response.writeHead(404).end(), 90)
      response.on('close', () => clearTimeout(timer))
    })
    const target = readTarget(readOptions([url], doctor.options))
    const bounds = { timeout: 100, total: 50, most: 60, insecure: false }
    await assert.rejects(examine(target, new Wire({ url: target.url, ...bounds, userAgent: 'test' })), /too slow/)
  })

  test('a WebSocket whose first frame is a ping is open all the same', async (t) => {
    class PingFirst extends WebSocketServer {
      override handleUpgrade (...[req, socket, head, done]: Parameters<WebSocketServer['handleUpgrade']>): void {
        super.handleUpgrade(req, socket, head, (opened, request) => {
          opened.ping('first')
          done(opened, request)
        })
      }
    }
    const { url } = await stock(t, { cors: { origin: PAGE }, wsEngine: PingFirst as never })
    assert.deepEqual((await diagnose(url, '--no-attack')).codes, [])
  })

  test('with the header it runs', async (t) => {
    const { own } = await start(t, { cors: { origin: PAGE } }, (app) => {
      app.addHook('onRequest', async (request, reply) => {
        const isOpen = request.method === 'OPTIONS' || request.headers.upgrade !== undefined
        if (!isOpen && request.headers.authorization !== 'Bearer secret') return reply.code(401).send()
      })
    })
    const { faults, findings } = await diagnose(own, '--header', 'authorization: Bearer secret')
    assert.deepEqual(faults, [])
    assert.doesNotMatch(JSON.stringify(findings), /Bearer secret/)
  })

  test('could not run: every handshake is refused', async (t) => {
    const { url } = await stock(t, { allowRequest: (_request, done) => done('no ticket', false) })
    const { code, err } = await cli(['doctor', url])
    assert.equal(code, 2)
    assert.match(err, /refuses every handshake \(403\), with and without Origin/)
  })
})

suite('path and protocol', () => {
  test('PATH_WRONG: it answers at another path than the one given', async (t) => {
    const { url } = await stock(t, { path: '/ws/' })
    const { faults, server, findings } = await diagnose(url, '--origin', url, '--path', '/socket.io/')
    const { severity } = findings.find(({ code }) => code === 'PATH_WRONG')!
    assert.deepEqual([faults, server.path, severity], [['PATH_WRONG'], '/ws/', 'error'])
  })

  test('PATH_WRONG is a note only when no path was given; with the right one it is not there', async (t) => {
    const { own } = await start(t, { path: '/ws/', cors: { origin: PAGE } })
    const { codes, code, findings } = await diagnose(own)
    assert.deepEqual([codes, code, findings[0]!.severity], [['PATH_WRONG'], 0, 'info'])
    assert.deepEqual((await diagnose(own, '--path', '/ws')).codes, [])
  })

  test('PATH_WRONG: without the slash at its end', async (t) => {
    const { own } = await start(t, { path: '/live', addTrailingSlash: false, cors: { origin: PAGE } })
    const { faults, server } = await diagnose(own, '--path', '/live')
    assert.deepEqual([faults, server.path], [['PATH_WRONG'], '/live'])
  })

  test('a bare node server that leaves other paths unanswered is found', async (t) => {
    const { url } = await stock(t, { path: '/ws/', cors: { origin: PAGE } }, () => {})
    const { server } = await diagnose(url, '--timeout', '500')
    assert.equal(server.path, '/ws/')
  })

  test('PROTOCOL_UNSUPPORTED: Socket.IO 2', async (t) => {
    const server = createServer()
    const io = createRequire(import.meta.url)('socket.io-2')(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => new Promise((resolve) => { io.close(resolve) }))
    const { codes, server: found } = await diagnose(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    assert.deepEqual(found, { kind: 'socket.io', path: '/socket.io/', protocols: [3] })
    assert.ok(codes.includes('PROTOCOL_UNSUPPORTED') && codes.includes('CSWSH') && codes.includes('ORIGIN_REFLECTED'))
    assert.equal(Object.keys(io.eio.clients).length, 0)
  })

  test('a server for both protocols is sound', async (t) => {
    const { own } = await start(t, { cors: { origin: PAGE }, allowEIO3: true })
    const { codes, server } = await diagnose(own)
    assert.deepEqual([codes, server.protocols], [[], [3, 4]])
  })
})

suite('Engine.IO alone', () => {
  test('it is told from Socket.IO, and nothing is left behind', async (t) => {
    const server = createServer()
    const engine = attach(server, { cors: { origin: PAGE } })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      engine.close()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { faults, server: found } = await diagnose(url, '--path', '/engine.io/', '--timeout', '1000')
    assert.deepEqual([faults, found], [[], { kind: 'engine.io', path: '/engine.io/', protocols: [4] }])
    assert.equal(engine.clientsCount, 0)
  })
})

suite('network', () => {
  test('LOCAL_NETWORK: a public page, a server on this machine', async (t) => {
    const { own } = await start(t, { cors: { origin: 'https://fastify.dev' } })
    const { codes, code, findings } = await diagnose(own, '--origin', 'https://fastify.dev')
    assert.deepEqual([codes, code], [['LOCAL_NETWORK'], 0])
    assert.match(findings[0]!.title, /127\.0\.0\.1/)
  })

  test('no LOCAL_NETWORK: a page on this machine, and names that no page has', async (t) => {
    const { own } = await start(t, { cors: { origin: ['http://localhost:3000', 'https://app.test'] } })
    for (const origin of ['http://localhost:3000', 'https://app.test']) {
      assert.deepEqual((await diagnose(own, '--origin', origin)).codes, [])
    }
  })

  test('MIXED_CONTENT: an https page, a plain http server elsewhere', async (t) => {
    const { port } = await start(t, { cors: { origin: PAGE } })
    const ask = (origin: string) => {
      const args = [`http://api.example.com:${port}`, '--origin', origin, '--no-attack']
      const target = readTarget(readOptions(args, doctor.options))
      const lookup = (_host: string, options: { all?: boolean }, done: (...args: unknown[]) => void): void => {
        if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
        else done(null, '127.0.0.1', 4)
      }
      const bounds = { timeout: 2000, total: 20_000, most: 60, insecure: false }
      return examine(target, new Wire({ url: target.url, ...bounds, userAgent: 'test', lookup: lookup as never }))
    }
    const codes = async (origin: string) => (await ask(origin)).findings.map(({ code }) => code)
    assert.ok((await codes(PAGE)).includes('MIXED_CONTENT'))
    assert.ok(!(await codes('http://app.example.com')).includes('MIXED_CONTENT'))
  })
})
