import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { setHeaders } from '../../http/reply-handover.ts'
import type { MayPoll } from '../upstream/engine-io.ts'

/**
 * Answers the POST whose body a transport still reads when it closes. Engine.IO destroys the request, and with it the
 * connection of HTTP/1. On HTTP/2 its stream would wait for ever, and the server's close() for the stream.
 *
 * @returns whether there was one to answer
 */
export function answerUnread ({ dataReq, dataRes }: MayPoll): boolean {
  // one that has been read ends the session itself, and is answered in the end
  if (!dataReq || dataReq.httpVersionMajor === 1 || dataReq.readableEnded) return false
  setHeaders(dataRes!)
  const { stream } = dataRes as ServerResponse & { stream: ServerHttp2Stream }
  // The rest of the body is not waited for (RFC 9113, section 8.1).
  // Newer Nodes drop an answer that is not on the wire yet when its stream is closed.
  dataRes!.writeHead(400).end(() => setImmediate(() => stream.close()))
  return true
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
