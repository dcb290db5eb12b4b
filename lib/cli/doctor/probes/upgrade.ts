import { NATIVE } from '../conversation/headers.ts'
import { type Examination, openSocket } from '../examination.ts'
import { BAD_REQUEST, parseError, UNKNOWN_TRANSPORT, UNSUPPORTED_PROTOCOL } from '../wire/packets.ts'
import type { Opened } from '../wire/websocket.ts'
import type { Look } from './find-server.ts'
import { isStripped } from './polling-cors.ts'

/** Whether the page can open a WebSocket. @returns whether upgrades reach a server that offers WebSockets */
export async function examineUpgrade (examination: Examination, { path, page: polling }: Look): Promise<boolean> {
  const { findings, page } = examination
  const opened = await openSocket(examination, path, page)
  if (opened.open !== undefined) return true
  const { answer, failure } = opened
  if (failure?.kind === 'stopped') return false
  const evidence = [opened]
  const values = { status: String(answer?.status ?? 'none'), reason: reasonOf(opened) }
  const error = answer === undefined ? undefined : parseError(answer.body)
  if (error?.code === UNSUPPORTED_PROTOCOL) return false
  if (error?.code === UNKNOWN_TRANSPORT) {
    const reason = 'the server offers long-polling only'
    // it may well be meant so
    findings.add('UPGRADE_REFUSED', { evidence, values: { ...values, reason }, severity: 'info' })
    return false
  }
  if (isStripped(opened) && findings.has('ACAO_MISSING')) return false
  if (await isForOrigin(examination, path, opened, polling.open === undefined)) {
    findings.add('ORIGIN_REFUSED', { evidence, values })
    return true
  }
  if (error?.code === BAD_REQUEST && !error.isOfUpgrade) findings.add('UPGRADE_DROPPED', { evidence, values })
  else findings.add('UPGRADE_REFUSED', { evidence, values, ...(answer === undefined && { browser: false }) })
  return false
}

/** Whether it is the origin that is refused: polling refuses it too, or the same handshake without it is accepted. */
async function isForOrigin (
  examination: Examination,
  path: string,
  { answer }: Opened,
  refused: boolean
): Promise<boolean> {
  if (answer === undefined || answer.status < 400 || answer.status > 499) return false
  if (parseError(answer.body)?.reason !== undefined) return true
  if (refused && examination.findings.has('ORIGIN_REFUSED')) return true
  return (await openSocket(examination, path, NATIVE)).open !== undefined
}

function reasonOf ({ answer, failure }: Opened): string {
  if (failure !== undefined) return failure.message
  return answer!.status === 101
    ? 'the connection is switched, but Engine.IO\'s open packet does not come'
    : `the upgrade is answered with ${answer!.status}`
}
