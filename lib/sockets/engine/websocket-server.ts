import { type OutgoingHttpHeaders, type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'
import type { Server as EngineServer } from 'engine.io'
import type { WebSocketServer } from 'ws'
import { settled } from '../../http/last-word.ts'
import { takeHeaders } from '../../http/reply-handover.ts'
import { withCookies } from './cookies.ts'
import type { SocketRequest } from '../../http/request-marks.ts'
import { debugEngine } from '../upstream/debug.ts'

/** The response whose headers go onto the 101 of an upgrade. */
const kResponse: unique symbol = Symbol('fastify-io.response')
type UpgradeRequest = SocketRequest & { [kResponse]?: ServerResponse | undefined }

/** Headers of a response that is no 101, or that `ws` writes itself. */
const NOT_ON_101 = new Set([
  'connection', 'upgrade', 'content-length', 'content-type', 'transfer-encoding',
  'sec-websocket-accept', 'sec-websocket-protocol', 'sec-websocket-extensions'
])

/** Told why `ws` turns an upgrade down: a header of the WebSocket handshake is missing, or not valid. */
type OnRefused = (req: SocketRequest, response: ServerResponse, why: string) => void

/**
 * Makes the `ws` server of an engine; it writes the headers of {@link keepForHeaders} onto each 101.
 *
 * @param onRefused answers the upgrade. `ws` would write to the socket, and the response, with its hooks, never end
 */
export function createWebSocketServer (engine: EngineServer, onRefused: OnRefused): WebSocketServer {
  const { wsEngine: WsEngine, perMessageDeflate = false, maxHttpBufferSize: maxPayload } = engine.opts
  // For `ws` undefined is no limit, and engine.io before 6.6.13, which may have been forced in, knows none.
  const { maxBufferedChunks = 10_000 } = engine.opts
  const options = { noServer: true, clientTracking: false, perMessageDeflate, maxPayload, maxBufferedChunks }
  const ws: WebSocketServer = new WsEngine(options)
  // other engines (eiows) emit no events
  if (typeof ws.on !== 'function') return ws
  ws.on('headers', (lines, req) => writeHeaders(engine, lines, req as UpgradeRequest))
  ws.on('wsClientError', ({ message }, _socket, req) => {
    onRefused(req as SocketRequest, (req as UpgradeRequest)[kResponse]!, message)
  })
  return ws
}

/** Keeps the response of an upgrade until its 101 is written. */
export function keepForHeaders (req: SocketRequest, response: ServerResponse): void {
  (req as UpgradeRequest)[kResponse] = response
}

function writeHeaders (engine: EngineServer, lines: string[], req: UpgradeRequest): void {
  const response = req[kResponse]
  // The request is kept as long as its session: it must not keep the response.
  req[kResponse] = undefined
  const given: OutgoingHttpHeaders = {}
  // those of the reply, and those that a middleware has set
  for (const some of [response && takeHeaders(response), response?.getHeaders()]) {
    for (const name in some) {
      if (!NOT_ON_101.has(name)) given[name] = some[name]
    }
  }
  // listeners find these to add to, without the cookies, which are kept apart
  const { 'set-cookie': cookies, ...headers } = given
  if (req._query.sid === undefined) engine.emit('initial_headers', headers, req)
  engine.emit('headers', headers, req)
  const all = withCookies(cookies, response === undefined ? headers : settled(response, headers))
  debugEngine('writing headers: %j', all)
  for (const [name, value] of Object.entries(all)) {
    for (const one of Array.isArray(value) ? value : [value]) lines.push(line(name, String(one)))
  }
}

/** @throws {TypeError} for what would end the line: `ws` writes it as it is, and a client would read another header */
function line (name: string, value: string): string {
  validateHeaderName(name)
  validateHeaderValue(name, value)
  return `${name}: ${value}`
}
