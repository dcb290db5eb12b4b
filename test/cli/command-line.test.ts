import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { cli, http, PAGE, stock, tcp } from '../support/doctor.ts'
import { start } from '../support/server.ts'

const root = resolve(import.meta.dirname, '../..')

const MAIN = ['--import', 'tsx', 'lib/cli/main.ts']

/** A file with this text, gone when the test ends. */
function file (t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-io-cli-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'policy.json')
  writeFileSync(path, text)
  return path
}

suite('what was typed', () => {
  const rows: ReadonlyArray<readonly [args: string[], says: RegExp]> = [
    [['doctr'], /^fastify-io: there is no command "doctr"; did you mean doctor\?\nSee: npx fastify-io --help\n$/],
    [['constructor'], /there is no command "constructor"\n/],
    [['\u001b[31mred'], /there is no command "\\u001b\[31mred"/],
    [['doctor'], /the URL of the server is missing\nSee: npx fastify-io doctor --help/],
    [['doctor', 'localhost:3000'], /"localhost:3000" is not the URL .*; did you mean http:\/\/localhost:3000\?/],
    [['doctor', 'api.example.com'], /did you mean https:\/\/api\.example\.com\?/],
    [['doctor', 'ftp://x.example'], /is not the URL of a server, such as https:\/\/api\.example\.com\n/],
    [['doctor', 'http://'], /is not the URL of a server, such as https:\/\/api\.example\.com\n/],
    [['doctor', 'not a url'], /"not a url" is not the URL of a server, such as https:\/\/api\.example\.com\n/],
    [['doctor', ''], /"" is not the URL of a server, such as/],
    [['doctor', 'http://x.example', '--origin', 'a, b'], /"a, b" is not an origin .* such as https:\/\/app\.example\.com\n/],
    [['doctor', 'http://u:p@x.example'], /a URL with a user/],
    [['doctor', 'http://x.example/chat'], /has a path: give http:\/\/x\.example, and the path .* with --path/],
    [['doctor', 'http://x.example', 'http://y.example'], /one URL is examined at a time/],
    [['doctor', 'http://x.example', '--orgin', PAGE], /there is no option --orgin; did you mean --origin\?/],
    [['doctor', 'http://x.example', '-x'], /there is no option -x\n/],
    [['doctor', 'http://x.example', '--origin'], /--origin needs a value: --origin <origin>/],
    [['doctor', 'http://x.example', '--origin', '--json'], /--origin needs a value/],
    [['doctor', 'http://x.example', '--origin='], /--origin needs a value/],
    [['doctor', 'http://x.example', '--origin', `${PAGE}/`], /did you mean https:\/\/app\.example\.com\?/],
    [['doctor', 'http://x.example', '--origin', PAGE, '--origin', PAGE], /--origin is given twice/],
    [['doctor', 'http://x.example', '--json=yes'], /--json takes no value/],
    [['doctor', 'http://x.example', '--json', '--markdown'], /exclude each other/],
    [['doctor', 'http://x.example', '--timeout', '5s'], /--timeout must be a whole number from 100 to 60000, not "5s"/],
    [['doctor', 'http://x.example', '--requests', '1000'], /--requests must be a whole number from 1 to 30/],
    [['doctor', 'http://x.example', '--path', 'ws'], /--path must be a path such as \/socket\.io\//],
    [['doctor', 'http://x.example', '--path', '/a b'], /--path must be a path/],
    [['doctor', 'http://x.example', '--rest', 'time'], /--rest must be a path such as \/api\/time/],
    [['doctor', 'http://x.example', '--header', 'x'], /--header must be 'name: value'/],
    [['doctor', 'http://x.example', '--header', 'x: a\r\nhost: b'], /--header must be .* not "x: a\\r\\nhost: b"/],
    [['doctor', 'http://x.example', '--header', 'Host: evil'], /--header Host: no page can set this header/],
    [['doctor', 'http://x.example', '--cookie', 'x'], /--cookie must be 'name=value'/],
    [['check'], /the policy file is missing \(or --env\)/],
    [['check', 'a', 'b'], /too many arguments/],
    [['check', 'a', '--env'], /a policy file or --env, not both/],
    [['check', '/nowhere/policy.json'], /the policy file cannot be read: ENOENT/],
    [['explain', 'policy.json'], /the origin is missing/]
  ]
  for (const [args, says] of rows) {
    test(`exit 2: ${JSON.stringify(args).slice(0, 70)}`, async () => {
      const { code, out, err } = await cli(args)
      assert.deepEqual([code, out], [2, ''])
      assert.match(err, says)
    })
  }

  test('--help of the whole and of each command, --version', async () => {
    const overview = await cli(['--help'])
    assert.equal(overview.code, 0)
    assert.match(overview.out, /doctor .*\n.*check .*\n.*explain /)
    assert.deepEqual(await cli(['-h']), overview)
    assert.deepEqual(await cli([]), { code: 2, out: '', err: overview.out })
    assert.deepEqual(await cli(['--version']), { code: 0, out: '0.1.0\n', err: '' })
    for (const name of ['doctor', 'check', 'explain']) {
      const { code, out } = await cli([name, '--help'])
      assert.equal(code, 0)
      assert.match(out, new RegExp(`^Usage: npx fastify-io ${name} `, 'm'))
      assert.match(out, /^Exit code: 0 /m)
      assert.ok(out.split('\n').every((line) => line.length <= 80))
      assert.deepEqual(await cli(['help', name]), { code, out, err: '' })
    }
  })

  test('as a process, as a user runs it', async (t) => {
    const { url } = await stock(t, { cors: { origin: PAGE } })
    const child = execFile(process.execPath, [...MAIN, 'doctor', url, '--origin', PAGE], { cwd: root })
    let out = ''
    child.stdout!.on('data', (text) => { out += text })
    const [code] = await once(child, 'close')
    assert.equal(code, 1)
    assert.match(out, /✖ CSWSH {2}critical\n/)
    // colours and progress are for terminals
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(out, /\u001b/)
  })

  test('a reader that leaves early, such as head, is no error', async (t) => {
    const { url } = await http(t, (_request, response) => { response.writeHead(404).end() })
    const child = spawn(process.execPath, [...MAIN, 'doctor', url], { cwd: root })
    child.stdout.destroy()
    let err = ''
    child.stderr.on('data', (text) => { err += text })
    await once(child, 'close')
    assert.equal(err, '')
  })
})

suite('the report on a terminal', () => {
  // eslint-disable-next-line no-control-regex
  const plain = (text: string): string => text.replace(/\u001b\[\d+m/g, '')

  test('fits a screen for a sound server, with colours and progress', async (t) => {
    const { own } = await start(t, { cors: { origin: PAGE } })
    const { code, out, err } = await cli(['doctor', own, '--origin', PAGE], { tty: true })
    assert.equal(code, 0)
    const lines = plain(out).split('\n')
    assert.ok(lines.length <= 24 && lines.every((line) => line.length <= 80), out)
    assert.match(plain(out), /\nSound: \d+ probes found no error\. \d+ requests? in \d+\.\d s\.\n$/)
    // eslint-disable-next-line no-control-regex
    assert.match(out, /\u001b\[32m✔\u001b\[39m/)
    assert.match(err, /… websocket/)
    assert.ok(err.endsWith('\r\u001b[K'), 'the progress is gone')
  })

  test('no colours with NO_COLOR, and none where it is no terminal', async (t) => {
    const { own } = await start(t, { cors: { origin: PAGE } })
    for (const io of [{ tty: true, env: { NO_COLOR: '1' } }, { tty: true, env: { TERM: 'dumb' } }, { tty: false }]) {
      const { out } = await cli(['doctor', own, '--origin', PAGE], io)
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(out, /\u001b/)
    }
  })

  test('five findings of stock Socket.IO fit 45 lines of 80 columns, with what to paste', async (t) => {
    const { url } = await stock(t, { cors: { origin: PAGE } })
    const { out } = await cli(['doctor', url, '--origin', PAGE])
    const lines = out.trimEnd().split('\n')
    assert.ok(lines.length <= 45, `${lines.length} lines`)
    assert.deepEqual(lines.filter((line) => line.length > 80), [])
    const named = out.match(/^[✖▲] [A-Z_]+/gm)
    assert.deepEqual(named, ['✖ CSWSH', '✖ JSONP_OPEN', '▲ SESSION_FOR_STRANGER', '▲ SID_UNBOUND', '▲ REBINDING'])
    const ours = ['  fastify-io  await app.register(fastifyIO, {', `    cors: { origin: ['${PAGE}'] }`, '  })']
    assert.ok(out.includes(`\n${ours.join(`\n${' '.repeat(12)}`)}\n`))
    assert.match(out, /\n {2}sent {8}GET \/socket\.io\/\?EIO=4&transport=websocket\n {2}got {9}101 \S+ \S+ {2}0\{"sid":/)
    assert.match(out, /\n▲ SESSION_FOR_STRANGER: A polling handshake from [^]*? Refuse the handshake\.\n▲/)
  })

  test('prose keeps to 80 columns; snippets stay whole; headers are the evidence for CORS', async (t) => {
    const page = 'https://a-page-with-a-very-long-name-of-many-words.example.com'
    const { url } = await stock(t, { cors: { origin: PAGE } })
    const { out } = await cli(['doctor', url, '--origin', page])
    const prose = out.split('\n').filter((line) => !line.includes(`'${page}'`))
    assert.deepEqual(prose.filter((line) => line.length > 80), [])
    assert.ok(out.includes(`\n  Socket.IO   const allowed = [undefined, '${page}']\n`))
    assert.match(out, /\n {2}got {9}200 OK\n {14}Access-Control-Allow-Origin: https:\/\/app\.example\.com\n/)
  })

  const hostile = '\u001b]0;owned\u0007\u001b[2J\u202e```\n\n# owned <img src=x>'
  test('a hostile server steers neither the terminal nor the Markdown', async (t) => {
    const { url } = await tcp(t, (socket) => {
      socket.on('data', () => {
        const line = hostile.replaceAll('\n', ' ')
        const head = `HTTP/1.1 302 ${line}\r\nLocation: /${line}\r\nX-${'a'.repeat(300)}: ${line}\r\n`
        socket.end(Buffer.from(`${head}Content-Length: ${Buffer.byteLength(hostile)}\r\n\r\n${hostile}`))
      })
    })
    for (const format of [[], ['--markdown'], ['--json']]) {
      const { out, err } = await cli(['doctor', url, '--origin', PAGE, '--timeout', '500', ...format])
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(out + err, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
      if (format[0] === '--markdown') {
        assert.doesNotMatch(out, /^# owned|^```(?!`*$)[^`\n]+owned/m)
        assert.doesNotMatch(out.replace(/^(`{3,})\n[^]*?\n\1$/gm, ''), /<img/)
      }
    }
  })

  test('a body that would end a block of the Markdown does not', async (t) => {
    const { url } = await http(t, (_request, response) => { response.writeHead(404).end('```') })
    const { out } = await cli(['doctor', url, '--markdown'])
    assert.match(out, /^````\nGET [^]*\n```\n````\n/m)
  })

  test('Markdown has all evidence', async (t) => {
    const { url } = await stock(t, { cors: { origin: PAGE } })
    const { out, code } = await cli(['doctor', url, '--origin', PAGE, '--markdown'])
    assert.equal(code, 1)
    assert.match(out, /^# Doctor: `http:\/\/127\.0\.0\.1:\d+` from `https:\/\/app\.example\.com`$/m)
    assert.match(out, /^## `CSWSH`: critical$/m)
    assert.match(out, /^map \$http_origin \$stranger /m)
    assert.match(out, /^Origin: https:\/\/attacker\.example$/m)
  })
})

suite('check', () => {
  const text = `{
  "$schema": "fastify-io/cors.schema.json",
  "origin": [
    "https://app.example.com",
    "https://app.example.com/", "https://*.com"
  ],
  "credentals": true,
  "maxAge": 999999
}
`

  test('every mistake with line and column', async (t) => {
    const path = file(t, text)
    const { code, out, err } = await cli(['check', path])
    assert.deepEqual([code, err], [1, ''])
    const lines = out.replaceAll(path, 'F').split('\n').filter((line) => line.startsWith('F'))
    assert.deepEqual(lines.map((line) => line.slice(0, 40)), [
      'F:5:5  error  ORIGIN_INVALID  /origin/1 ',
      'F:5:33  error  ORIGIN_PUBLIC_SUFFIX  /or',
      'F:7:3  error  UNKNOWN_OPTION  /credental',
      'F:8:13  error  MAX_AGE_RANGE  /maxAge mu',
      'F: 4 mistakes, no warnings'
    ])
    assert.match(out, /\n {4}hint: {2}https:\/\/app\.example\.com\n/)
    assert.match(out, /\n {4}proof: https:\/\/evil\.com is accepted\n/)
  })

  test('--json', async (t) => {
    const path = file(t, text)
    const { code, out } = await cli(['check', path, '--json'])
    const { version, file: name, issues } = JSON.parse(out)
    assert.deepEqual([code, version, name, issues.length], [1, 1, path, 4])
    assert.deepEqual(issues[1], {
      severity: 'error',
      code: 'ORIGIN_PUBLIC_SUFFIX',
      path: '/origin/2',
      line: 5,
      column: 33,
      message: 'anyone can register a name below com',
      hint: issues[1].hint,
      proof: 'https://evil.com'
    })
  })

  test('warnings do not fail; names that stand twice are told', async (t) => {
    const twice = '{ "origin": "https://a.example",\r\n  "maxAge": 86400,\r\n  "origin": "https://b.example" }'
    const { code, out } = await cli(['check', file(t, twice)])
    assert.equal(code, 0)
    assert.match(out, /:2:13 {2}warning {2}MAX_AGE_CAPPED/)
    assert.match(out, /:3:3 {2}warning {2}DUPLICATE_KEY {2}"origin" stands here a second time/)
    assert.match(out, /: no mistakes, 2 warnings\n$/)
  })

  test('sound, with a byte order mark', async (t) => {
    const { code, out } = await cli(['check', file(t, '\uFEFF{ "origin": "https://a.example" }')])
    assert.deepEqual([code, out.split(': ').at(-1)], [0, 'no mistakes, no warnings\n'])
  })

  const broken: ReadonlyArray<readonly [text: string, says: RegExp]> = [
    ['{\n  "origin": [\n    "https://a.example",\n  ]\n}',
      /:4:3 {2}error {2}INVALID_JSON {2}is not JSON: value expected/],
    ['{\n  // mine\n  "origin": false }', /:2:3 {2}error {2}INVALID_JSON {2}is not JSON: invalid comment token/],
    ['{ "origin": "a', /:1:13 {2}error {2}INVALID_JSON/],
    ['', /:1:1 {2}error {2}INVALID_JSON/],
    ['[]', /:1:1 {2}error {2}INVALID_TYPE/],
    ['null', /:1:1 {2}error {2}INVALID_TYPE/],
    ['{} {}', /:1:4 {2}error {2}INVALID_JSON/],
    ['{ "origin": "\\u0007\\u001b[2J" }', /\\u0007\\u001b\[2J/]
  ]
  for (const [text, says] of broken) {
    test(`mistakes in ${JSON.stringify(text)}`, async (t) => {
      const { code, out } = await cli(['check', file(t, text)])
      assert.equal(code, 1)
      assert.match(out, says)
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f]/)
    })
  }

  test('--env: columns are those of the variable', async () => {
    const env = { ALLOWED_ORIGINS: 'https://a.example, https://b.example/', CORS_CREDENTIALS: 'maybe' }
    const { code, out } = await cli(['check', '--env'], { env })
    assert.equal(code, 1)
    assert.match(out, /environment:1:20 {2}error {2}ORIGIN_INVALID {2}\/ALLOWED_ORIGINS\/1/)
    assert.match(out, /CORS_CREDENTIALS must be true or false/)
    assert.equal((await cli(['check', '--env'], { env: { ALLOWED_ORIGINS: 'https://a.example' } })).code, 0)
    assert.match((await cli(['check', '--env'])).out, /ORIGIN_EMPTY/)
  })
})

suite('explain', () => {
  test('the decision, and the nearest allowed origin', async (t) => {
    const path = file(t, '{ "origin": ["https://app.example.com", "https://*.preview.example.com"] }')
    assert.deepEqual(await cli(['explain', path, 'https://app.exmaple.com']), {
      code: 1,
      out: '✖ https://app.exmaple.com is not allowed; https://app.example.com is: the spelling differs slightly.\n',
      err: ''
    })
    const listed = `✔ ${PAGE} is allowed: it is listed.\n`
    assert.deepEqual(await cli(['explain', path, PAGE]), { code: 0, out: listed, err: '' })
    const { code, out } = await cli(['explain', path, `${PAGE}/`, '--json'])
    assert.equal(code, 1)
    assert.deepEqual(JSON.parse(out), {
      version: 1,
      origin: `${PAGE}/`,
      allowed: false,
      reason: 'malformed',
      allowOrigin: null,
      explanation: `"${PAGE}/" is not allowed: it is not an origin as browsers send it; did you mean ${PAGE}?`
    })
  })

  test('--env, and a policy with mistakes', async (t) => {
    const env = { ALLOWED_ORIGINS: PAGE }
    assert.equal((await cli(['explain', '--env', PAGE], { env })).code, 0)
    const path = file(t, '{ "origin": "https://app.example.com/" }')
    const { code, out, err } = await cli(['explain', path, PAGE])
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /has 1 mistake: npx fastify-io check .*policy\.json lists them/)
  })

  test('an origin that would steer the terminal', async (t) => {
    const { out } = await cli(['explain', file(t, '{}'), 'https://a.example\u001b[2J'])
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(out, /\u001b/)
  })
})
