import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { corsJsonSchema } from '../../scripts/cors-schema.ts'

test('cors.schema.json is what `npm run schema` writes', () => {
  const file = resolve(import.meta.dirname, '../../cors.schema.json')
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), corsJsonSchema())
})
