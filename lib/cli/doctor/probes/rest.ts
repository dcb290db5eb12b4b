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
  const restReads = isReadable(examination, rest, STRANGER)
  const socketReads = isReadable(examination, socket.exchange, STRANGER)
  if (restReads === socketReads || rest.failure !== undefined || socket.exchange.failure !== undefined) return
  const [may, mayNot] = restReads ? ['this', 'Socket.IO'] : ['Socket.IO', 'this']
  findings.add('REST_DIFFERS', {
    evidence: [rest, socket.exchange],
    values: { difference: `${STRANGER} may read ${may}, but not ${mayNot}` },
    severity: 'warning'
  })
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
