import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { setHeaders } from '../../http/reply-handover.ts'
import type { MayPoll } from '../upstream/engine-io.ts'

/** Answers a POST, and ends its connection, or its stream of HTTP/2: the rest of its body is not waited for. */
export function refuseUnread (req: IncomingMessage, res: ServerResponse, status: number): void {
  setHeaders(res)
  res.writeHead(status).end()
  if (req.httpVersionMajor === 1) req.destroy()
  else closeStream(res)
}

/**
 * Answers the POST whose body a transport still reads when it closes. Engine.IO destroys the request, and with it the
 * connection of HTTP/1. On HTTP/2 its stream would wait for ever, and the server's close() for the stream.
 *
 * @returns whether there was one to answer
 */
export function answerUnread ({ dataReq, dataRes }: MayPoll): boolean {
  // one that has been read ends the session itself, and is answered in the end
  if (!dataReq || dataReq.httpVersionMajor === 1 || dataReq.readableEnded) return false
  // Engine.IO's own transports answer a body beyond a limit before they close
  if (dataRes!.headersSent) closeStream(dataRes!)
  else refuseUnread(dataReq, dataRes!, 400)
  return true
}

/** Ends a stream whose answer has been given (RFC 9113, section 8.1). */
function closeStream (res: ServerResponse): void {
  const { stream } = res as ServerResponse & { stream: ServerHttp2Stream }
  // newer Nodes drop an answer that is not on the wire yet when its stream is closed
  stream.once('finish', () => setImmediate(() => stream.close()))
}

/** For Engine.IO's own polling transports: those of protocol 3 and of JSONP. */
export function answerUnreadOnClose (transport: object): void {
  const polling: MayPoll = transport
  const { doClose } = polling
  if (doClose === undefined) return
  polling.doClose = function (this: MayPoll, closed) {
    answerUnread(this)
    doClose.call(this, closed)
  }
}
