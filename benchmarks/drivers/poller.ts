// A client that polls, on one connection that is kept alive: a poll waits for nothing that it has not sent itself.
import { ALLOWED, PATH, pageHeaders, requestText } from './requests.ts'
import { begins, equal, sidOf } from './right.ts'
import { Wire } from './wire.ts'

const ALLOW_ORIGIN = new RegExp(`\r\naccess-control-allow-origin: ${ALLOWED}\r\n`, 'i')

export class Poller {
  #wire: Wire | undefined
  readonly #port: number

  constructor (port: number) {
    this.#port = port
  }

  /** A request as bytes, for who sends it often. @param path with the query */
  request (method: 'GET' | 'POST', path: string, body?: string): Buffer {
    return Buffer.from(requestText(method, this.#port, path, pageHeaders(ALLOWED), body))
  }

  /** @returns the body of a 200 that names our origin; throws on anything else */
  async ask (method: 'GET' | 'POST', path: string, body?: string): Promise<string> {
    return await this.send(requestText(method, this.#port, path, pageHeaders(ALLOWED), body))
  }

  /** As ask(), with what request() made. */
  async send (request: string | Buffer): Promise<string> {
    this.#wire ??= new Wire(this.#port)
    const { status, head, body } = await this.#wire.request(request)
    equal(`status (${body})`, status, 200)
    if (!ALLOW_ORIGIN.test(head)) throw new Error('an answer without our origin in Access-Control-Allow-Origin')
    return body
  }

  /** Handshake, POST `40`, GET the acknowledgement. @returns the sid */
  async open (): Promise<string> {
    const sid = sidOf(await this.ask('GET', PATH))
    equal('answer to POST 40', await this.ask('POST', `${PATH}&sid=${sid}`, '40'), 'ok')
    begins('connect acknowledgement', await this.ask('GET', `${PATH}&sid=${sid}`), '40{"sid":"')
    return sid
  }

  drop (): void {
    this.#wire?.drop()
    this.#wire = undefined
  }
}
