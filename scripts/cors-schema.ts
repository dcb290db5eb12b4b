// Writes cors.schema.json, for editors: `npm run schema`. A test holds the file to the schema that the code checks by.
import { writeFileSync } from 'node:fs'
import { corsSchema } from '../lib/index.ts'
import { literalOf, type OptionDoc, optionDocs } from './option-docs.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/**
 * `cors` as JSON Schema: without what JSON has no word for (RegExps, functions) and without our own keywords; with the
 * description and the default that each option's JSDoc has.
 */
export function corsJsonSchema (docs: readonly OptionDoc[] = optionDocs().cors): Json {
  const { properties, ...rest } = describe(reduce(JSON.parse(JSON.stringify(corsSchema))), docs)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...rest,
    properties: { $schema: { type: 'string', description: 'Where this schema is.' }, ...properties as object }
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

function describe (schema: Json, docs: readonly OptionDoc[]): { [name: string]: Json } {
  const { properties, ...rest } = schema as { properties: { [name: string]: { [name: string]: Json } } }
  return {
    ...rest,
    properties: Object.fromEntries(docs.map((doc) => {
      const value = literalOf(doc.default) as Json | undefined
      const property = properties[doc.name]!
      const described = doc.members.length > 0 ? describe(property, doc.members) : property
      return [doc.name, { description: doc.text, ...(value !== undefined && { default: value }), ...described }]
    }))
  }
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL('../cors.schema.json', import.meta.url), JSON.stringify(corsJsonSchema(), null, 2) + '\n')
}
