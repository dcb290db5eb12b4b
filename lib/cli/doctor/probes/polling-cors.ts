import { CannotRun } from '../../shared/cannot-run.ts'
import type { Examination } from '../examination.ts'
import { isSameOrigin } from '../target.ts'
import type { Exchange } from '../wire/exchange.ts'
import { parseError, UNKNOWN_TRANSPORT, UNSUPPORTED_PROTOCOL } from '../wire/packets.ts'
import { corsFault } from './cors-check.ts'
import type { Look } from './find-server.ts'

/** What fastify-io says of a request that it saw without Origin: something took it away on the way. */
const STRIPPED = new Set(['missing', 'cross-site'])

/** Whether an answer says that no Origin reached the server, though one was sent. */
export function isStripped ({ answer }: Exchange): boolean {
  return answer !== undefined && STRIPPED.has(parseError(answer.body)?.reason ?? '')
}

/**
 * Whether the page gets a session by long-polling, and may read it.
 *
 * @returns whether it may
 * @throws {CannotRun} when every handshake is refused, with and without Origin
 */
export async function examinePollingCors (examination: Examination, { page, native }: Look): Promise<boolean> {
  const { target, findings } = examination
  const { exchange } = page
  const { answer } = exchange
  const evidence = [exchange]
  if (page.open !== undefined) {
    const fault = isSameOrigin(target) ? undefined : corsFault(exchange, target.origin, target.credentials)
    if (fault !== undefined) findings.add(fault.code, { evidence, values: { value: fault.value } })
    return fault === undefined
  }
  if (answer === undefined) return false
  const error = parseError(answer.body)
  // it does not serve polling, or not this protocol: nothing is said about the origin
  if (error?.code === UNKNOWN_TRANSPORT || error?.code === UNSUPPORTED_PROTOCOL) return false
  if (!isSameOrigin(target) && isStripped(exchange)) {
    findings.add('ACAO_MISSING', { evidence, values: { value: '' } })
  } else if (error?.reason !== undefined || native?.open !== undefined) {
    findings.add('ORIGIN_REFUSED', {
      evidence: native === undefined ? evidence : [exchange, native.exchange],
      values: { status: String(answer.status) }
    })
  } else {
    throw new CannotRun(
      `the server refuses every handshake (${answer.status}), with and without Origin: ` +
      'if it wants a cookie or a header, give it with --cookie or --header'
    )
  }
  return false
}
