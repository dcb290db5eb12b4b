import type { Answer } from './answers.ts'
import type { Expectation } from './grammar/requests.ts'
import type { Wire } from './wire.ts'
import type { World } from './world.ts'

const ANY_CORS = /\naccess-control-/i
const ALLOW_ORIGIN = /\naccess-control-allow-origin: *([^\r]*)/i
/** An open packet: plain, with the length that the older protocol puts before it, or as JSONP. */
const OPEN = /^(?:\d+:|___eio\[\d+\]\(")?0\{\\?"sid\\?":\\?"([^"\\]+)/
/** Sessions kept for others to steal. */
const KEPT = 200

/** Holds an answer to what is known about its request. */
export function judge (
  world: World,
  wire: Wire,
  { method, target, scope, caller: { origin, expected }, engine, served, stolen }: Expectation,
  answer: Answer
): void {
  const { status, head, body, malformed } = answer
  const { verdict } = expected
  const complain = (oracle: string): void =>
    wire.complain(oracle, `${status} to ${method} ${target} of a ${verdict} ${origin ?? '(no Origin)'}`)
  if (malformed) return complain('a request is understood')
  if (status >= 500 && status !== 503) complain('no 5xx but 503')

  const sid = OPEN.exec(body)?.[1]
  if (verdict === 'refused') {
    // a literal `*` stands on every REST answer, whoever asks
    const literal = scope.policy.everybody && !engine && ALLOW_ORIGIN.exec(head)?.[1] === '*'
    if (ANY_CORS.test(head) && !literal) complain('no CORS header for a refused origin')
    if (status === 101) complain('no 101 for a refused origin')
    if (sid !== undefined) complain('no session for a refused origin')
    const refusals = scope.jsonp || target.includes('&j=') ? [403, 400, 503] : [403, 503]
    if (
      method !== 'OPTIONS' && (engine || (scope.enforceAll && served && origin !== undefined)) &&
      !refusals.includes(status)
    ) complain('a refused origin is not served')
    return
  }
  if (stolen && (status === 101 || (status < 300 && method !== 'OPTIONS'))) {
    complain('a session answers no other origin')
  }
  const written = ANY_CORS.test(head) ? ALLOW_ORIGIN.exec(head)?.[1] : undefined
  if (written !== undefined && written !== '*' && written !== origin) complain('the CORS header is the origin')
  if (
    verdict === 'allowed' && origin !== undefined && written !== expected.header && served && scope.emitsHeaders &&
    status < 300
  ) complain('an allowed origin has its CORS header')
  if (!scope.emitsHeaders && written !== undefined && engine) complain('emitHeaders: false writes no CORS header')
  if (sid === undefined || !engine) return
  const { sids } = scope
  const crossOrigin = expected.header !== undefined && expected.header === origin
  const seen = { sid, owner: crossOrigin ? origin : undefined }
  if (sids.length < KEPT) sids.push(seen)
  else sids[world.tally.answers % KEPT] = seen
}

/**
 * Holds what came over a connection with mutated bytes to what is known about it all the same: nobody is allowed whom
 * no policy allows, and no status is 5xx but 503.
 */
export function judgeLoosely (world: World, wire: Wire, received: string): void {
  for (const [, status] of received.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z][A-Za-z ]+\r\n/g)) {
    world.tally.answers++
    world.tally.statuses[Number(status)] = (world.tally.statuses[Number(status)] ?? 0) + 1
    if (status!.startsWith('5') && status !== '503') wire.complain('no 5xx but 503', `${status} to mutated bytes`)
  }
  for (const [, origin] of received.matchAll(/\naccess-control-allow-origin: *([^\r]*)\r\n/gi)) {
    if (origin === '*') {
      if (!world.scopes.some(({ policy }) => policy.everybody)) {
        wire.complain('nobody is allowed whom no policy allows', '*')
      }
      continue
    }
    if (!world.scopes.some((scope) => scope.policy.expect(origin!).verdict !== 'refused')) {
      wire.complain('nobody is allowed whom no policy allows', origin!)
    }
  }
}
