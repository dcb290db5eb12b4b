import type { Session } from '../conversation/sessions.ts'
import { sessionPath } from '../conversation/sessions.ts'
import { headersOf } from '../conversation/headers.ts'
import type { Examination } from '../examination.ts'
import type { Exchange } from '../wire/exchange.ts'
import { parseError, UNKNOWN_TRANSPORT } from '../wire/packets.ts'
import { type Conversation, isUnknown } from './polling.ts'

/**
 * Whether every request of a session reaches the process that has it. Fresh connections ask for the session with a
 * transport that it does not have: a process that knows it says "Bad request", and one that does not "Session ID
 * unknown". Neither changes anything.
 */
export async function examineStickiness (
  examination: Examination,
  path: string,
  { kind, exchanges, alive }: Conversation,
  session: Session
): Promise<void> {
  const { findings } = examination
  // then every answer is an old one
  if (findings.hasError('POLLING_BUFFERED')) return
  const asked: Exchange[] = [...exchanges]
  if (alive) asked.push(...await ask(examination, session))
  else if (kind !== undefined) asked.push(...await askAnew(examination, path))
  const lost = asked.filter(isUnknown)
  if (lost.length === 0) return
  const known = asked.find((exchange) => !isUnknown(exchange))
  findings.add('STICKY_MISSING', {
    evidence: [lost[0]!, ...(known === undefined ? [] : [known])],
    values: { lost: String(lost.length), asked: String(asked.length) }
  })
}

/** With a session that has been joined: one that nobody has come back to may not be made yet. */
async function askAnew (examination: Examination, path: string): Promise<Exchange[]> {
  const { sessions, page } = examination
  const { session } = await sessions.open(path, page)
  return session === undefined ? [] : [await sessions.post(session, '40'), ...await ask(examination, session)]
}

async function ask (examination: Examination, session: Session): Promise<Exchange[]> {
  const { target, wire, page } = examination
  const headers = headersOf(target, page, 'get', session.cookies)
  const asked: Exchange[] = []
  // one after the other: a balancer takes the next process for each
  for (let count = 0; count < target.requests; count++) {
    const exchange = await wire.send({ path: sessionPath(session, 'websocket'), headers })
    if (parseError(exchange.answer?.body ?? '')?.code === UNKNOWN_TRANSPORT) return posts(examination, session)
    asked.push(exchange)
  }
  return asked
}

/** Where there is no other transport: sessions that are opened and joined, each by two connections. */
async function posts ({ target, sessions, page }: Examination, { path }: Session): Promise<Exchange[]> {
  const asked: Exchange[] = []
  for (let count = 0; count < target.requests; count += 2) {
    const { session } = await sessions.open(path, page)
    if (session !== undefined) asked.push(await sessions.post(session, '40'))
  }
  return asked
}
