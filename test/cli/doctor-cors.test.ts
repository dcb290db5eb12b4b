import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import fastifyCors from '@fastify/cors'
import Fastify from 'fastify'
import { diagnose, PAGE, proxy, stock } from '../support/doctor.ts'
import { start } from '../support/server.ts'

const OTHER = 'https://other.example.com'

/** CORS headers by hand, before Socket.IO writes its answer. */
function middleware (headers: Readonly<Record<string, string | string[]>>) {
  return (_request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    next()
  }
}

interface Row {
  readonly what: string
  readonly faults: readonly string[]
  /** Of stock Socket.IO. */
  readonly cors?: object
  readonly headers?: Parameters<typeof middleware>[0]
  readonly args?: readonly string[]
  readonly browser?: RegExp
}

const rows: readonly Row[] = [
  { what: 'the page is allowed', cors: { origin: PAGE }, faults: [] },
  { what: 'everybody is allowed', cors: { origin: '*' }, faults: [] },
  { what: 'with credentials', cors: { origin: [PAGE], credentials: true }, args: ['--credentials'], faults: [] },
  { what: 'with a header', cors: { origin: PAGE }, args: ['--header', 'x-token: 1'], faults: [] },
  {
    what: 'no cors at all',
    faults: ['ACAO_MISSING', 'PREFLIGHT_STATUS'],
    browser: /No 'Access-Control-Allow-Origin' header is present/
  },
  { what: 'another origin in a list', cors: { origin: [OTHER] }, faults: ['ACAO_MISSING'] },
  {
    what: 'another origin',
    cors: { origin: OTHER },
    faults: ['ACAO_MISMATCH'],
    browser: /has a value 'https:\/\/other\.example\.com' that is not equal to the supplied origin\.$/
  },
  { what: 'a slash at the end', cors: { origin: `${PAGE}/` }, faults: ['ACAO_MISMATCH'] },
  {
    what: 'two values in one line',
    headers: { 'access-control-allow-origin': `${PAGE}, *` },
    faults: ['ACAO_DOUBLED', 'PREFLIGHT_STATUS'],
    browser: /contains multiple values 'https:\/\/app\.example\.com, \*', but only one is allowed\.$/
  },
  {
    what: 'two lines',
    headers: { 'access-control-allow-origin': [PAGE, PAGE] },
    faults: ['ACAO_DOUBLED', 'PREFLIGHT_STATUS']
  },
  {
    what: '* with credentials',
    cors: { origin: '*', credentials: true },
    args: ['--credentials'],
    faults: ['ACAO_ANY_WITH_CREDENTIALS'],
    browser: /must not be the wildcard '\*' when the request's credentials mode is 'include'\.$/
  },
  {
    what: 'no leave for credentials',
    cors: { origin: PAGE },
    args: ['--credentials'],
    faults: ['ACAC_MISSING'],
    browser: /header in the response is '' which must be 'true'/
  },
  {
    what: 'credentials: True',
    headers: { 'access-control-allow-origin': PAGE, 'access-control-allow-credentials': 'True' },
    args: ['--credentials'],
    faults: ['ACAC_MISSING', 'PREFLIGHT_STATUS']
  },
  {
    what: 'a header that is not listed',
    cors: { origin: PAGE, allowedHeaders: ['x-other'] },
    args: ['--header', 'x-token: 1'],
    faults: ['PREFLIGHT_HEADER'],
    browser: /Request header field x-token is not allowed by Access-Control-Allow-Headers in preflight response\.$/
  },
  {
    what: 'a header that needs no leave',
    cors: { origin: PAGE, allowedHeaders: ['x-other'] },
    args: ['--header', 'accept-language: de'],
    faults: []
  },
  {
    what: '* for headers does not hold with credentials',
    cors: { origin: PAGE, allowedHeaders: ['*'], credentials: true },
    args: ['--header', 'x-token: 1', '--credentials'],
    faults: ['PREFLIGHT_HEADER']
  },
  {
    what: '* for headers',
    cors: { origin: PAGE, allowedHeaders: ['*'] },
    args: ['--header', 'x-token: 1'],
    faults: []
  }
]

suite('CORS of Socket.IO\'s path', () => {
  for (const { what, faults, cors, headers, args = [], browser } of rows) {
    test(`${what}: ${faults.join(', ') || 'sound'}`, async (t) => {
      const { io, url } = await stock(t, cors === undefined ? {} : { cors })
      if (headers !== undefined) io.engine.use(middleware(headers))
      const diagnosis = await diagnose(url, '--no-attack', ...args)
      assert.deepEqual(diagnosis.codes, faults)
      if (browser !== undefined) assert.match(diagnosis.findings[0]!.browser!, browser)
    })
  }

  test('without --header a preflight is a warning: Socket.IO\'s client sends none', async (t) => {
    const { io, url } = await stock(t)
    io.engine.use((req: IncomingMessage, res: ServerResponse, next: () => void) => {
      if (req.method !== 'OPTIONS') res.setHeader('access-control-allow-origin', PAGE)
      next()
    })
    const severity = async (...args: string[]) => {
      const { findings, codes } = await diagnose(url, '--no-attack', ...args)
      assert.deepEqual(codes, ['PREFLIGHT_STATUS'])
      return findings[0]!.severity
    }
    assert.deepEqual([await severity(), await severity('--header', 'x-token: 1')], ['warning', 'error'])
  })

  test('ORIGIN_REFUSED: ours', async (t) => {
    const { own } = await start(t, { cors: { origin: OTHER } })
    const { codes, findings } = await diagnose(own)
    assert.deepEqual(codes, ['ORIGIN_REFUSED'])
    assert.match(findings[0]!.browser!, /No 'Access-Control-Allow-Origin'/)
    assert.equal(findings[0]!.fix.fastifyIO, `await app.register(fastifyIO, {\n  cors: { origin: ['${PAGE}'] }\n})`)
  })

  test('ORIGIN_REFUSED: ours, with missingOrigin: refuse', async (t) => {
    const { own } = await start(t, { cors: { origin: OTHER, missingOrigin: 'refuse' } })
    assert.deepEqual((await diagnose(own)).codes, ['ORIGIN_REFUSED'])
  })

  test('ORIGIN_REFUSED: stock with allowRequest', async (t) => {
    const { url } = await stock(t, {
      cors: { origin: OTHER },
      allowRequest: ({ headers: { origin } }, done) => done(null, origin === undefined || origin === OTHER)
    })
    assert.deepEqual((await diagnose(url)).faults, ['ORIGIN_REFUSED'])
  })

  test('ORIGIN_REFUSED: the WebSocket alone', async (t) => {
    const { url } = await stock(t, {
      cors: { origin: PAGE },
      allowRequest: ({ headers }, done) => done(null, headers.upgrade === undefined || headers.origin === undefined)
    })
    assert.deepEqual((await diagnose(url)).faults, ['ORIGIN_REFUSED'])
  })

  test('ORIGIN_REFUSED: stock with a middleware', async (t) => {
    const { io, url } = await stock(t, { cors: { origin: PAGE } })
    io.engine.use((req: IncomingMessage, _res: ServerResponse, next: (error?: Error) => void) => {
      next(req.headers.origin === undefined ? undefined : new Error('refused'))
    })
    assert.deepEqual((await diagnose(url)).faults, ['ORIGIN_REFUSED'])
  })

  test('UPGRADE_REFUSED: the server turns every upgrade down', async (t) => {
    const { io, url } = await stock(t, { cors: { origin: PAGE } })
    io.engine.use((req: IncomingMessage, _res: ServerResponse, next: (error?: Error) => void) => {
      next(req.headers.upgrade === undefined ? undefined : new Error('no WebSockets here'))
    })
    assert.deepEqual((await diagnose(url)).faults, ['UPGRADE_REFUSED'])
  })

  test('ORIGIN_REFUSED: the server\'s own page, which a proxy hides', async (t) => {
    const { own } = await start(t, { cors: { sameOrigin: false } })
    const { codes, findings } = await diagnose(own, '--origin', own)
    assert.deepEqual(codes, ['ORIGIN_REFUSED'])
    // no CORS check, so the console says nothing of one
    assert.equal(findings[0]!.browser, undefined)
  })

  test('VARY_MISSING: answers that a cache may keep', async (t) => {
    const sick = (vary: string | undefined) => stock(t).then(({ io, url }) => {
      io.engine.use((req: IncomingMessage, res: ServerResponse, next: () => void) => {
        res.setHeader('access-control-allow-origin', req.headers.origin ?? '*')
        if (vary !== undefined) res.setHeader('vary', vary)
        next()
      })
      // as a proxy would that ignores it
      io.engine.on('headers', (headers: Record<string, string>) => { headers['cache-control'] = 'max-age=60' })
      return diagnose(url)
    })
    const faults = (await sick(undefined)).faults.filter((code) => code !== 'PREFLIGHT_STATUS')
    assert.deepEqual(faults, ['VARY_MISSING'])
    assert.ok(!(await sick('Accept-Encoding, Origin')).faults.includes('VARY_MISSING'))
  })
})

suite('REST beside it', () => {
  const rest = (app: FastifyInstance): void => {
    app.get('/api/time', async () => ({ now: 1 }))
    app.put('/api/note', async () => ({ saved: true }))
  }

  /** Stock Socket.IO on a Fastify with another CORS layer. */
  async function apart (t: Parameters<typeof stock>[0], cors: object, io: object): Promise<string> {
    const app = Fastify()
    await app.register(fastifyCors, cors)
    rest(app)
    const { Server } = await import('socket.io')
    const sockets = new Server(app.server, { cors: io })
    t.after(async () => {
      await sockets.close()
      await app.close()
    })
    return app.listen({ port: 0, host: '127.0.0.1' })
  }

  test('ours: one policy', async (t) => {
    const { own } = await start(t, { cors: { origin: PAGE } }, rest)
    assert.deepEqual((await diagnose(own, '--rest', '/api/time')).codes, [])
    const put = ['--rest', 'PUT /api/note', '--header', 'content-type: application/json']
    assert.deepEqual((await diagnose(own, ...put)).codes, [])
  })

  test('REST_DIFFERS: the page may not read REST', async (t) => {
    const url = await apart(t, { origin: [OTHER, 'https://x.example'] }, { origin: PAGE })
    const { faults, findings } = await diagnose(url, '--rest', '/api/time')
    const { severity } = findings.find(({ code }) => code === 'REST_DIFFERS')!
    assert.deepEqual([faults, severity], [['REST_DIFFERS'], 'error'])
  })

  test('REST_DIFFERS: everybody may read REST', async (t) => {
    const url = await apart(t, { origin: '*' }, { origin: PAGE })
    const { faults, findings } = await diagnose(url, '--rest', '/api/time', '--no-attack')
    assert.deepEqual([faults, findings[0]!.severity], [['REST_DIFFERS'], 'warning'])
  })

  test('REST_DIFFERS: every site may read REST with the visitor\'s cookies, an error', async (t) => {
    const url = await apart(t, { origin: true, credentials: true }, { origin: [PAGE], credentials: true })
    for (const args of [[], ['--credentials']]) {
      const { faults, findings, code } = await diagnose(url, '--rest', '/api/time', '--no-attack', ...args)
      assert.deepEqual([faults, findings[0]!.severity, code], [['REST_DIFFERS'], 'error', 1])
      assert.match(findings[0]!.title, /https:\/\/attacker\.example may read this with the visitor's cookies/)
    }
  })

  test('REST_DIFFERS: Socket.IO gives every site an answer, REST the visitor\'s cookies too', async (t) => {
    const url = await apart(t, { origin: true, credentials: true, methods: ['GET', 'PUT'] }, { origin: '*' })
    const { faults, findings } = await diagnose(url, '--rest', 'PUT /api/note', '--no-attack')
    assert.deepEqual([faults, findings[0]!.severity], [['REST_DIFFERS'], 'error'])
  })

  test('REST_DIFFERS: of the page\'s difference and a stranger\'s, the worse one is told', async (t) => {
    const url = await apart(t, { origin: true, credentials: true }, { origin: OTHER })
    const { findings } = await diagnose(url, '--rest', '/api/time', '--no-attack')
    const { severity, title } = findings.find(({ code }) => code === 'REST_DIFFERS')!
    assert.equal(severity, 'error')
    assert.match(title, /attacker\.example may read this with the visitor's cookies/)
  })

  /** Writes its own header on every answer, and takes the server's away. */
  function reflecting (t: Parameters<typeof stock>[0], port: number, credentials: boolean) {
    return proxy(t, port, (head, request) => {
      const origin = /^origin: (.*)\r$/im.exec(request)?.[1]
      const own = head.replace(/\r\naccess-control-allow-(?:origin|credentials):[^\r]*/gi, '')
      const more = credentials ? '\r\nAccess-Control-Allow-Credentials: true' : ''
      return origin === undefined ? own : `${own}\r\nAccess-Control-Allow-Origin: ${origin}${more}`
    })
  }

  test('a proxy that reflects any origin, before a server that refuses strangers', async (t) => {
    const { port } = await start(t, { cors: { origin: PAGE } }, rest)
    const weights = async (credentials: boolean) => {
      const { url } = await reflecting(t, port, credentials)
      const { findings, code } = await diagnose(url, '--rest', '/api/time')
      return [...findings.map((finding) => `${finding.code} ${finding.severity}`).sort(), code]
    }
    assert.deepEqual(await weights(false), ['ORIGIN_REFLECTED warning', 'REST_DIFFERS warning', 0])
    assert.deepEqual(await weights(true), ['ORIGIN_REFLECTED warning', 'REST_DIFFERS error', 1])
  })

  test('the same list twice is no difference', async (t) => {
    const url = await apart(t, { origin: [PAGE] }, { origin: [PAGE] })
    assert.deepEqual((await diagnose(url, '--rest', '/api/time')).faults, [])
  })

  test('PREFLIGHT_METHOD', async (t) => {
    const url = await apart(t, { origin: PAGE, methods: ['GET', 'POST'] }, { origin: PAGE })
    const { faults, findings } = await diagnose(url, '--rest', 'PUT /api/note')
    assert.deepEqual(faults, ['PREFLIGHT_METHOD'])
    assert.match(findings.find(({ code }) => code === 'PREFLIGHT_METHOD')!.browser!, /Method PUT is not allowed/)
    const sound = await apart(t, { origin: PAGE, methods: ['GET', 'PUT'] }, { origin: PAGE })
    assert.deepEqual((await diagnose(sound, '--rest', 'PUT /api/note')).faults, [])
  })

  test('VARY_MISSING on a route', async (t) => {
    const { url } = await stock(t, { cors: { origin: [PAGE] } }, (request, response) => {
      if (request.headers.origin === PAGE) response.setHeader('access-control-allow-origin', PAGE)
      response.end('{}')
    })
    assert.deepEqual((await diagnose(url, '--rest', '/api/time', '--no-attack')).codes, ['VARY_MISSING'])
  })
})

suite('cookies', () => {
  const rows: ReadonlyArray<readonly [what: string, cookie: string, faults: readonly string[], severity?: string]> = [
    ['SameSite=Lax', 'io=1; Path=/; HttpOnly; SameSite=Lax', ['COOKIE_DROPPED'], 'error'],
    ['no SameSite', 'io=1; Path=/; Secure', ['COOKIE_DROPPED'], 'error'],
    ['None without Secure', 'io=1; SameSite=None', ['COOKIE_DROPPED'], 'error'],
    ['another Domain', 'io=1; Domain=example.org; SameSite=None; Secure; Partitioned', ['COOKIE_DROPPED'], 'error'],
    ['third-party, not Partitioned', 'io=1; SameSite=None; Secure', ['COOKIE_DROPPED'], 'warning'],
    ['sound', 'io=1; SameSite=None; Secure; Partitioned', []]
  ]
  for (const [what, cookie, faults, severity] of rows) {
    test(`${what}: ${faults.join() || 'kept'}`, async (t) => {
      const { own } = await start(t, { cors: { origin: PAGE, credentials: true } }, (app) => {
        app.addHook('onRequest', async (_request, reply) => { reply.header('set-cookie', cookie) })
      })
      const { codes, findings } = await diagnose(own, '--credentials')
      assert.deepEqual([codes, findings[0]?.severity], [faults, severity])
      assert.doesNotMatch(JSON.stringify(findings), /io=1/)
    })
  }

  test('without credentials nothing is kept, so nothing is dropped; one site may use Lax', async (t) => {
    const origin = [PAGE, 'http://127.0.0.1:3000']
    const { own } = await start(t, { cors: { origin, credentials: true }, cookie: true })
    assert.deepEqual((await diagnose(own)).codes, [])
    assert.deepEqual((await diagnose(own, '--origin', 'http://127.0.0.1:3000', '--credentials')).codes, [])
    assert.deepEqual((await diagnose(own, '--credentials')).codes, ['COOKIE_DROPPED'])
  })
})
