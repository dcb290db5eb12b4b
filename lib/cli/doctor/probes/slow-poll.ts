import { setTimeout as delay } from 'node:timers/promises'
import type { Examination } from '../examination.ts'

/** ms that a poll has before the packet that it is to be answered with. */
export const LEAD = 100
/** ms that a poll may take from its packet on. */
export const MOST = 1000
/** How many times as long as a handshake it may take. */
const FACTOR = 5

/**
 * Whether something holds polls back for a while. The application may take its time with CONNECT, so a session is
 * closed while its poll waits: that poll Engine.IO itself answers, at once. A handshake on the same path tells how long
 * an answer takes.
 */
export async function examineSlowPoll (examination: Examination, path: string): Promise<void> {
  const { sessions, findings, page } = examination
  const begun = performance.now()
  const { session } = await sessions.open(path, page)
  const handshake = performance.now() - begun
  if (session === undefined) return
  const waiting = sessions.poll(session)
  await delay(LEAD)
  const closing = performance.now()
  const [poll, post] = await Promise.all([
    waiting.then((exchange) => ({ exchange, ms: performance.now() - closing })),
    sessions.post(session, '1').then((exchange) => ({ exchange, ms: performance.now() - closing }))
  ])
  // a proxy that holds the poll itself back lets it reach the server behind its session: that is an answer, too
  if (poll.exchange.answer === undefined || post.exchange.answer?.status !== 200) return
  if (poll.ms < MOST || poll.ms < FACTOR * Math.max(handshake, post.ms)) return
  const reason = `a poll is answered ${Math.round(poll.ms)} ms after its packet, a handshake in ` +
    `${Math.round(handshake)} ms`
  findings.add('POLLING_BUFFERED', { evidence: [poll.exchange], values: { reason }, severity: 'warning' })
}
