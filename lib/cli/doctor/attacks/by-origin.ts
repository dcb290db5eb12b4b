import type { Severity } from '../codes/code.ts'
import { stranger } from '../conversation/headers.ts'
import type { Handshake } from '../conversation/sessions.ts'
import { type Examination, openSocket } from '../examination.ts'
import { STRANGER } from '../probes/rest.ts'
import { type Exchange, isLost, valuesOf } from '../wire/exchange.ts'
import type { Opened } from '../wire/websocket.ts'
import { type Lookalike, lookalikesOf } from './strangers.ts'

/** What the server let an origin do. */
interface Accepted {
  readonly origin: string
  /** A session by long-polling. */
  readonly session?: Exchange
  /** A page of the origin may read the answer. */
  readonly readable?: Exchange
  /** The origin stands in Access-Control-Allow-Origin of a refusal. */
  readonly echoed?: Exchange
  /** A WebSocket with Engine.IO's open packet. */
  readonly socket?: Exchange
  /** There was no verdict, even at the second time. */
  readonly lost: boolean
}

/** Lets pages of other origins try to connect, by long-polling and by WebSocket. */
export async function attackByOrigin (examination: Examination, path: string, webSockets: boolean): Promise<void> {
  const anybody = await attempt(examination, path, STRANGER, webSockets, true)
  // a server may end the connections of strangers: then it ends all of these
  const again = !anybody.lost
  reportAnybody(examination, anybody)
  // who accepts everybody accepts these too, and that says nothing about how origins are compared
  const tries = lookalikesOf(examination.target.origin).map(async (lookalike) => {
    const sockets = webSockets && anybody.socket === undefined
    const accepted = await attempt(examination, path, lookalike.origin, sockets, again)
    if (lookalike.unless === undefined || newly(accepted, anybody).length === 0) {
      return reportLookalike(examination, lookalike, accepted, anybody)
    }
    const other = await attempt(examination, path, lookalike.unless, sockets, again)
    reportLookalike(examination, lookalike, accepted, { ...anybody, ...other })
  })
  await Promise.all(tries)
}

/** @param again whether to ask a second time where there was no verdict: a proxy may have lost a request by chance */
async function attempt (
  examination: Examination,
  path: string,
  origin: string,
  webSockets: boolean,
  again: boolean
): Promise<Accepted> {
  const caller = stranger(origin)
  const shake = (): Promise<Handshake> => examination.sessions.open(path, caller)
  const upgrade = (): Promise<Opened> => openSocket(examination, path, caller)
  let { exchange, session } = await shake()
  if (again && isLost(exchange)) ({ exchange, session } = await shake())
  let opened = webSockets ? await upgrade() : undefined
  if (again && opened !== undefined && isLost(opened)) opened = await upgrade()
  const status = exchange.answer?.status ?? 0
  const isAllowed = valuesOf(exchange, 'access-control-allow-origin').join() === origin
  const isOk = status >= 200 && status < 300
  return {
    origin,
    ...(session !== undefined && { session: exchange }),
    ...(isAllowed && (isOk ? { readable: exchange } : { echoed: exchange })),
    ...(opened?.open !== undefined && { socket: opened }),
    lost: isLost(exchange) || (opened !== undefined && isLost(opened))
  }
}

function reportAnybody ({ findings }: Examination, { origin, session, readable, echoed, socket }: Accepted): void {
  const values = { stranger: origin }
  if (socket !== undefined) findings.add('CSWSH', { evidence: [socket], values })
  if (readable !== undefined) {
    findings.add('ORIGIN_REFLECTED', { evidence: [readable], values, severity: severityOf(readable) })
  }
  // there is nothing in a refusal to read, but whoever writes the header may write it on other answers
  if (echoed !== undefined) findings.add('ORIGIN_REFLECTED', { evidence: [echoed], values, severity: 'warning' })
  if (session !== undefined) findings.add('SESSION_FOR_STRANGER', { evidence: [session], values })
}

function reportLookalike (
  { findings }: Examination,
  { code, origin, unless }: Lookalike,
  accepted: Accepted,
  anybody: Accepted
): void {
  const evidence = newly(accepted, anybody)
  if (evidence.length === 0) return
  // without cookies, a page that may read gets what any program gets
  const isHarmless = accepted.readable !== undefined && evidence.every((exchange) => exchange === accepted.readable)
  const isCritical = code !== 'ORIGIN_SCHEME' && code !== 'ORIGIN_PORT'
  // the attacker needs a name below the page's own domain
  const isNear = unless !== undefined
  findings.add(code, {
    evidence: [...new Set(evidence)],
    values: { stranger: origin },
    ...(isNear && { severity: 'error' }),
    ...(!isNear && isCritical && isHarmless && { severity: severityOf(accepted.readable) })
  })
}

/** What an origin may do that another one may not. */
function newly (accepted: Accepted, other: Accepted): Exchange[] {
  const kinds = ['socket', 'readable', 'session'] as const
  return kinds.flatMap((kind) => other[kind] === undefined ? accepted[kind] ?? [] : [])
}

/** Whether a page may read with the visitor's cookies. */
function severityOf (readable: Exchange): Severity {
  return valuesOf(readable, 'access-control-allow-credentials').join() === 'true' ? 'critical' : 'error'
}
