import { attackByOrigin } from './attacks/by-origin.ts'
import { attackByRebinding } from './attacks/rebinding.ts'
import { attackByScript } from './attacks/jsonp.ts'
import { attackSid } from './attacks/sid.ts'
import { CannotRun } from '../shared/cannot-run.ts'
import { stranger } from './conversation/headers.ts'
import { pollingPath } from './conversation/sessions.ts'
import { type Examination, examinationOf } from './examination.ts'
import { examineCookies } from './probes/cookies.ts'
import { findServer, type Look } from './probes/find-server.ts'
import { examineNetwork } from './probes/network.ts'
import { examinePolling } from './probes/polling.ts'
import { examinePollingCors } from './probes/polling-cors.ts'
import { examinePreflight } from './probes/preflight.ts'
import { findProtocols } from './probes/protocols.ts'
import { examineRest, STRANGER } from './probes/rest.ts'
import { examineStillThere } from './probes/still-there.ts'
import { examineSlowPoll } from './probes/slow-poll.ts'
import { examineStickiness } from './probes/stickiness.ts'
import { examineUpgrade } from './probes/upgrade.ts'
import { examineVary, isUncached } from './probes/vary.ts'
import type { Probe, Report, ServerFound } from './report/schema.ts'
import { isSameOrigin, type Target } from './target.ts'
import type { Wire } from './wire/wire.ts'

const NONE: ServerFound = { kind: 'none', path: null, protocols: [] }

/** Runs one probe: its name is shown while it runs, its time and outcome are kept. */
type Run = <Result>(name: string, probe: () => Promise<Result>) => Promise<Result>

/**
 * Examines a running server as a browser would from the page, and as pages of strangers would. Every session that it
 * opens is closed at the end.
 *
 * @param onProbe told the name of each probe when it begins
 * @throws {CannotRun} when the server wants what was not given, or a bound of the run was reached
 */
export async function examine (
  target: Target,
  wire: Wire,
  onProbe: (name: string) => void = () => {}
): Promise<Report> {
  const examination = examinationOf(target, wire)
  const { findings, sessions } = examination
  const probes: Probe[] = []
  const doubtful: Probe[] = []
  const run: Run = async (name, probe) => {
    onProbe(name)
    const begun = performance.now()
    const before = findings.errors
    const { lost } = wire
    const result = await probe()
    const ok = findings.errors === before && wire.stopped === undefined
    const outcome = { name, ok, ms: Math.round(performance.now() - begun) }
    probes.push(outcome)
    if (wire.lost > lost) doubtful.push(outcome)
    return result
  }
  let server = NONE
  try {
    server = await examineAll(examination, run)
  } finally {
    await sessions.end()
  }
  if (wire.stopped !== undefined) for (const probe of doubtful) probe.ok = false
  // The run was stopped early: findings are right, but no findings proves nothing.
  if (wire.stopped !== undefined && findings.errors === 0) throw new CannotRun(wire.stopped)
  const { url, origin } = target
  return { version: 1, url: url.origin, origin, server, findings: findings.list(), probes }
}

async function examineAll (examination: Examination, run: Run): Promise<ServerFound> {
  const { target } = examination
  const look = await run('server', async () => {
    const found = await findServer(examination)
    if (found !== undefined) examineNetwork(examination, found.page.exchange)
    return found
  })
  if (look === undefined) return NONE
  const { path, page } = look
  const protocols = await run('protocol', () => findProtocols(examination, look))
  const isReadable = await run('origin', async () => {
    const readable = await examinePollingCors(examination, look)
    await examinePollingVary(examination, look)
    return readable
  })
  if (page.open !== undefined && !isSameOrigin(target)) {
    const route = { method: 'POST', path: pollingPath(path) }
    await run('preflight', () => examinePreflight(examination, route, 'Socket.IO', isReadable))
  }
  const webSockets = await run('websocket', () => examineUpgrade(examination, look))
  const kind = await examineSession(examination, run, look)
  if (target.rest !== undefined) await run('rest', () => examineRest(examination, look, target.rest!))
  if (target.attack) await attack(examination, run, look, webSockets)
  await run('server, again', () => examineStillThere(examination, look, webSockets))
  return { kind, path, protocols }
}

/** Polling answers are not kept by caches, unless a proxy has changed that. */
async function examinePollingVary (examination: Examination, { path, page: { exchange, open } }: Look): Promise<void> {
  if (open === undefined || isSameOrigin(examination.target) || isUncached(exchange)) return
  const other = await examination.sessions.open(path, stranger(STRANGER))
  examineVary(examination, exchange, other.exchange, path)
}

async function examineSession (
  examination: Examination,
  run: Run,
  { path, page }: Look
): Promise<'socket.io' | 'engine.io'> {
  if (page.session === undefined) return 'socket.io'
  // Socket.IO 2 sends its CONNECT behind the open packet
  if (page.session.protocol === 3) return /\d:40$/.test(page.exchange.answer!.body) ? 'socket.io' : 'engine.io'
  const conversation = await run('polling', () => examinePolling(examination, page))
  if (conversation !== undefined) {
    await run('stickiness', () => examineStickiness(examination, path, conversation, page.session!))
    const { isSlow = false, kind } = conversation
    // a farewell that reaches another process does not end a poll
    if (isSlow && kind !== undefined && !examination.findings.has('STICKY_MISSING')) {
      await run('slow polls', () => examineSlowPoll(examination, path))
    }
  }
  await run('cookies', async () => examineCookies(examination, page.exchange))
  return conversation?.kind ?? 'socket.io'
}

async function attack (examination: Examination, run: Run, { path, page }: Look, webSockets: boolean): Promise<void> {
  const { findings } = examination
  await run('attack: origins', () => attackByOrigin(examination, path, webSockets))
  if (page.session !== undefined && !findings.has('STICKY_MISSING')) {
    await run('attack: sid', () => attackSid(examination, path))
  }
  await run('attack: script tag', () => attackByScript(examination, path))
  const { address } = page.exchange
  if (webSockets && address !== undefined) {
    await run('attack: DNS rebinding', () => attackByRebinding(examination, path, address))
  }
}
