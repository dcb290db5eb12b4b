/** One answer, as it stood on the wire. */
export interface Answer {
  readonly status: number
  /** The status line and the header lines. */
  readonly head: string
  readonly body: string
  /** Whether the server said that no other answer follows. */
  readonly last: boolean
  /** Whether it is Fastify's own answer to bytes that are no request. */
  readonly malformed: boolean
}

/** Bytes that are no HTTP answer. */
export class BadAnswer extends Error {}

const STATUS = /^HTTP\/1\.[01] (\d{3}) /
const LENGTH = /\ncontent-length: *(\d+)/i
const CHUNKED = /\ntransfer-encoding: *chunked/i
const CLOSES = /\nconnection: *close/i

/** Cuts what a connection receives into answers. Text is latin1: a character is a byte. */
export class AnswerParser {
  #text = ''
  /** Where the search for the end of a chunked body goes on. */
  #chunkAt = 0
  #head: string | undefined
  #body = ''

  /** What came and is no complete answer yet. */
  get rest (): string {
    return this.#head === undefined ? this.#text : this.#head + this.#text
  }

  push (text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text
  }

  /** Everything that came behind the last answer; the parser is empty then. */
  take (): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  /**
   * @param method of the request that is answered next: an answer to HEAD has no body
   * @param ended whether the connection has ended, which ends a body without length
   * @throws {BadAnswer}
   */
  next (method: string, ended = false): Answer | undefined {
    for (;;) {
      if (this.#head === undefined) {
        const end = this.#text.indexOf('\r\n\r\n')
        if (end === -1) {
          if (this.#text.length >= 5 && !this.#text.startsWith('HTTP/')) {
            throw new BadAnswer(`no status line: ${this.#text.slice(0, 100)}`)
          }
          return undefined
        }
        this.#head = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 4)
        this.#chunkAt = 0
        this.#body = ''
      }
      const head = this.#head
      const status = Number(STATUS.exec(head)?.[1])
      if (!(status >= 100)) throw new BadAnswer(`no status line: ${head.slice(0, 100)}`)
      if (status < 200 && status !== 101) {
        this.#head = undefined
        continue
      }
      const body = this.#takeBody(head, status, method, ended)
      if (body === undefined) return undefined
      this.#head = undefined
      const malformed = isClientError(status, head)
      return { status, head, body, last: malformed || status === 101 || CLOSES.test(head), malformed }
    }
  }

  /** RFC 9112, section 6.3. */
  #takeBody (head: string, status: number, method: string, ended: boolean): string | undefined {
    if (method === 'HEAD' || status === 204 || status === 304 || status === 101) return ''
    if (CHUNKED.test(head)) return this.#takeChunks()
    const length = LENGTH.exec(head)?.[1]
    if (length === undefined) return ended ? this.take() : undefined
    if (this.#text.length < Number(length)) return undefined
    const body = this.#text.slice(0, Number(length))
    this.#text = this.#text.slice(Number(length))
    return body
  }

  #takeChunks (): string | undefined {
    for (;;) {
      const line = this.#text.indexOf('\r\n', this.#chunkAt)
      if (line === -1) return undefined
      const size = parseInt(this.#text.slice(this.#chunkAt, line), 16)
      if (!(size >= 0)) throw new BadAnswer(`no chunk size: ${this.#text.slice(this.#chunkAt, line)}`)
      const end = line + 2 + size + 2
      if (this.#text.length < end) return undefined
      // the start of a body is enough for the oracles
      if (this.#body.length < 4096) this.#body += this.#text.slice(line + 2, end - 2)
      this.#chunkAt = end
      if (size > 0) continue
      this.#text = this.#text.slice(end)
      return this.#body
    }
  }
}

/** Fastify's own answer to bytes that are no request: it ends the connection and does not say so. */
function isClientError (status: number, head: string): boolean {
  return (status === 400 || status === 408 || status === 431) && !/\n(?:date|connection):/i.test(head)
}
