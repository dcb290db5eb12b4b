import { CannotRun } from '../../shared/cannot-run.ts'
import { headersOf, stranger } from '../conversation/headers.ts'
import type { Examination } from '../examination.ts'
import { isSameOrigin, type RestRoute } from '../target.ts'
import type { Exchange } from '../wire/exchange.ts'
import { corsFault } from './cors-check.ts'
import { examineCookies } from './cookies.ts'
import type { Look } from './find-server.ts'
import { askPreflight, examinePreflight, needsPreflight } from './preflight.ts'
import { examineVary } from './vary.ts'

/** Of nobody in particular. */
export const STRANGER = 'https://attacker.example'

/**
 * Whether a REST route and Socket.IO's path answer by one policy: to the page, and to a stranger. Only GET is sent; of
 * other methods only the preflight.
 *
 * @throws {CannotRun} when there is no such route
 */
export async function examineRest (examination: Examination, look: Look, route: RestRoute): Promise<void> {
  const { target, findings } = examination
  const { origin } = target
  const exchange = await askRoute(examination, route)
  const { answer, failure } = exchange
  if (failure !== undefined) {
    if (failure.kind === 'stopped') return
    throw new CannotRun(`--rest ${route.path}: ${failure.message}`)
  }
  if (answer?.status === 404) throw new CannotRun(`--rest ${route.path}: the server has no such route (404)`)
  examineCookies(examination, exchange)
  if (isSameOrigin(target)) return
  const own = faultOf(examination, exchange, origin)
  if (route.method !== 'GET' || needsPreflight(examination, route.method)) {
    await examinePreflight(examination, route, 'REST', own === undefined)
  }
  const socket = isReadable(examination, look.page.exchange, origin)
  const evidence = [exchange, look.page.exchange]
  if (socket && own !== undefined && !findings.has('PREFLIGHT_STATUS')) {
    const difference = `${origin} may read Socket.IO, but not this (${own})`
    findings.add('REST_DIFFERS', { evidence, values: { difference } })
  }
  if (!socket && own === undefined) {
    const difference = `${origin} may read this, but not Socket.IO`
    findings.add('REST_DIFFERS', { evidence, values: { difference }, severity: 'warning' })
  }
  await compareStranger(examination, look, route, exchange)
}

/** What a page of a stranger gets to read: nothing, what any program gets, or what the visitor's cookies give. */
type Reads = 'nothing' | 'plain' | 'with cookies'

async function compareStranger (
  examination: Examination,
  { path }: Look,
  route: RestRoute,
  page: Exchange
): Promise<void> {
  const { findings, sessions } = examination
  const [rest, socket] = await Promise.all([
    askRoute(examination, route, STRANGER),
    sessions.open(path, stranger(STRANGER))
  ])
  examineVary(examination, page, rest, `${route.method} ${route.path}`)
  if (rest.failure !== undefined || socket.exchange.failure !== undefined) return
  // a route that asks for a login answers the page in the same way
  const restReads = readsOf(rest, isOk(rest) || rest.answer?.status === page.answer?.status)
  const socketReads = readsOf(socket.exchange, isOk(socket.exchange))
  if (restReads === socketReads) return
  const isOfRest = restReads === 'with cookies' || socketReads === 'nothing'
  const [may, mayNot] = isOfRest ? ['this', 'Socket.IO'] : ['Socket.IO', 'this']
  const cookies = restReads === 'with cookies' || socketReads === 'with cookies' ? ' with the visitor\'s cookies' : ''
  findings.add('REST_DIFFERS', {
    evidence: [rest, socket.exchange],
    values: { difference: `${STRANGER} may read ${may}${cookies}, but not ${mayNot}` },
    // of Socket.IO the attacks tell
    severity: restReads === 'with cookies' ? 'error' : 'warning'
  })
}

/** The stranger's page chooses whether it asks with credentials. */
function readsOf (exchange: Exchange, isAnswered: boolean): Reads {
  if (!isAnswered) return 'nothing'
  if (corsFault(exchange, STRANGER, true) === undefined) return 'with cookies'
  return corsFault(exchange, STRANGER, false) === undefined ? 'plain' : 'nothing'
}

function isOk ({ answer }: Exchange): boolean {
  return answer !== undefined && answer.status >= 200 && answer.status < 300
}

function askRoute (examination: Examination, route: RestRoute, origin?: string): Promise<Exchange> {
  const { target, wire, page } = examination
  if (route.method !== 'GET') return askPreflight(examination, route, origin)
  const caller = origin === undefined ? page : stranger(origin)
  return wire.send({ path: route.path, headers: headersOf(target, caller, 'get') })
}

function faultOf ({ target }: Examination, exchange: Exchange, origin: string): string | undefined {
  return corsFault(exchange, origin, target.credentials)?.code
}

function isReadable (examination: Examination, exchange: Exchange, origin: string): boolean {
  return exchange.answer !== undefined && faultOf(examination, exchange, origin) === undefined
}
