import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fastifyCookie from '@fastify/cookie'
import cors from 'cors'
import Fastify from 'fastify'
import { Server } from 'socket.io'
import fastifyIO from '../../lib/index.ts'
import type { Code } from '../../lib/cli/doctor/codes/code.ts'
import { CODES, fill } from '../../lib/cli/doctor/codes/index.ts'
import { codeTable, EXAMPLE, PAGE, part } from '../../scripts/doctor-docs.ts'
import { doctorJsonSchema } from '../../scripts/doctor-schema.ts'
import { nginx, nginxMissing } from '../support/nginx-in-front.ts'

const codes = Object.entries(CODES as Readonly<Record<string, Code>>)
const fixtures = fileURLToPath(new URL('../fixtures/tls', import.meta.url))
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor

/** Those that the issue tracker, the page and users' scripts name: one that goes is a break. */
const NAMES = `UNREACHABLE TLS_INVALID MIXED_CONTENT REDIRECTED NOT_SOCKET_IO PATH_WRONG PROTOCOL_UNSUPPORTED
  ORIGIN_REFUSED
  ACAO_MISSING ACAO_MISMATCH ACAO_DOUBLED ACAO_ANY_WITH_CREDENTIALS ACAC_MISSING
  PREFLIGHT_STATUS PREFLIGHT_HEADER PREFLIGHT_METHOD VARY_MISSING REST_DIFFERS
  UPGRADE_DROPPED UPGRADE_REFUSED POLLING_BUFFERED STICKY_MISSING COOKIE_DROPPED LOCAL_NETWORK
  CSWSH SESSION_FOR_STRANGER ORIGIN_REFLECTED ORIGIN_NULL ORIGIN_SUFFIX ORIGIN_PREFIX ORIGIN_SCHEME ORIGIN_PORT
  SID_UNBOUND JSONP_OPEN REBINDING`.split(/\s+/)

test('the codes', () => {
  assert.deepEqual(codes.map(([code]) => code), NAMES)
})

test('docs/doctor.md has the table of the code: `npm run doctor:docs`', () => {
  assert.equal(part(readFileSync(PAGE, 'utf8'), 'codes'), codeTable())
})

test('doctor.schema.json is what `npm run schema` writes', () => {
  const file = new URL('../../doctor.schema.json', import.meta.url)
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), doctorJsonSchema())
})

suite('the fixes can be pasted', () => {
  for (const [code, { browser, fix: { fastifyIO: ours, socketIO, nginx: proxy } }] of codes) {
    if (browser !== undefined) test(`${code}: the browser's words`, () => { fill(browser, EXAMPLE) })

    if (ours !== undefined) {
      test(`${code}: fastify-io`, async () => {
        const app = Fastify()
        await app.register(fastifyCookie)
        app.get('/', async (_request, reply) => {
          if (!ours.startsWith('await')) await AsyncFunction('reply', 'value', fill(ours, EXAMPLE))(reply, 'v')
          return {}
        })
        // a port of the machine's choice
        const listening = fill(ours, EXAMPLE).replace('port: 3001', 'port: 0').replace('0.0.0.0', '127.0.0.1')
        if (ours.startsWith('await')) await AsyncFunction('app', 'fastifyIO', listening)(app, fastifyIO)
        await app.ready()
        assert.equal((await app.inject('/')).statusCode, 200)
        await app.close()
      })
    }

    if (socketIO !== undefined && !socketIO.startsWith('npm ')) {
      test(`${code}: Socket.IO`, async () => {
        const httpServer = createServer()
        const io = new Server()
        const used: unknown[] = []
        const app = { use: (middleware: unknown) => used.push(middleware) }
        const text = fill(socketIO, EXAMPLE).replace('3001, \'0.0.0.0\'', '0, \'127.0.0.1\'')
        io.attach(createServer())
        await AsyncFunction('httpServer', 'Server', 'io', 'app', 'cors', text)(httpServer, Server, io, app, cors)
        httpServer.close()
        await io.close()
      })
    }

    if (proxy !== undefined && !proxy.startsWith('#')) {
      test(`${code}: nginx takes it`, { skip: nginxMissing }, async (t) => {
        const text = fill(proxy, EXAMPLE)
          .replace('/etc/ssl/fullchain.pem', `${fixtures}/cert.pem`)
          .replace('/etc/ssl/privkey.pem', `${fixtures}/key.pem`)
          .replace('listen 80 ', 'listen unix:FOLDER/socket ')
        const isBlock = text.startsWith('upstream') || text.startsWith('server')
        const isOfServer = text.startsWith('location') || text.startsWith('ssl')
        await nginx(t, [1], isBlock
          ? { http: text }
          : { server: isOfServer ? text : `location / { proxy_pass http://upstream; ${text}\n }` })
      })
    }
  }
})
