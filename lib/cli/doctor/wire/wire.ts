import { type ClientRequest, request as requestHttp, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'
import { answerOf, readBody } from './answer.ts'
import { type Answer, type Ask, type Exchange, type Header, isLost } from './exchange.ts'
import { type Failure, failureOf, silent, stopped, unconnected } from './failure.ts'

/** Bytes of a head that are read. */
const MAX_HEAD = 16_384
const SLOW = 'the server is too slow to be examined in time'
const LIMITED = 'the server limits requests (429): raise the limit for this run, or wait'

export interface WireOptions {
  /** The server; only its scheme, host and port count. */
  readonly url: URL
  /** ms for one request. */
  readonly timeout: number
  /** ms for all requests. */
  readonly total: number
  /** Requests of the run, with those that clean up. */
  readonly most: number
  /** Whether a certificate that is not valid is accepted. */
  readonly insecure: boolean
  readonly userAgent: string
  readonly lookup?: LookupFunction
}

/** A connection that speaks WebSocket now; `head` came behind the answer. */
export interface Upgraded {
  readonly socket: Socket
  readonly head: Buffer
}

/**
 * Sends requests, each on a fresh connection, and never rejects. A server cannot hold it up or fill its memory: time,
 * head and body of each answer are bounded, and so are number and time of all requests.
 */
export class Wire {
  readonly #options: WireOptions
  readonly #end: number
  #sent = 0
  /** Requests that are still to be sent to clean up. */
  #owed = 0
  /** Requests that wait for an answer. */
  #away = 0
  #lost = 0
  #stopped: string | undefined

  constructor (options: WireOptions) {
    this.#options = options
    this.#end = performance.now() + options.total
  }

  /** How many requests have been sent, those that clean up too. */
  get sent (): number { return this.#sent }

  /** Why no more requests are sent, if that is so: a bound of the run, the server's rate limit, or its end. */
  get stopped (): string | undefined { return this.#stopped }

  /** How many requests got no verdict. */
  get lost (): number { return this.#lost }

  get timeout (): number { return this.#options.timeout }

  /**
   * @param onUpgrade takes the connection when the server switches protocols; without it the connection is ended
   */
  send (ask: Ask, onUpgrade?: (upgraded: Upgraded) => void): Promise<Exchange> {
    const { most } = this.#options
    const left = this.#end - performance.now()
    if (left <= 0) this.#stopped ??= SLOW
    // each that is on its way may open a session, which is to be closed
    if (this.#sent + this.#owed + this.#away + 2 > most) {
      this.#stopped ??= `the server was not examined within ${most} requests`
    }
    if (this.#stopped !== undefined) return Promise.resolve({ ask, failure: stopped(this.#stopped) })
    this.#sent++
    this.#away++
    const timeout = ask.timeout ?? this.#options.timeout
    return exchange(this.#request(ask), ask, Math.min(timeout, left), onUpgrade).then((result) => {
      this.#away--
      if (isLost(result)) this.#lost++
      // what is asked behind a limit tells of the limit alone
      if (result.answer?.status === 429) this.#stopped ??= LIMITED
      else if (result.failure?.code === 'TIMEOUT' && left <= timeout) this.#stopped ??= SLOW
      else return result
      return { ask, failure: stopped(this.#stopped) }
    })
  }

  /** Sends no more, for a reason that a probe found. */
  stop (reason: string): void { this.#stopped ??= reason }

  /** Keeps room for one request that cleans up. */
  owe (): void { this.#owed++ }

  /** Sends what cleans up: what is owed, and more while there is room. */
  sendLast (ask: Ask): Promise<Exchange> {
    if (this.#owed > 0) this.#owed--
    if (this.#sent + this.#owed >= this.#options.most) return Promise.resolve({ ask, failure: stopped('no room') })
    this.#sent++
    return exchange(this.#request(ask), ask, ask.timeout ?? this.#options.timeout, undefined)
  }

  #request ({ method = 'GET', path, headers, body }: Ask): ClientRequest {
    const { url, insecure, userAgent, lookup } = this.#options
    const options: RequestOptions & { rejectUnauthorized: boolean } = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
      path,
      method,
      headers: flat([...hostOf(headers, url), ['User-Agent', userAgent], ...headers, ...lengthOf(method, body)]),
      agent: false,
      maxHeaderSize: MAX_HEAD,
      rejectUnauthorized: !insecure,
      ...(lookup !== undefined && { lookup })
    }
    const request = url.protocol === 'https:' ? requestHttps(options) : requestHttp(options)
    return request.end(body)
  }
}

/** Node adds neither Host nor a length when the headers are given as they go out. */
function hostOf (headers: readonly Header[], url: URL): Header[] {
  return headers.some(([name]) => name === 'Host') ? [] : [['Host', url.host]]
}

function lengthOf (method: string, body: string | undefined): Header[] {
  return body === undefined && method !== 'POST' ? [] : [['Content-Length', String(Buffer.byteLength(body ?? ''))]]
}

/** As Node takes headers in their order: name and value by turns. */
function flat (headers: readonly Header[]): string[] {
  const all = headers.some(([name]) => name === 'Connection') ? headers : [...headers, ['Connection', 'close'] as const]
  return all.flat()
}

function exchange (
  request: ClientRequest,
  ask: Ask,
  timeout: number,
  onUpgrade: ((upgraded: Upgraded) => void) | undefined
): Promise<Exchange> {
  return new Promise((resolve) => {
    const end = performance.now() + timeout
    let address: string | undefined
    let connected = false
    const settle = (result: { answer: Answer } | { failure: Failure }): void => {
      clearTimeout(timer)
      resolve({ ask, ...result, ...(address !== undefined && { address }) })
    }
    const timer = setTimeout(() => {
      settle({ failure: connected ? silent(Math.round(timeout)) : unconnected(Math.round(timeout)) })
      request.destroy()
    }, timeout)
    request.on('socket', (socket) => {
      socket.once('connect', () => {
        address = socket.remoteAddress
        connected = true
      })
    })
    request.on('error', (error) => settle({ failure: failureOf(error) }))
    request.on('upgrade', (response, socket, head) => {
      socket.on('error', () => {})
      settle({ answer: answerOf(response, '', true) })
      if (onUpgrade === undefined) socket.destroy()
      else onUpgrade({ socket, head })
    })
    request.on('response', (response) => {
      clearTimeout(timer)
      readBody(response, end - performance.now(), (body, complete) => {
        settle({ answer: answerOf(response, body, complete) })
        request.destroy()
      })
    })
  })
}
