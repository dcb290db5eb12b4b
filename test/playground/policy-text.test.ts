import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { OriginPolicy } from '../../lib/index.ts'
import { PolicyDesk } from '../../playground/server/policy-desk.ts'
import { checkPolicy } from '../../playground/server/policy-text.ts'

suite('the text of a policy', () => {
  const cases: [text: string, code: string, marked: string, line: number][] = [
    ['{\n  "origin": "https://a.example/"\n}', 'ORIGIN_INVALID', '"https://a.example/"', 2],
    ['{\n  "origin": [\n    "https://a.example",\n    "null"\n  ]\n}', 'ORIGIN_NULL', '"null"', 4],
    ['{ "orgin": ["https://a.example"] }', 'UNKNOWN_OPTION', '"orgin"', 1],
    ['{ "a/b~c": 1 }', 'UNKNOWN_OPTION', '"a/b~c"', 1],
    ['{ "origin": [] }', 'ORIGIN_EMPTY', '[]', 1],
    ['{ "origin": "*", "maxAge": "1" }', 'INVALID_TYPE', '"1"', 1],
    ['[]', 'INVALID_TYPE', '[]', 1],
    ['null', 'INVALID_TYPE', 'null', 1],
    ['', 'JSON', '', 1],
    ['{\n  "origin": "*"\n  "credentials": true\n}', 'JSON', '"credentials"', 3],
    ['{ "origin": ["*",] }', 'JSON', ']', 1],
    ['{ /* no */ }', 'JSON', '/* no */', 1],
    ['{ "origin": \'*\' }', 'JSON', "'*'", 1],
    ['{ "origin": "*" } x', 'JSON', 'x', 1]
  ]
  for (const [text, code, marked, line] of cases) {
    test(`${code} in ${JSON.stringify(text)}`, () => {
      const { cors, issues: [issue] } = checkPolicy(text)
      assert.equal(cors, undefined)
      assert.equal(issue!.code, code)
      assert.equal(text.slice(issue!.from, issue!.to), marked)
      assert.equal(issue!.line, line)
      assert.notEqual(issue!.message, '')
    })
  }

  test('every mistake is found, in the order of the text', () => {
    const { issues } = checkPolicy('{ "methds": [], "origin": ["https://a.example/", "b"], "maxAge": "x" }')
    assert.ok(issues.length >= 4)
    assert.deepEqual(issues.map(({ from }) => from), issues.map(({ from }) => from).sort((a, b) => a - b))
  })

  test('a warning has its place too, and forbids nothing', () => {
    const text = '{ "origin": "https://a.example", "maxAge": 80000 }'
    const { cors, issues, warnings: [warning] } = checkPolicy(text)
    assert.deepEqual(issues, [])
    assert.equal(text.slice(warning!.from, warning!.to), '80000')
    assert.deepEqual(cors, JSON.parse(text))
  })
})

suite('the desk where a policy is edited', () => {
  const A = '{"origin":"https://a.example"}'
  const B = '{"origin":"https://b.example"}'

  function desk (): { policy: OriginPolicy, desk: PolicyDesk, changes: () => number } {
    const policy = new OriginPolicy({ origin: 'https://first.example' })
    const desk = new PolicyDesk(policy)
    let changes = 0
    desk.on('change', () => changes++)
    return { policy, desk, changes: () => changes }
  }

  test('what is applied is in force; undo and reset go back', () => {
    const { policy, desk: { state: first }, desk: it, changes } = desk()
    it.apply(A)
    it.apply(B)
    assert.equal(policy.snapshot().origin, 'https://b.example')
    assert.equal(it.undo().text, A)
    assert.equal(policy.snapshot().origin, 'https://a.example')
    assert.deepEqual(it.reset(), { text: first.text, version: 4, canUndo: true, isFirst: true })
    assert.equal(policy.snapshot().origin, 'https://first.example')
    assert.equal(it.undo().text, A)
    it.undo()
    assert.equal(it.undo().canUndo, false, 'nothing is left, and nothing happens')
    assert.equal(changes(), 6)
  })

  test('a text with mistakes, and the text in force, change nothing', () => {
    const { policy, desk: it, changes } = desk()
    it.apply('{"origin":"*","credentials":true}')
    it.apply('{')
    it.apply(it.state.text)
    assert.equal(changes(), 0)
    assert.equal(policy.snapshot().origin, 'https://first.example')
    assert.equal(it.state.canUndo, false)
  })

  test('only so many policies are kept', () => {
    const { desk: it } = desk()
    for (let at = 0; at < 60; at++) it.apply(`{"origin":"https://a${at}.example"}`)
    let undone = 0
    for (; it.state.canUndo; undone++) it.undo()
    assert.equal(undone, 50)
  })
})
