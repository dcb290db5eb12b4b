import { NATIVE } from '../conversation/headers.ts'
import { type Examination, openSocket } from '../examination.ts'
import type { Exchange } from '../wire/exchange.ts'
import type { Look } from './find-server.ts'

/**
 * Whether the server still serves whom it served at first. A server that has died, or a firewall that has locked this
 * machine out, refuses every attack too: then a refusal proves nothing, and the run is stopped.
 */
export async function examineStillThere (
  examination: Examination,
  { path, page: { open }, native }: Look,
  webSockets: boolean
): Promise<void> {
  const { sessions, page, findings, wire } = examination
  const welcome = open !== undefined ? page : native?.open === undefined ? undefined : NATIVE
  // who was never served cannot tell
  if (welcome === undefined && (!webSockets || findings.has('ORIGIN_REFUSED'))) return
  const again: { readonly exchange: Exchange, readonly open?: unknown } = welcome === undefined
    ? await openSocket(examination, path, page).then((exchange) => ({ exchange, open: exchange.open }))
    : await sessions.open(path, welcome)
  if (again.open !== undefined) return
  const { answer, failure } = again.exchange
  // a proxy that keeps requests back while a poll waits keeps this one back too
  if (failure?.kind === 'silent' && findings.hasError('POLLING_BUFFERED')) return
  const reason = failure?.message ?? `it answers with ${answer!.status}`
  wire.stop(`the server served the first request, but not the last one (${reason}): ` +
    'what it refused in between proves nothing')
}
