import assert from 'node:assert/strict'
import { createServer, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import type { Report } from '../../lib/cli/doctor/report/schema.ts'
import { CODES, fill } from '../../lib/cli/doctor/codes/index.ts'
import { cli, diagnose, dying, http, PAGE, stock } from '../support/doctor.ts'
import { nginx, nginxMissing, PASS } from '../support/nginx-in-front.ts'
import { start } from '../support/server.ts'

const cors = { origin: PAGE }
const HEADER = ['--header', 'x-token: 1']
const cutting = 'proxy_http_version 1.1; proxy_set_header Host $http_host;'

/** What an entry of the table says for nginx. */
function nginxFix (code: keyof typeof CODES): string {
  const { fix } = CODES[code] as { fix: { nginx?: string } }
  assert.ok(fix.nginx)
  return fill(fix.nginx, { origin: PAGE })
}

suite('behind real nginx', { skip: nginxMissing }, () => {
  /** Ours behind nginx. */
  async function behind (t: TestContext, server?: string, more?: string): Promise<string> {
    const { port } = await start(t, { cors })
    return nginx(t, [port], { ...(server !== undefined && { server }), ...(more !== undefined && { http: more }) })
  }

  test('sound', async (t) => {
    const { codes, code } = await diagnose(await behind(t), ...HEADER)
    assert.deepEqual([codes, code], [[], 0])
  })

  test('UPGRADE_DROPPED: no Upgrade header; the fix of the report mends it', async (t) => {
    const url = await behind(t, 'location / { proxy_pass http://upstream; }')
    assert.deepEqual((await diagnose(url)).codes, ['UPGRADE_DROPPED'])
    const fix = nginxFix('UPGRADE_DROPPED')
    const fixed = await behind(t, `location / { proxy_pass http://upstream; proxy_set_header Host $http_host; ${fix} }`)
    assert.deepEqual((await diagnose(fixed)).codes, [])
  })

  test('UPGRADE_DROPPED: no Connection header', async (t) => {
    const half = 'proxy_set_header Upgrade $http_upgrade;'
    const url = await behind(t, `location / { proxy_pass http://upstream; ${cutting} ${half} }`)
    assert.deepEqual((await diagnose(url)).codes, ['UPGRADE_DROPPED'])
  })

  test('UPGRADE_REFUSED: the proxy answers upgrades itself', async (t) => {
    const url = await behind(t, `location / { if ($http_upgrade) { return 426; } proxy_pass http://upstream; ${PASS} }`)
    const { codes, findings } = await diagnose(url)
    assert.deepEqual(codes, ['UPGRADE_REFUSED'])
    assert.match(findings[0]!.browser!, /Unexpected response code: 426$/)
  })

  test('ACAO_DOUBLED: the proxy adds the header too', async (t) => {
    const add = 'add_header Access-Control-Allow-Origin *;'
    const url = await behind(t, `location / { ${add} proxy_pass http://upstream; ${PASS} }`)
    const { codes, findings } = await diagnose(url, ...HEADER)
    assert.deepEqual(codes, ['ACAO_DOUBLED'])
    assert.match(findings[0]!.evidence[0]!.response, /Origin: https:\/\/app\.example\.com\n[^]*Origin: \*/i)
  })

  test('PREFLIGHT_STATUS: the proxy answers OPTIONS', async (t) => {
    const options = 'if ($request_method = OPTIONS) { return 204; }'
    const url = await behind(t, `location / { ${options} proxy_pass http://upstream; ${PASS} }`)
    const { codes, findings, code } = await diagnose(url, ...HEADER)
    assert.deepEqual([codes, code], [['PREFLIGHT_STATUS'], 1])
    assert.match(findings[0]!.title, /204 and no Access-Control-Allow-Origin/)
    assert.deepEqual((await diagnose(url)).codes, ['PREFLIGHT_STATUS'])
  })

  test('PREFLIGHT_STATUS: the proxy refuses OPTIONS', async (t) => {
    const limit = 'limit_except GET POST { deny all; }'
    const url = await behind(t, `location / { ${limit} proxy_pass http://upstream; ${PASS} }`)
    const { codes, findings } = await diagnose(url, ...HEADER)
    assert.deepEqual(codes, ['PREFLIGHT_STATUS'])
    assert.match(findings[0]!.browser!, /It does not have HTTP ok status\.$/)
  })

  test('ACAO_MISSING: the proxy removes Origin; that every WebSocket opens is told too', async (t) => {
    const url = await behind(t, `location / { proxy_pass http://upstream; ${PASS} proxy_set_header Origin ""; }`)
    const { faults, codes } = await diagnose(url, ...HEADER)
    assert.deepEqual(faults, ['ACAO_MISSING'])
    assert.ok(codes.includes('CSWSH'))
    const fixed = await behind(t, `location / { proxy_pass http://upstream; ${PASS} ${nginxFix('ACAO_MISSING')}\n }`)
    assert.deepEqual((await diagnose(fixed, ...HEADER)).codes, [])
  })

  test('ACAO_MISSING: the proxy removes the header of the answer', async (t) => {
    const hide = 'proxy_hide_header Access-Control-Allow-Origin;'
    const url = await behind(t, `location / { ${hide} proxy_pass http://upstream; ${PASS} }`)
    assert.deepEqual((await diagnose(url)).codes, ['ACAO_MISSING'])
  })

  test('PATH_WRONG: the proxy has it below a prefix', async (t) => {
    const url = await behind(t, `location /api/ { proxy_pass http://upstream/; ${PASS} }`)
    const { codes, server, code } = await diagnose(url)
    assert.deepEqual([codes, server.path, code], [['PATH_WRONG'], '/api/socket.io/', 1])
    assert.deepEqual((await diagnose(url, '--path', '/api/socket.io/')).codes, [])
  })

  test('NOT_SOCKET_IO: the proxy serves the application\'s page; the fix of the report mends it', async (t) => {
    const page = 'location / { default_type text/html; return 200 "<!doctype html><title>App</title>"; }'
    assert.deepEqual((await diagnose(await behind(t, page))).codes, ['NOT_SOCKET_IO'])
    const fix = nginxFix('NOT_SOCKET_IO').replace('http://127.0.0.1:3001', 'http://upstream')
    assert.deepEqual((await diagnose(await behind(t, `${page}\n${fix}`))).codes, [])
  })

  test('REDIRECTED: to https', async (t) => {
    const url = await behind(t, 'return 301 https://$host$request_uri;')
    assert.deepEqual((await diagnose(url)).codes, ['REDIRECTED'])
  })

  test('UNREACHABLE: the server behind it is down', async (t) => {
    const url = await nginx(t, [1])
    const { codes, findings } = await diagnose(url)
    assert.deepEqual(codes, ['UNREACHABLE'])
    assert.match(findings[0]!.evidence[0]!.response, /^HTTP\/1\.1 502 /)
  })

  test('ORIGIN_REFUSED: the server\'s own page, Host is changed; the fix of the report mends it', async (t) => {
    const { port } = await start(t, {}, () => {}, { trustProxy: true })
    const location = (more: string) => ({
      server: `location / { proxy_pass http://upstream; ${cutting.replace(/proxy_set_header Host.*$/, '')}
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; ${more} }`
    })
    const url = await nginx(t, [port], location(''))
    assert.deepEqual((await diagnose(url, '--origin', url)).faults, ['ORIGIN_REFUSED'])
    const fixed = await nginx(t, [port], location(nginxFix('ORIGIN_REFUSED')))
    assert.deepEqual((await diagnose(fixed, '--origin', fixed)).faults, [])
  })

  test('STICKY_MISSING: round robin; the fix of the report mends it', async (t) => {
    const ports = [await start(t, { cors }), await start(t, { cors }), await start(t, { cors })].map(({ port }) => port)
    const url = await nginx(t, ports)
    const { codes, findings } = await diagnose(url)
    assert.deepEqual(codes, ['STICKY_MISSING'])
    assert.match(findings[0]!.evidence[0]!.response, /Session ID unknown/)
    const fix = nginxFix('STICKY_MISSING').replace(/server [^}]*(?=\})/s, 'SERVERS')
    const fixed = await nginx(t, ports, { http: fix, server: `location / { proxy_pass http://io; ${PASS} }` })
    assert.deepEqual((await diagnose(fixed)).codes, [])
  })

  test('STICKY_MISSING: stock Socket.IO, random', async (t) => {
    const ports = [await stock(t, { cors }), await stock(t, { cors })].map(({ port }) => port)
    const servers = ports.map((port) => `server 127.0.0.1:${port};`).join(' ')
    const server = `location / { proxy_pass http://io; ${PASS} }`
    const url = await nginx(t, [], { http: `upstream io { random; ${servers} }`, server })
    assert.deepEqual((await diagnose(url, '--requests', '30')).faults, ['STICKY_MISSING'])
  })

  test('stickiness by cookie holds with credentials, and the report says so when the page sends none', async (t) => {
    const options = { cors: { ...cors, credentials: true } }
    const ports = [await start(t, options), await start(t, options)].map(({ port }) => port)
    const [one, two] = ports
    const url = await nginx(t, ports, {
      http: `split_clients $request_id $any { 50% one; * two; }
        map $cookie_route $route { one one; two two; default $any; }
        map $route $chosen { one 127.0.0.1:${one}; default 127.0.0.1:${two}; }`,
      server: `location / { proxy_pass http://$chosen; ${PASS}
        add_header Set-Cookie "route=$route; Path=/; SameSite=None; Secure; Partitioned"; }`
    })
    assert.deepEqual((await diagnose(url, '--credentials')).codes, [])
    assert.deepEqual((await diagnose(url, '--requests', '30')).codes, ['STICKY_MISSING'])
  })

  test('ours with a shared handshakeSecret: sound when hashed on sid, STICKY_MISSING by round robin', async (t) => {
    const options = { cors, handshakeSecret: 'a secret of these two processes!' }
    const ports = [await start(t, options), await start(t, options)].map(({ port }) => port)
    const servers = ports.map((port) => `server 127.0.0.1:${port};`).join(' ')
    const server = `location / { proxy_pass http://io; ${PASS} }`
    const hashed = await nginx(t, [], { http: `upstream io { hash $arg_sid consistent; ${servers} }`, server })
    assert.deepEqual((await diagnose(hashed)).codes, [])
    const spread = await nginx(t, [], { http: `upstream io { ${servers} }`, server })
    assert.deepEqual((await diagnose(spread)).codes, ['STICKY_MISSING'])
  })

  test('POLLING_BUFFERED: a cache that ignores the query; the fix of the report mends it', async (t) => {
    const cached = {
      http: 'proxy_cache_path FOLDER/cache keys_zone=polls:1m;',
      server: (more: string) => `location / { proxy_pass http://upstream; ${PASS}
        proxy_cache polls; proxy_cache_key $uri$http_upgrade$http_origin; proxy_cache_valid 200 1m;
        proxy_ignore_headers Cache-Control Vary; ${more} }`
    }
    const { port } = await start(t, { cors })
    const url = await nginx(t, [port], { http: cached.http, server: cached.server('') })
    for (const attempt of [1, 2]) {
      const { faults } = await diagnose(url, '--no-attack')
      assert.deepEqual(faults, ['POLLING_BUFFERED'], `attempt ${attempt}`)
    }
    const fix = nginxFix('POLLING_BUFFERED')
    const server = cached.server(fix).replace('proxy_cache polls;', '')
    const fixed = await nginx(t, [port], { http: cached.http, server })
    assert.deepEqual((await diagnose(fixed)).codes, [])
  })

  test('POLLING_BUFFERED: one connection for each visitor', async (t) => {
    const { port } = await start(t, { cors })
    const url = await nginx(t, [port], {
      http: 'limit_conn_zone $binary_remote_addr zone=one:1m;',
      server: `location / { limit_conn one 1; proxy_pass http://upstream; ${PASS} }`
    })
    assert.deepEqual((await diagnose(url, '--no-attack')).codes, ['POLLING_BUFFERED'])
  })

  test('the attacks on stock Socket.IO: the nginx fixes of the report mend them', async (t) => {
    const { port } = await stock(t, { cors })
    const open = await diagnose(await nginx(t, [port]))
    assert.deepEqual(open.codes, ['CSWSH', 'JSONP_OPEN', 'REBINDING', 'SESSION_FOR_STRANGER', 'SID_UNBOUND'])
    const [, map = '', inLocation = ''] = nginxFix('CSWSH').split(/^# in .*$/m)
    const url = await nginx(t, [port], {
      http: map,
      server: `location / { ${inLocation} ${nginxFix('JSONP_OPEN')} proxy_pass http://upstream; ${PASS} }`
    })
    assert.deepEqual((await diagnose(url)).codes, [])
  })
})

suite('other things in between', () => {
  function onwardsTo (port: number, { url, method, headers }: IncomingMessage): RequestOptions {
    return { host: '127.0.0.1', port, path: url!, method: method!, headers }
  }

  /** A proxy that passes requests on one after the other. */
  async function oneByOne (t: TestContext, port: number): Promise<string> {
    let last: Promise<unknown> = Promise.resolve()
    const proxy = createServer((request, response) => {
      const before = last
      last = before.then(async () => {
        const onwards = httpRequest(onwardsTo(port, request))
        request.pipe(onwards)
        response.on('close', () => { onwards.destroy() })
        const [answer] = await once(onwards, 'response') as [IncomingMessage]
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
        await once(response, 'close')
      }).catch(() => { response.destroy() })
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    t.after(() => { proxy.close(); proxy.closeAllConnections() })
    return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  }

  test('POLLING_BUFFERED: a proxy that keeps a POST while a poll waits', async (t) => {
    const { port } = await stock(t, { cors })
    const url = await oneByOne(t, port)
    const { faults } = await diagnose(url, '--timeout', '700', '--no-attack')
    assert.ok(faults.includes('POLLING_BUFFERED'))
    assert.ok(!faults.includes('STICKY_MISSING'))
  })

  test('POLLING_BUFFERED: a proxy that keeps small answers', async (t) => {
    const { port } = await stock(t, { cors })
    const { url } = await http(t, (request, response) => {
      const onwards = httpRequest(onwardsTo(port, request))
      request.pipe(onwards)
      onwards.on('error', () => response.destroy())
      onwards.on('response', (answer) => {
        const isPoll = request.method === 'GET' && request.url!.includes('sid=') && request.url!.includes('polling')
        if (isPoll && Number(answer.headers['content-length']) < 1000) return
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      })
    })
    const { faults } = await diagnose(url, '--timeout', '700', '--no-attack')
    assert.ok(faults.includes('POLLING_BUFFERED'))
  })
})

suite('polls that are late', () => {
  /** A proxy that holds polls back: the request, or its answer. */
  async function late (t: TestContext, what: 'request' | 'answer', ms: number): Promise<string> {
    const { port } = await stock(t, { cors })
    const timers = new Set<NodeJS.Timeout>()
    t.after(() => { for (const timer of timers) clearTimeout(timer) })
    const { url } = await http(t, (request, response) => {
      const isPoll = request.method === 'GET' && /transport=polling.*sid=/.test(request.url!)
      const after = (is: boolean, done: () => void): void => {
        if (is && isPoll) timers.add(setTimeout(done, ms))
        else done()
      }
      after(what === 'request', () => {
        const { url, method, headers } = request
        const onwards = httpRequest({ host: '127.0.0.1', port, path: url!, method: method!, headers })
        request.pipe(onwards)
        response.on('close', () => onwards.destroy())
        onwards.on('error', () => response.destroy())
        onwards.on('response', (answer) => after(what === 'answer', () => {
          response.writeHead(answer.statusCode!, answer.headers)
          answer.pipe(response)
        }))
      })
    })
    return url
  }

  for (const what of ['request', 'answer'] as const) {
    test(`POLLING_BUFFERED is a warning: each ${what} of a poll waits`, async (t) => {
      const { findings } = await diagnose(await late(t, what, 2300), '--no-attack')
      const [{ code, severity, title }] = findings.filter(({ code }) => !code.startsWith('UPGRADE_')) as
        [typeof findings[number]]
      assert.deepEqual([code, severity], ['POLLING_BUFFERED', 'warning'])
      assert.match(title, /a poll is answered \d{4} ms after its packet, a handshake in \d+ ms$/)
    })
  }

  test('an application that takes its time with CONNECT is not blamed', async (t) => {
    const { io, url } = await stock(t, { cors })
    io.use((_socket, next) => {
      const timer = setTimeout(next, 1300)
      t.after(() => clearTimeout(timer))
    })
    assert.deepEqual((await diagnose(url, '--no-attack')).codes, [])
  })
})

suite('a server that stops answering', () => {
  const ways: Readonly<Record<string, (socket: Socket) => void>> = {
    'connections are reset': (socket) => { socket.resetAndDestroy() },
    502: (socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'))
    },
    'a firewall that locks the doctor out': (socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'))
    }
  }
  for (const [what, fails] of Object.entries(ways)) {
    test(`is never sound: ${what}`, async (t) => {
      const ours = await start(t, { cors })
      const open = await stock(t, { cors })
      // in the preflight, in the poll, in stickiness, and in the attacks
      for (const [port, serves] of [ours, open].flatMap(({ port }) =>
        [2, 5, 8, 13, 18].map((count) => [port, count] as const))) {
        const { url } = await dying(t, port, serves, fails)
        const { code, out, err } = await cli(['doctor', url, '--origin', PAGE, '--json', '--timeout', '1000'])
        assert.ok(code === 2 ? out === '' : code === 1, `exit ${code} after ${serves}`)
        assert.match(err, /the server served the first request, but not the last one/)
        assert.match(err, /^fastify-io: (?:not all was examined: )?the server/)
      }
    })
  }

  test('probes that got no verdict are not ok; the page\'s poll that is cut off is a finding', async (t) => {
    const { port } = await stock(t, { cors })
    const { url } = await dying(t, port, 4, (socket) => socket.resetAndDestroy())
    const { code, out } = await cli(['doctor', url, '--origin', PAGE, '--json', '--timeout', '1000'])
    const report = JSON.parse(out) as Report
    const fine = report.probes.filter(({ ok }) => ok).map(({ name }) => name)
    const before = ['server', 'protocol', 'origin', 'preflight', 'websocket']
    assert.deepEqual([code, fine], [1, [...before, 'stickiness', 'cookies']])
    assert.deepEqual(report.findings.map((finding) => finding.code), ['POLLING_BUFFERED'])
  })

  test('the poll alone is cut off', async (t) => {
    const { port } = await stock(t, { cors })
    const { url } = await dying(t, port, 4, (socket) => socket.resetAndDestroy(), 1)
    const { findings, probes } = await diagnose(url, '--no-attack')
    assert.deepEqual(findings.map(({ code, title }) => [code, title]), [
      ['POLLING_BUFFERED', 'Long-polling is disturbed: the server ended the connection without an answer']
    ])
    assert.equal(probes.find(({ name }) => name === 'polling')!.ok, false)
  })

  test('an attack that is lost by chance is tried again; CSWSH is found', async (t) => {
    const { port } = await stock(t, { cors })
    const codes = async (serves: number) => {
      const { url } = await dying(t, port, serves, (socket) => socket.resetAndDestroy(), 1)
      return (await diagnose(url)).codes
    }
    const all = ['CSWSH', 'JSONP_OPEN', 'REBINDING', 'SESSION_FOR_STRANGER', 'SID_UNBOUND']
    // of the stranger, the polling handshake comes first
    assert.deepEqual(await codes(14), all)
    assert.deepEqual(await codes(15), all)
  })

  test('a server that ends the connections of strangers is sound', async (t) => {
    const { server, url } = await stock(t, { cors })
    for (const event of ['request', 'upgrade'] as const) {
      server.prependListener(event, ({ headers, url = '', socket }: IncomingMessage) => {
        const isOwn = headers.origin === undefined || headers.origin === PAGE
        if (!isOwn || url.includes('j=')) socket.destroy()
      })
    }
    assert.deepEqual((await diagnose(url)).codes, [])
  })
})
