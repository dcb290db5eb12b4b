import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { Server } from 'socket.io'
import { fill, CODES } from '../../lib/cli/doctor/codes/index.ts'
import { lookalikesOf } from '../../lib/cli/doctor/attacks/strangers.ts'
import { diagnose, PAGE, stock } from '../support/doctor.ts'
import { start } from '../support/server.ts'

const cors = { origin: PAGE }

suite('stock Socket.IO with cors: { origin }', () => {
  test('CSWSH, with the proof', async (t) => {
    const { url } = await stock(t, { cors })
    const { codes, code, findings } = await diagnose(url)
    assert.deepEqual([codes, code], [['CSWSH', 'JSONP_OPEN', 'REBINDING', 'SESSION_FOR_STRANGER', 'SID_UNBOUND'], 1])
    const [{ code: first, severity, evidence: [proof] }] = findings as [typeof findings[number]]
    assert.deepEqual([first, severity], ['CSWSH', 'critical'])
    assert.match(proof!.request, /^GET \/socket\.io\/\?EIO=4&transport=websocket\S* HTTP\/1\.1\n/)
    assert.match(proof!.request, /\nOrigin: https:\/\/attacker\.example\n/)
    assert.match(proof!.response, /^HTTP\/1\.1 101 Switching Protocols\n[^]*\n\n0\{"sid":"/)
  })

  test('--no-attack asks as the page alone', async (t) => {
    const { io, url } = await stock(t, { cors })
    const origins = new Set<string | undefined>()
    io.engine.on('initial_headers', (_headers: object, request: { headers: { origin?: string } }) => {
      origins.add(request.headers.origin)
    })
    assert.deepEqual((await diagnose(url, '--no-attack')).codes, [])
    assert.deepEqual([...origins], [PAGE])
  })

  test('cookies of the user go along with a stranger\'s page, and are not in the report', async (t) => {
    const { io, url } = await stock(t, { cors: { ...cors, credentials: true } })
    const cookies = new Set<string | undefined>()
    io.engine.on('initial_headers', (_headers: object, { headers }: { headers: Record<string, string> }) => {
      if (headers.origin === 'https://attacker.example') cookies.add(headers.cookie)
    })
    const { findings } = await diagnose(url, '--cookie', 'session=hush')
    assert.deepEqual([...cookies], ['session=hush'])
    assert.doesNotMatch(JSON.stringify(findings), /hush/)
  })

  test('the fix of the report mends it: CSWSH, SESSION_FOR_STRANGER, SID_UNBOUND, JSONP_OPEN, REBINDING', async (t) => {
    const server = createServer()
    const io = new Server(server, { cors })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => io.close())
    const own = `127.0.0.1:${(server.address() as AddressInfo).port}`
    for (const code of ['CSWSH', 'JSONP_OPEN', 'REBINDING'] as const) {
      // as somebody would paste it
      // eslint-disable-next-line no-new-func
      Function('io', fill(CODES[code].fix.socketIO, { origin: PAGE, own }))(io)
    }
    assert.deepEqual((await diagnose(`http://${own}`)).codes, [])
  })
})

suite('how origins are compared', () => {
  /** A server that compares with the cors package alone, or with its handshakes too. */
  type Allows = (origin: string) => boolean

  async function readable (t: TestContext, allows: Allows, credentials = true): Promise<string> {
    const { url } = await stock(t, {
      cors: { origin: (origin, done) => done(null, origin !== undefined && allows(origin)), credentials }
    })
    return url
  }

  async function checked (t: TestContext, allows: Allows): Promise<string> {
    const { url } = await stock(t, {
      cors,
      allowRequest: ({ headers: { origin }, url = '' }, done) => {
        done(null, !url.includes('j=') && (origin === undefined || allows(origin)))
      }
    })
    return url
  }

  const rows: ReadonlyArray<readonly [code: string, allows: Allows, what?: string]> = [
    ['ORIGIN_NULL', (origin) => [PAGE, 'null'].includes(origin)],
    ['ORIGIN_SUFFIX', (origin) => /^https:\/\/app\.example\.com/.test(origin) && !origin.includes(':8443')],
    ['ORIGIN_PREFIX', (origin) => origin.startsWith('https://') && origin.endsWith('example.com')],
    ['ORIGIN_PREFIX', (origin) => /^https:.*app\.example\.com$/.test(origin), 'an end with a part of a name'],
    ['ORIGIN_SCHEME', (origin) => /^https?:\/\/app\.example\.com$/.test(origin)],
    ['ORIGIN_PORT', (origin) => /^https:\/\/app\.example\.com(:\d+)?$/.test(origin)]
  ]
  for (const [code, allows, what = ''] of rows) {
    test(`${code}: ${what} the answer may be read`, async (t) => {
      const { codes } = await diagnose(await readable(t, allows))
      assert.deepEqual(codes.filter((name) => name.startsWith('ORIGIN_')), [code])
    })

    test(`${code}: ${what} the WebSocket opens`, async (t) => {
      const { codes, findings } = await diagnose(await checked(t, allows))
      assert.deepEqual(codes.filter((name) => name !== 'REBINDING' && name !== 'SID_UNBOUND'), [code])
      assert.match(JSON.stringify(findings), /101 Switching Protocols/)
    })
  }

  test('ORIGIN_REFLECTED: any origin, with credentials and without', async (t) => {
    const severity = async (credentials: boolean) => {
      const { findings, codes } = await diagnose(await readable(t, () => true, credentials))
      // who reflects any origin reflects these too, which says nothing more
      assert.deepEqual(codes.filter((name) => name.startsWith('ORIGIN_')), ['ORIGIN_REFLECTED'])
      return findings.find(({ code }) => code === 'ORIGIN_REFLECTED')!.severity
    }
    assert.deepEqual([await severity(true), await severity(false)], ['critical', 'error'])
  })

  test('*, which browsers give no cookies, is not reflected', async (t) => {
    const { url } = await stock(t, { cors: { origin: '*' } })
    assert.ok(!(await diagnose(url)).codes.some((code) => code.startsWith('ORIGIN_')))
  })

  test('ORIGIN_PREFIX is an error where the attacker needs a name below the page\'s domain', async (t) => {
    const weight = async (end: string) => {
      const { findings } = await diagnose(await readable(t, (origin) => /^https:/.test(origin) && origin.endsWith(end)))
      return findings.filter(({ code }) => code === 'ORIGIN_PREFIX').map(({ severity, title }) => [severity, title])
    }
    const title = 'An origin that only ends like yours is allowed: https://attacker'
    assert.deepEqual(await weight('app.example.com'), [['error', `${title}app.example.com`]])
    assert.deepEqual(await weight('example.com'), [['critical', `${title}example.com`]])
    assert.deepEqual(await weight('.example.com'), [])
  })

  test('ours: patterns, ports and regexps that say what they mean', async (t) => {
    const origin = [PAGE, 'https://*.example.com', /^https:\/\/pr-\d+\.example\.com$/]
    const { own } = await start(t, { cors: { origin } })
    assert.deepEqual((await diagnose(own)).codes, [])
  })

  test('a server that allows http for a page on http is not blamed', async (t) => {
    const { own } = await start(t, { cors: { origin: 'http://localhost:*' } })
    assert.deepEqual((await diagnose(own, '--origin', 'http://localhost:3000')).codes, [])
  })
})

suite('JSONP and DNS rebinding', () => {
  test('JSONP_OPEN: ours with jsonp: true', async (t) => {
    const { app, own } = await start(t, { cors, jsonp: true })
    assert.deepEqual((await diagnose(own)).codes, ['JSONP_OPEN'])
    assert.equal(app.io.engine.clientsCount, 0)
  })

  test('no JSONP_OPEN where browsers would not run the answer', async (t) => {
    const { io, url } = await stock(t, { cors })
    io.engine.on('initial_headers', (headers: Record<string, string>) => {
      headers['X-Content-Type-Options'] = 'nosniff'
    })
    assert.ok(!(await diagnose(url)).codes.includes('JSONP_OPEN'))
  })

  test('REBINDING: a server that trusts its Host; the fix of the report mends it', async (t) => {
    const trusting = { cors, jsonp: false }
    const { own } = await start(t, trusting, () => {}, { trustProxy: true })
    const { codes, findings } = await diagnose(own)
    assert.deepEqual(codes, ['REBINDING'])
    const fix = findings[0]!.fix.fastifyIO!
    const options = /fastifyIO, (\{.*\})\)$/.exec(fix)![1]!
    // the fix names the port of the first server, so it is tried on the host alone
    const text = options.replaceAll('\'', '"').replace(/(\w+):(?= )/g, '"$1":')
    const value = JSON.parse(text) as { cors: { sameOrigin: string[] } }
    assert.deepEqual(value.cors.sameOrigin, [new URL(own).host])
    value.cors.sameOrigin = ['127.0.0.1']
    const fixed = await start(t, value, () => {}, { trustProxy: true })
    assert.deepEqual((await diagnose(fixed.own)).codes, [])
  })
})

suite('strangers', () => {
  test('only what somebody else can own', () => {
    const of = (page: string) => Object.fromEntries(lookalikesOf(page).map(({ code, origin, unless }) =>
      [code.slice('ORIGIN_'.length) + (unless === undefined ? '' : ` UNLESS ${unless}`), origin]
    ))
    assert.deepEqual(of('https://app.example.com'), {
      NULL: 'null',
      SUFFIX: 'https://app.example.com.attacker.example',
      PREFIX: 'https://attackerexample.com',
      'PREFIX UNLESS https://attacker.example.com': 'https://attackerapp.example.com',
      SCHEME: 'http://app.example.com',
      PORT: 'https://app.example.com:8443'
    })
    assert.deepEqual(of('https://shop.vercel.app:8443'), {
      NULL: 'null',
      SUFFIX: 'https://shop.vercel.app.attacker.example:8443',
      PREFIX: 'https://attackershop.vercel.app:8443',
      SCHEME: 'http://shop.vercel.app:8443',
      PORT: 'https://shop.vercel.app:9443'
    })
    const names = (page: string) => Object.entries(of(page)).filter(([name]) => name.startsWith('PREFIX UNLESS'))
    assert.deepEqual(names('https://a.b.example.com:444'), [
      ['PREFIX UNLESS https://attacker.b.example.com:444', 'https://attackera.b.example.com:444']
    ])
    assert.deepEqual(names('https://pr-1--site.netlify.app'), [
      ['PREFIX UNLESS https://attacker--site.netlify.app', 'https://attackerpr-1--site.netlify.app']
    ])
    assert.deepEqual(names('https://example.com'), [])
    assert.deepEqual(of('http://localhost:3000'), { NULL: 'null', SUFFIX: 'http://localhost.attacker.example:3000' })
    assert.deepEqual(of('https://192.0.2.1'), {
      NULL: 'null',
      SUFFIX: 'https://192.0.2.1.attacker.example',
      SCHEME: 'http://192.0.2.1',
      PORT: 'https://192.0.2.1:8443'
    })
    assert.deepEqual(of('null'), {})
    assert.deepEqual(of('app://desktop'), { NULL: 'null' })
  })
})
