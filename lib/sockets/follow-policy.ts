import type { FastifyInstance } from 'fastify'
import type { Enforcement } from '../config.ts'
import { logNarrowedWarnings, logPolicyWarnings } from '../log/policy-warnings.ts'
import type { RefusalLog } from '../log/refusal-log.ts'
import { TrialLog } from '../log/trial-log.ts'
import type { OriginPolicy } from '../policy/policy.ts'
import { leaveNarrowedNamespaces, revokeSessions } from './revoke.ts'
import type { SocketServer } from './server.ts'

interface Followed {
  readonly policy: OriginPolicy
  readonly enforcement: Enforcement
  readonly log: RefusalLog
  readonly sockets: SocketServer
}

/**
 * Does what an update of the policy asks for: logs its warnings, and ends the sessions that it would not let in. Logs
 * what fails, and where a policy on trial differs.
 *
 * @returns the function that ends this; the policy may outlive the app
 */
export function followPolicy (app: FastifyInstance, { policy, enforcement, log, sockets }: Followed): () => void {
  const trials = new TrialLog(app.log)
  const unsubscribe = [
    policy.onTrialDifference((difference, request) => {
      // another app, or another registration, may have the same policy
      if ((request as { server?: FastifyInstance } | undefined)?.server?.io === sockets.io) trials.tell(difference)
    }),
    logErrors(policy, log),
    policy.onChange(() => {
      logPolicyWarnings(app.log, policy, enforcement)
      if (revokes(enforcement)) revokeSessions(sockets, policy).catch(onFailure(app))
    })
  ]
  return () => { for (const off of unsubscribe) off() }
}

/** The same for a policy of `narrowOrigin`: who is not let in any more leaves its namespaces, and keeps the session. */
export function followNarrowed (app: FastifyInstance, { policy, enforcement, log, sockets }: Followed): void {
  logNarrowedWarnings(app.log, policy)
  logErrors(policy, log)
  policy.onChange(() => {
    logNarrowedWarnings(app.log, policy)
    if (revokes(enforcement)) leaveNarrowedNamespaces(sockets).catch(onFailure(app))
  })
}

function logErrors (policy: OriginPolicy, log: RefusalLog): () => void {
  return policy.onError((error, origin) => {
    log.failed('the origin function failed; the origin is refused', error, origin)
  })
}

function revokes ({ onRevoke, enforce }: Enforcement): boolean {
  return onRevoke === 'disconnect' && enforce !== 'report'
}

function onFailure (app: FastifyInstance): (err: unknown) => void {
  return (err) => app.log.error({ err }, 'sockets of a changed policy could not be revoked')
}
