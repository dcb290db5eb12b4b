import type { FastifyRequest } from 'fastify'
import type { Decision } from '../policy/origin/decision.ts'
import type { OriginPolicy } from '../policy/policy.ts'
import { type Decided, kPolicyVersion } from './request-marks.ts'

/** @returns whether the policy is another one than when the request was decided */
export function isStale (request: FastifyRequest, policy: OriginPolicy): boolean {
  return (request as Decided)[kPolicyVersion] !== policy.version
}

/**
 * Asks a changed policy about a request that waits for a session: hooks and middlewares may take long, and whoever is
 * refused now must not get in by an earlier answer.
 *
 * @param settle is told at once, or when an origin function has answered; by then the policy is still the same
 */
export function decideAgain (
  request: FastifyRequest,
  policy: OriginPolicy,
  settle: (decision: Decision) => void
): void {
  const { version } = policy
  const take = (decision: Decision): void => {
    if (policy.version !== version) {
      decideAgain(request, policy, settle)
      return
    }
    ;(request as Decided)[kPolicyVersion] = version
    request.originDecision = decision
    settle(decision)
  }
  const decision = policy.decideAgain(request.raw.headers.origin, request)
  // it never rejects
  if (decision instanceof Promise) void decision.then(take)
  else take(decision)
}
