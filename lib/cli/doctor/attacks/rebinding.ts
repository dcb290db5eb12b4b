import type { Caller } from '../conversation/headers.ts'
import { type Examination, openSocket } from '../examination.ts'
import { spaceOf } from '../probes/network.ts'

const HOST = 'attacker.example'

/**
 * Whether a page whose host name leads to this server counts as the server's own page. Judged only where the visitor's
 * machine is the server: elsewhere such a page reaches nothing that the attacker does not reach. Over https the
 * certificate stops it.
 *
 * @param address that the server was reached at
 */
export async function attackByRebinding (examination: Examination, path: string, address: string): Promise<void> {
  const { target: { url }, findings } = examination
  if (url.protocol !== 'http:' || spaceOf(address) !== 'loopback') return
  const host = url.port === '' ? HOST : `${HOST}:${url.port}`
  const caller: Caller = { origin: `http://${host}`, isPage: false, host }
  const opened = await openSocket(examination, path, caller)
  if (opened.open !== undefined) findings.add('REBINDING', { evidence: [opened], values: { host } })
}
