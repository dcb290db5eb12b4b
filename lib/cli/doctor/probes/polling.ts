import { setTimeout as delay } from 'node:timers/promises'
import type { Handshake, Session } from '../conversation/sessions.ts'
import type { Examination } from '../examination.ts'
import type { Exchange } from '../wire/exchange.ts'
import { parseError, parseOpen, UNKNOWN_SID } from '../wire/packets.ts'
import { LEAD, MOST } from './slow-poll.ts'

/** ms after which a server that says nothing to CONNECT is asked to close instead. */
const PATIENCE = 2000

/** Engine.IO's packet that only ends a poll; the client polls again. */
const NOOP = '6'
const NUDGES = 3
/** The command ends when its probes do. */
const UNREF = { ref: false }

/** What a conversation by long-polling showed. */
export interface Conversation {
  /** Who answers; `undefined` when the conversation did not get so far. */
  readonly kind: 'socket.io' | 'engine.io' | undefined
  /** The requests of the session, in their order. */
  readonly exchanges: readonly Exchange[]
  /** Whether the session is still there. */
  readonly alive: boolean
  /** Whether it took longer than it should. */
  readonly isSlow?: boolean
}

/**
 * Speaks as a client does: a poll waits, CONNECT (Socket.IO protocol 5) is posted, and the poll must be answered at
 * once. An application may take its time with CONNECT; Engine.IO itself answers a waiting poll when the client closes.
 */
export async function examinePolling (
  examination: Examination,
  { session }: Handshake
): Promise<Conversation | undefined> {
  // protocol 3 has its own framing, and has been found already
  if (session === undefined || session.protocol !== 4) return undefined
  const begun = performance.now()
  const conversation = await converse(examination, session)
  return { ...conversation, isSlow: performance.now() - begun > LEAD + MOST }
}

async function converse (examination: Examination, session: Session): Promise<Conversation> {
  const { sessions, wire } = examination
  let waiting = sessions.poll(session)
  await delay(LEAD)
  const post = await sessions.post(session, '40')
  if (!isOk(post)) return afterPost(examination, session, post, waiting)
  const exchanges = [post]
  for (let nudges = 0; ; nudges++) {
    const poll = await Promise.race([waiting, delay(Math.min(PATIENCE, wire.timeout / 2), undefined, UNREF)])
    if (poll === undefined) return afterSilence(examination, session, exchanges, waiting)
    exchanges.push(poll)
    if (poll.answer?.body !== NOOP || nudges === NUDGES) return afterPoll(examination, exchanges, true)
    waiting = sessions.poll(session)
  }
}

function isOk ({ answer }: Exchange): boolean {
  return answer?.status === 200
}

export function isUnknown ({ answer }: Exchange): boolean {
  return answer !== undefined && parseError(answer.body)?.code === UNKNOWN_SID
}

/** The POST did not go through. */
async function afterPost (
  examination: Examination,
  session: Session,
  post: Exchange,
  waiting: Promise<Exchange>
): Promise<Conversation> {
  const { findings, page } = examination
  const { answer, failure } = post
  if (failure?.kind === 'silent') {
    const reason = 'a POST is not answered while a poll waits'
    findings.add('POLLING_BUFFERED', { evidence: [post], values: { reason } })
  } else if (answer !== undefined && [401, 403].includes(answer.status)) {
    findings.add('ORIGIN_REFUSED', { evidence: [post], values: { status: String(answer.status) } })
  } else if (isUnknown(post)) {
    const again = await examination.sessions.open(session.path, page)
    if (again.session?.sid === session.sid) {
      const reason = 'two handshakes got the same session: a cache answers'
      findings.add('POLLING_BUFFERED', { evidence: [again.exchange], values: { reason } })
    }
  } else if (failure?.kind !== 'stopped') {
    const reason = failure?.message ?? `POST is answered with ${answer!.status}`
    findings.add('POLLING_BUFFERED', { evidence: [post], values: { reason } })
  }
  return { kind: undefined, exchanges: [post, await waiting], alive: false }
}

/** The server said nothing to CONNECT so far. */
async function afterSilence (
  examination: Examination,
  session: Session,
  exchanges: readonly Exchange[],
  waiting: Promise<Exchange>
): Promise<Conversation> {
  await examination.sessions.post(session, '1')
  const poll = await waiting
  // it came behind the farewell, so this says nothing about processes
  if (isUnknown(poll)) return { kind: likely(exchanges[0]!), exchanges, alive: false }
  return afterPoll(examination, [...exchanges, poll], false)
}

function afterPoll ({ findings }: Examination, exchanges: readonly Exchange[], alive: boolean): Conversation {
  const { answer, failure } = exchanges.at(-1)!
  const blame = (reason: string): void => {
    findings.add('POLLING_BUFFERED', { evidence: exchanges.slice(-2), values: { reason } })
  }
  const isOld = answer !== undefined && parseOpen(answer.body) !== undefined
  if (isOld) blame('a poll gets an old handshake: a cache answers')
  else if (failure?.kind === 'silent' || answer?.complete === false) {
    blame('the server\'s packet does not reach a poll that waits')
  } else if (failure !== undefined && failure.kind !== 'stopped') blame(failure.message)
  else if (answer !== undefined && answer.status >= 500) blame(`a poll is answered with ${answer.status}`)
  const isSocketIO = /^4[04]/m.test(answer?.body.replaceAll('\x1e', '\n') ?? '')
  const kind = isSocketIO ? 'socket.io' : answer?.status === 200 ? likely(exchanges[0]!) : undefined
  return { kind, exchanges, alive: alive && kind !== undefined }
}

/** Engine.IO alone says nothing to CONNECT, and neither does an application that takes its time: the path must tell. */
function likely ({ ask: { path } }: Exchange): 'socket.io' | 'engine.io' {
  return path.startsWith('/engine.io') ? 'engine.io' : 'socket.io'
}
