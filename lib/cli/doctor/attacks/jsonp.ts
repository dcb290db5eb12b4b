import { headersOf, NATIVE, stranger } from '../conversation/headers.ts'
import { pollingPath } from '../conversation/sessions.ts'
import type { Examination } from '../examination.ts'
import { STRANGER } from '../probes/rest.ts'
import { valuesOf } from '../wire/exchange.ts'
import { parseJsonp } from '../wire/packets.ts'

/** Whether a script tag on somebody else's page opens a session and reads it: script tags send no Origin. */
export async function attackByScript ({ target, wire, sessions, findings }: Examination, path: string): Promise<void> {
  const caller = stranger(STRANGER)
  const exchange = await wire.send({ path: `${pollingPath(path)}&j=0`, headers: headersOf(target, caller, 'script') })
  const open = exchange.answer?.status === 200 ? parseJsonp(exchange.answer.body) : undefined
  if (open === undefined) return
  // closed as by a program: a server that takes no POST from the stranger would keep it
  sessions.adopt({ sid: open.sid, path, protocol: 4, caller: NATIVE, cookies: [], jsonp: true })
  // browsers run no script of another type then (Fetch, "X-Content-Type-Options")
  const sniffed = valuesOf(exchange, 'x-content-type-options').join().toLowerCase() !== 'nosniff'
  const isScript = /javascript|ecmascript/i.test(valuesOf(exchange, 'content-type').join())
  if (sniffed || isScript) findings.add('JSONP_OPEN', { evidence: [exchange] })
}
