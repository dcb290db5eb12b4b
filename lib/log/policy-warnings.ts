import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Enforcement } from '../config.ts'
import { type ConfigIssue, issue } from '../issues.ts'
import type { OriginPolicy } from '../policy/policy.ts'

/** Logs what is legal but unwise. */
export function logWarnings (log: FastifyBaseLogger, warnings: readonly ConfigIssue[]): void {
  for (const { code, path, message, hint } of warnings) {
    const where = path.slice(1).replaceAll('/', '.')
    log.warn({ code, path, hint }, where === '' ? message : `${where}: ${message}`)
  }
}

/** The same for a policy, whose paths are those of the option `cors`, and for how it is enforced. */
export function logPolicyWarnings (log: FastifyBaseLogger, { warnings }: OriginPolicy, { enforce }: Enforcement): void {
  logWarnings(log, warnings.map((warning) => ({ ...warning, path: `/cors${warning.path}` })))
  if (enforce === 'report') logWarnings(log, [issue('REPORT_ONLY', '/enforce', enforce)])
}

/** The same for a policy of `narrowOrigin`. */
export function logNarrowedWarnings (log: FastifyBaseLogger, { warnings }: OriginPolicy): void {
  logWarnings(log, warnings.map((warning) => ({ ...warning, path: `/narrowOrigin${warning.path}` })))
}

/**
 * Attacks an origin function when the app is ready, and logs the origin that it should not have accepted. Not awaited:
 * a function that hangs must not hold up the start.
 */
export function attackWhenReady (app: FastifyInstance, policy: OriginPolicy): void {
  app.addHook('onReady', async function attackOriginFunction () {
    attack(app, policy).catch((err) => app.log.error({ err }, 'the attack on the origin function failed'))
  })
}

async function attack (app: FastifyInstance, policy: OriginPolicy): Promise<void> {
  const finding = await policy.auditFunction(app)
  if (finding === undefined) return
  const { code, proof, hint, message } = finding
  app.log.warn({ code, proof, hint }, `cors.origin: ${message}; ${proof} is accepted`)
}
