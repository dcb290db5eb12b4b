import type { ServerResponse } from 'node:http'
import { setHeaders, takeHeaders } from '../../http/reply-handover.ts'
import { type PacketSink, transportError } from './packet-sink.ts'
import { PostBody } from './post-body.ts'
import { answerUnread, refuseUnread } from './unread-post.ts'
import { debugPolling } from '../upstream/debug.ts'
import { EnginePolling, type Packet, type PollRequest } from '../upstream/engine-io.ts'

const kTransport: unique symbol = Symbol('fastify-io.transport')
type PollingRequest = PollRequest & { [kTransport]?: PollingTransport }

/**
 * Engine.IO's polling transport (protocol 4, "HTTP long-polling"), with listeners that all requests share. A request
 * that is done is forgotten by its transport, so its listeners need not be taken off.
 *
 * Emits the same events as Engine.IO's own, which costs an echo 11 % more.
 */
export class PollingTransport extends EnginePolling {
  sink: PacketSink | undefined = undefined
  /** Of the POST that is being read. */
  #body: PostBody | undefined
  #bodyTimer: ReturnType<typeof setTimeout> | undefined
  /** Told when it has closed. */
  #closed: (() => void) | undefined

  override onPollRequest (req: PollingRequest, res: ServerResponse): void {
    // two polls at once: Engine.IO's own code refuses the second
    if (this.req) {
      setHeaders(res)
      return super.onPollRequest(req, res)
    }
    debugPolling('setting request')
    this.req = req
    this.res = res
    req[kTransport] = this
    req.cleanup = forgetPoll
    req.on('close', onPollClose)
    this.writable = true
    this.sink?.flush()
    this.emit('ready')
    if (this.writable && this.shouldClose) {
      debugPolling('triggering empty send to append close packet')
      this.send([{ type: 'noop' }])
    }
  }

  override onDataRequest (req: PollingRequest, res: ServerResponse): void {
    // Two POSTs at once, or a binary body, which protocol 4 does not have: Engine.IO's own code refuses both.
    if (this.dataReq || req.headers['content-type'] === 'application/octet-stream') {
      setHeaders(res)
      return super.onDataRequest(req, res)
    }
    this.dataReq = req
    this.dataRes = res
    this.#body = new PostBody()
    this.#bodyTimer = setTimeout(onLateBody, this.opts.httpRequestBodyTimeout!, this)
    req[kTransport] = this
    req.on('close', onDataClose)
    req.on('data', onData)
    req.on('end', onEnd)
  }

  receive (chunk: Buffer): void {
    const excess = this.#body!.add(chunk, this.opts)
    if (excess !== undefined) this.refuseBody(413, excess)
  }

  /** Ends the session too, as Engine.IO does. */
  refuseBody (status: 408 | 413, message: string): void {
    const { dataReq, dataRes } = this
    this.forgetData()
    refuseUnread(dataReq!, dataRes!, status)
    this.fail(message)
  }

  received (req: PollingRequest): void {
    clearTimeout(this.#bodyTimer)
    const text = this.#body!.text()
    const res = this.dataRes!
    this.#body = undefined
    this.onData(text)
    // answered meanwhile
    if (this.dataRes !== res) return
    // text/html, as Engine.IO has it: some old browsers offer text/plain for download
    res.writeHead(200, this.headers(req, { 'Content-Type': 'text/html', 'Content-Length': '2' }))
    res.end('ok')
    this.forgetData()
  }

  forgetData (): void {
    clearTimeout(this.#bodyTimer)
    this.dataReq = this.dataRes = null
    this.#body = this.#bodyTimer = undefined
  }

  /**
   * Merges the reply's headers into Engine.IO's, so that Node checks each once. By {@link setHeaders} an echo costs 9 %
   * more.
   */
  override headers (req: PollingRequest, headers: Record<string, string>): Record<string, string> {
    const own = super.headers(req, headers)
    const given = takeHeaders((req === this.dataReq ? this.dataRes : this.res)!) as Record<string, string> | undefined
    if (given === undefined) return own
    // helmet's too
    if (own['X-XSS-Protection'] !== undefined) delete given['x-xss-protection']
    return Object.assign(given, own)
  }

  write (data: string, options: object): void {
    debugPolling('writing "%s"', data)
    this.doWrite(data, options, () => {
      // none when it was refused while it was compressed
      this.req?.cleanup?.()
      this.sink?.onDrain()
      this.emit('drain')
    })
  }

  /** @returns packets as the body of an answer (Engine.IO protocol 4, "HTTP long-polling") */
  encode (packets: Packet[]): string {
    let payload = ''
    // encodePayload() calls back synchronously
    this.parser.encodePayload(packets, (encoded) => { payload = encoded })
    return payload
  }

  override doClose (closed: () => void): void {
    if (answerUnread(this)) this.forgetData()
    this.#closed = closed
    super.doClose(() => { this.#closed?.() })
  }

  /** Ends the wait for one more poll, for 30 s, when no session is there to hear of it: the poll would find none. */
  abandon (): void {
    const end = this.shouldClose
    if (!end) return
    this.shouldClose = null
    this.#closed = undefined
    end()
  }

  fail (message: string): void {
    this.onError(message)
  }

  override onPacket (packet: Packet): void {
    this.sink?.onPacket(packet)
    this.emit('packet', packet)
  }

  override onError (message: string, description?: unknown): void {
    // Engine.IO's prints that the error is ignored when nobody listens
    if (this.sink === undefined || this.listenerCount('error') > 0) super.onError(message, description)
    this.sink?.onError(transportError(message, description))
  }

  override onClose (): void {
    // answers the held poll before the session closes: Engine.IO's order
    if (this.writable) this.send([{ type: 'noop' }])
    this.readyState = 'closed'
    this.sink?.onClose('transport close')
    this.emit('close')
  }
}

function forgetPoll (this: PollingRequest): void {
  const transport = this[kTransport]!
  transport.req = transport.res = null
}

function onPollClose (this: PollingRequest): void {
  const transport = this[kTransport]!
  if (transport.req === this) transport.fail('poll connection closed prematurely')
}

function onData (this: PollingRequest, chunk: Buffer): void {
  const transport = this[kTransport]!
  if (transport.dataReq === this) transport.receive(chunk)
}

function onEnd (this: PollingRequest): void {
  const transport = this[kTransport]!
  if (transport.dataReq === this) transport.received(this)
}

function onLateBody (transport: PollingTransport): void {
  transport.refuseBody(408, 'http request timeout')
}

function onDataClose (this: PollingRequest): void {
  const transport = this[kTransport]!
  if (transport.dataReq !== this) return
  transport.forgetData()
  transport.fail('data request connection closed prematurely')
}
