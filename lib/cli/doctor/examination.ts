import { openWebSocket, type Opened } from './wire/websocket.ts'
import type { Wire } from './wire/wire.ts'
import { type Caller, headersOf, pageOf } from './conversation/headers.ts'
import { Sessions, webSocketPath } from './conversation/sessions.ts'
import { Findings } from './report/findings.ts'
import type { Target } from './target.ts'

/** What every probe has at hand. */
export interface Examination {
  readonly target: Target
  readonly wire: Wire
  readonly sessions: Sessions
  readonly findings: Findings
  /** Who the page is. */
  readonly page: Caller
}

export function examinationOf (target: Target, wire: Wire): Examination {
  return { target, wire, sessions: new Sessions(wire, target), findings: new Findings(target), page: pageOf(target) }
}

/** A WebSocket handshake of Socket.IO, closed again at once. */
export function openSocket ({ wire, target }: Examination, path: string, caller: Caller): Promise<Opened> {
  return openWebSocket(wire, { path: webSocketPath(path), headers: headersOf(target, caller, 'websocket') })
}
