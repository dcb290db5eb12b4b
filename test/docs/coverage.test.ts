import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { anchorsOf } from '../support/doc-blocks.ts'

const docs = resolve(import.meta.dirname, '../../docs')
const rows = readFileSync(resolve(docs, 'coverage.md'), 'utf8').split('\n').filter((line) => /^\| \d+ \|/.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
const linksOf = (cell: string): string[] => [...cell.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!)

test('docs/coverage.md has 84 rows, each with an answer', () => {
  assert.deepEqual(rows.map(([number]) => Number(number)), Array.from({ length: 84 }, (_, index) => index + 1))
  for (const [number, what, here, where] of rows) {
    assert.ok(what!.length > 2, number)
    assert.match(here!, /^(yes|part|no)$/, number)
    // what holds is shown; what does not hold has words for what is missing
    if (here === 'no') assert.ok(where!.replace(/\[.*?\]\(.*?\)/g, '').length > 5, number)
    else assert.ok(linksOf(where!).length > 0, number)
  }
})

test('each file and each heading that it names exists', () => {
  const links = rows.flatMap(([, , , where]) => linksOf(where!))
  assert.ok(links.length > 100)
  for (const link of links) {
    const [path, anchor] = link.split('#') as [string, string?]
    assert.ok(existsSync(resolve(docs, path)), link)
    if (anchor !== undefined) assert.ok(anchorsOf(resolve(docs, path)).includes(anchor), link)
  }
})
