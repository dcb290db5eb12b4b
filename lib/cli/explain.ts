import type { Command } from './shared/command.ts'
import { CannotRun } from './shared/cannot-run.ts'
import { FINDINGS, SOUND } from './shared/io.ts'
import { sourceOf } from './policy-source/given.ts'
import { paintFor } from './shared/style.ts'

export const explain: Command = {
  usage: 'explain <policy.json> <origin>',
  summary: 'Say whether a policy allows an origin, and which allowed one is nearest.',
  options: {
    env: { help: 'Ask the policy of ALLOWED_ORIGINS and CORS_CREDENTIALS instead of a file: explain --env <origin>.' },
    json: { help: 'Print JSON: { version: 1, origin, allowed, reason, allowOrigin, explanation }.' }
  },
  notes: `What only a request can tell, such as whether the origin is the server's own,
is not known here.

Exit code: 0 allowed, 1 refused, 2 could not run, also when the policy has
mistakes.

  npx fastify-io explain policy.json https://app.example.com`,
  async run (given, io) {
    const { source: { name, policy, notes }, rest: [origin = ''] } = sourceOf(given, io, 1)
    if (policy === undefined) {
      const what = name === 'environment' ? '--env' : name
      const count = notes.length === 1 ? '1 mistake' : `${notes.length} mistakes`
      throw new CannotRun(`${name} has ${count}: npx fastify-io check ${what} lists them`)
    }
    const { allowed, reason, allowOrigin } = await policy.decide(origin)
    const explanation = policy.explain(origin)
    if (given.values.has('json')) {
      const answer = { version: 1, origin, allowed, reason, allowOrigin: allowOrigin ?? null, explanation }
      io.out(`${JSON.stringify(answer, null, 2)}\n`)
    } else {
      io.out(`${paintFor(io)(allowed ? 'green' : 'red', allowed ? '✔' : '✖')} ${explanation}\n`)
    }
    return allowed ? SOUND : FINDINGS
  }
}
