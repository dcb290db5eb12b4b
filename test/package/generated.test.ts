import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { corsSchema, optionsSchema } from '../../lib/index.ts'
import { corsJsonSchema } from '../../scripts/cors-schema.ts'
import { documents } from '../../scripts/docs-tables.ts'
import { optionDocs } from '../../scripts/option-docs.ts'

const read = (file: string): string => readFileSync(resolve(import.meta.dirname, '../..', file), 'utf8')
const docs = optionDocs()

test('cors.schema.json is what `npm run schema` writes', () => {
  assert.deepEqual(JSON.parse(read('cors.schema.json')), corsJsonSchema(docs.cors))
})

test('the tables of README.md and docs/options.md are what `npm run docs:tables` writes', () => {
  for (const [file, text] of documents(docs)) assert.equal(read(file), text, `${file} is stale`)
})

test('every option that is checked has a text, and a row in docs/options.md', () => {
  const page = read('docs/options.md')
  for (const [list, { properties }] of [[docs.cors, corsSchema], [docs.plugin, optionsSchema]] as const) {
    assert.deepEqual(list.map(({ name }) => name).sort(), Object.keys(properties).sort())
    for (const { name, text } of list.flatMap((doc) => [doc, ...doc.members])) {
      assert.ok(text.length > 15, `${name} has no text`)
      if (name !== 'max' && name !== 'ttl') assert.ok(page.includes(`\n| \`${name}\` | `), `${name} has no row`)
    }
  }
})
