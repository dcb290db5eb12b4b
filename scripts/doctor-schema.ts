// Writes doctor.schema.json, of what `fastify-io doctor --json` prints: `npm run schema`. A test holds the file to it.
import { writeFileSync } from 'node:fs'
import { reportSchema } from '../lib/cli/doctor/report/schema.ts'

export function doctorJsonSchema (): unknown {
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...JSON.parse(JSON.stringify(reportSchema)) }
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL('../doctor.schema.json', import.meta.url), JSON.stringify(doctorJsonSchema(), null, 2) + '\n')
}
