import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { origins as cases } from '../cases/origins.ts'
import { type Answer, AnswerParser } from './answers.ts'
import { parse, UsageError } from './args.ts'
import { BREAKS } from './breaks.ts'
import { draw } from './grammar/callers.ts'
import { goodFrames } from './grammar/frames.ts'
import { anyRequest, anyUpgrade, compose, type Expectation } from './grammar/requests.ts'
import { judge } from './oracles.ts'
import { mainPolicy, tablePolicies } from './origins.ts'
import { Random, seedOf } from './random.ts'
import type { Wire } from './wire.ts'
import type { Scope, World } from './world.ts'

const scope: Scope = {
  prefix: '',
  path: '/socket.io/',
  port: 80,
  policy: mainPolicy,
  enforceAll: false,
  emitsHeaders: true,
  jsonp: false,
  eio3: false,
  trustProxy: false,
  sids: []
}

describe('fuzzer', () => {
  test('each line that `npm run fuzz:breaks` breaks is there, once', () => {
    const root = resolve(import.meta.dirname, '../..')
    const pieces = (file: string, line: string): number => readFileSync(resolve(root, file), 'utf8').split(line).length
    const missing = BREAKS.filter(({ file, line }) => pieces(file, line) !== 2)
    assert.deepEqual(missing, [])
  })

  test('a seed determines every byte', () => {
    const bytes = (seed: number): string => {
      const random = new Random(seed)
      return Array.from(
        { length: 200 },
        () =>
          (random.chance(50) ? anyRequest : anyUpgrade)(random, scope, draw(random, scope)).text +
          goodFrames(random, '42["echo"]')
      ).join('')
    }
    assert.equal(bytes(1), bytes(1))
    assert.notEqual(bytes(1), bytes(2))
    assert.notEqual(seedOf(1, 2), seedOf(2, 1))
  })

  test('its own reading of a list agrees with the case table', () => {
    const lists = tablePolicies.filter(({ knowsAll }) => knowsAll)
    assert.ok(lists.length >= 2)
    for (const { expect, allowed, refused } of lists) {
      for (const origin of allowed) assert.deepEqual(expect(origin), { verdict: 'allowed', header: origin })
      for (const origin of refused) assert.equal(expect(origin).verdict, 'refused', origin)
    }
    const known = tablePolicies.reduce((sum, { allowed, refused }) => sum + allowed.length + refused.length, 0)
    assert.ok(known > cases.length * 0.7, 'most rows are drawn from')
  })

  test('answers are cut from any pieces', () => {
    const text =
      'HTTP/1.1 100 Continue\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab' +
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\ncd\r\nA;x\r\n0123456789\r\n0\r\n\r\n' +
      'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'
    for (const size of [1, 3, 7, 1000]) {
      const parser = new AnswerParser()
      const answers: Answer[] = []
      for (let at = 0; at < text.length; at += size) {
        parser.push(text.slice(at, at + size))
        for (let answer = parser.next('GET'); answer !== undefined; answer = parser.next('GET')) answers.push(answer)
      }
      assert.deepEqual(answers.map(({ status, body, last }) => [status, body, last]), [[200, 'ab', false], [
        200,
        'cd0123456789',
        false
      ], [204, '', true]])
    }
    const head = new AnswerParser()
    head.push('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
    assert.equal(head.next('HEAD')?.body, '')
  })

  describe('the oracles notice', () => {
    const app = 'https://app.example.com'
    const from = (origin: string): Expectation =>
      compose(new Random(1), scope, { lines: '', host: 'x', origin, expected: mainPolicy.expect(origin) }, {
        target: '/socket.io/?EIO=4&transport=polling'
      }, { engine: true, served: true }).expectation
    const judged = (expectation: Expectation, answer: Partial<Answer>): string[] => {
      const complaints: string[] = []
      const world = { tally: { answers: 0 } } as unknown as World
      judge(
        world,
        { complain: (oracle: string) => { complaints.push(oracle) } } as unknown as Wire,
        expectation,
        { status: 200, head: 'HTTP/1.1 200 OK', body: '', last: false, malformed: false, ...answer }
      )
      return complaints
    }
    const open = { body: '0{"sid":"abc"}' }
    const rows:
    readonly (readonly [
        what: string,
        expectation: Expectation,
        answer: Partial<Answer>,
        complaint: string | undefined
    ])[] = [
      ['a right answer',
        from(app), { ...open, head: `HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: ${app}` }, undefined],
      ['a right refusal', from('https://attacker.example'), { status: 403 }, undefined],
      ['a 500', from(app), { status: 500 }, 'no 5xx but 503'],
      ['a CORS header for a refused origin', from('https://attacker.example'), {
        status: 403,
        head: 'HTTP/1.1 403 Forbidden\r\naccess-control-allow-credentials: true'
      }, 'no CORS header for a refused origin'],
      ['a 101 for a refused origin', from('https://attacker.example'), { status: 101 }, 'no 101 for a refused origin'],
      ['a session for a refused origin',
        from('https://attacker.example'), { ...open, status: 403 }, 'no session for a refused origin'],
      ['an answer to a refused origin', from('https://attacker.example'), {}, 'a refused origin is not served'],
      ['an allowed origin without its header', from(app), {}, 'an allowed origin has its CORS header'],
      ['the header of another origin', from(app), {
        head: 'HTTP/1.1 200 OK\r\naccess-control-allow-origin: https://attacker.example'
      }, 'the CORS header is the origin'],
      ['a stolen session that answers', { ...from(app), stolen: true }, {
        head: `HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: ${app}`
      }, 'a session answers no other origin']
    ]
    for (const [what, expectation, answer, complaint] of rows) {
      test(what, () => {
        const complaints = judged(expectation, answer)
        if (complaint === undefined) assert.deepEqual(complaints, [])
        else assert.ok(complaints.includes(complaint), complaints.join())
      })
    }
  })

  test('the command line', () => {
    const { seed, seconds, workers } = parse(['--seed', '7', '--requests', '10'])
    assert.deepEqual([seed, seconds, workers], [7, Infinity, 2])
    assert.equal(parse([]).seconds, 60)
    const mistakes = [
      ['--seed', 'x'],
      ['--sed', '1'],
      ['--configurations', 'none'],
      ['--round', '1'],
      ['--connection', '1'],
      ['--workers', '0']
    ]
    for (const argv of mistakes) {
      assert.throws(() => parse(argv), UsageError)
    }
  })

  test('a short run over every configuration finds nothing', { timeout: 200_000 }, () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [
      '--import', 'tsx', 'test/fuzz/run.ts', '--seed', '1', '--requests', '20000', '--connections', '40', '--workers',
      '1'
    ], { encoding: 'utf8', cwd: new URL('../..', import.meta.url) })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /^seed 1, 1 workers, .*\n[^]*\nno violation\n$/)
  })
})
