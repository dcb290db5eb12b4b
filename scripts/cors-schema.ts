// Writes cors.schema.json, for editors: `npm run schema`. A test holds the file to the schema that the code checks by.
import { writeFileSync } from 'node:fs'
import { corsSchema } from '../lib/index.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** `cors` as JSON Schema: without what JSON has no word for (RegExps, functions) and without our own keywords. */
export function corsJsonSchema (): Json {
  const { properties, ...rest } = reduce(JSON.parse(JSON.stringify(corsSchema))) as {
    [name: string]: { [name: string]: Json }
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...rest,
    properties: { $schema: { type: 'string', description: 'Where this schema is.' }, ...properties }
  }
}

function reduce (schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(reduce)
  if (typeof schema !== 'object' || schema === null) return schema
  const { expected: _, ...rest } = schema
  if (Array.isArray(rest.anyOf)) rest.anyOf = rest.anyOf.filter(inJson)
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, reduce(value)]))
}

/** Schemas of functions and RegExps have nothing but our own `expected`. */
function inJson (schema: Json): boolean {
  return !(typeof schema === 'object' && schema !== null && Object.keys(schema).every((key) => key === 'expected'))
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL('../cors.schema.json', import.meta.url), JSON.stringify(corsJsonSchema(), null, 2) + '\n')
}
